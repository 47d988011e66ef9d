package extract

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
)

// A list comes in pages, and the vendor may do with these what it likes: give
// fewer rows than asked, move rows from one page to another while they are read,
// send some twice. What is known of completeness is the Total of the list, if it
// counts the list, and what a reading shows that the one before has not.

const (
	// mostReadings is how often a list is read at most until it is complete.
	mostReadings = 12

	// quietReadings is how many readings in a row that show nothing new make a
	// list of rows that move complete.
	quietReadings = 4

	// endlessPages bounds a list after another one of the same action has turned
	// out to have no end: longer ones are divided.
	endlessPages = 5
)

// page is what one answer says of a list.
type page struct {
	keys     []string // of the rows, in order; "" of a row that is damaged or comes twice in the answer
	fresh    int      // rows that no reading has shown before
	total    int      // as the vendor says
	hasTotal bool     // total is there, and may count the list
	lacks    int      // rows that it has fewer than total, where that may count the page
}

// listRead is a list being read.
type listRead struct {
	// fetch asks for a page; due says that rows are likely on it.
	fetch     func(ctx context.Context, number, size int, due bool) (page, error)
	size      int        // rows of a page to ask for
	mostPages func() int // of one reading, as far as is known by now
	moving    bool       // rows are added to it all the time: a second reading must show nothing new

	last    map[string]int     // the rows of the last reading, with how often they came
	fullest func(rows int) int // told of each page; how many rows one has had at most

	pages    int // with rows, of the last reading
	first    int // rows on its first page
	received int // rows of the last reading, as they came
	total    int
	lacks    int  // rows of it that its pages have fewer than they count
	union    int  // rows that all readings have shown
	repeats  bool // rows came twice
	counted  bool // the last page said a Total
}

// short says that rows are missing by the vendor's own Total: that of the list or,
// where more than that have come, those of the pages.
func (l *listRead) short() bool {
	return l.received < l.total || l.received > l.total && l.lacks > 0 && !l.moving
}

// errEndless is returned for a list that has more pages than a list may have.
var errEndless = errors.New("the list does not end")

// errStuck is returned for a list of which the vendor shows one page again and
// again, when there may be others.
var errStuck = errors.New("the vendor shows the same page whichever is asked for")

// leastPage is the least number of rows that a vendor is taken to end a page at.
const leastPage = 10

// errMoves is returned for a list that shows other rows each time it is read.
var errMoves = errors.New("the list is another each time it is read: rows of it may be missing")

// read reads the list until it is complete, or until another reading would not
// help; short says whether rows are missing then. What any reading shows has
// come by then, also where an error is returned.
func (l *listRead) read(ctx context.Context) error {
	quiet := 0
	for reading := range mostReadings {
		before, union := l.last, l.union
		if err := l.once(ctx); err != nil {
			return err
		}
		if quiet++; l.union > union {
			quiet = 0
		}
		switch {
		case l.complete(reading, quiet):
			return nil
		case l.short() && 0 < l.first && l.first < l.size:
			l.size = l.first // pages may begin where those that were asked for would end
		case reading > 0 && maps.Equal(before, l.last):
			return nil
		}
	}
	if l.short() {
		return nil
	}
	return errMoves
}

// complete says that no row can be missing after a reading, the last so many of
// which have shown nothing new.
func (l *listRead) complete(reading, quiet int) bool {
	switch {
	case l.short():
		return false
	case l.received == l.total && l.union == l.total, quiet >= quietReadings:
		return true
	case l.moving && l.pages > 1:
		return !l.repeats && quiet > 0
	}
	return l.pages <= 1 || !l.repeats
}

// once reads the pages until one is empty, or short while the Total is reached.
// Pages that show only what this reading has shown are the sign that the vendor
// does not turn the page.
func (l *listRead) once(ctx context.Context) error {
	l.last, l.pages, l.received, l.total, l.lacks, l.first, l.repeats = map[string]int{}, 0, 0, 0, 0, 0, false
	largest, stuck, most, due := 0, 0, 0, true
	var before []string
	for number := 0; number < l.mostPages(); number++ {
		p, err := l.fetch(ctx, number, l.size, due)
		switch {
		case number > 0 && noSuchPage(err, due):
			return nil
		case err != nil:
			return err
		}
		n, news := len(p.keys), l.note(p)
		if stuck++; news {
			stuck = 0
		}
		if number == 0 {
			l.first, largest = n, l.size
		}
		if most = max(most, l.fullest(n)); n > 0 {
			l.pages++
		}
		switch {
		case n == 0, l.counted && !l.short() && n < largest:
			return nil
		case stuck >= 2 && n >= max(most, leastPage) && slices.Equal(before, p.keys):
			return errStuck
		case stuck >= 2:
			return nil
		}
		before = p.keys
		if number == 0 {
			largest = 0
		}
		largest, due = max(largest, n), !l.counted && n >= l.size || l.short()
	}
	return fmt.Errorf("%w: %d pages of it have come", errEndless, l.pages)
}

// noSuchPage says that the vendor takes a page after the last one for a mistake; due
// says that rows are likely on it.
func noSuchPage(err error, due bool) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && (e.Code == "InvalidParameter.PageNumber" || !due && e.Kind == trtc.Permanent && strings.HasPrefix(e.Code, "InvalidParameter"))
}

// note notes a page, and says whether it has a row that this reading has not
// shown before.
func (l *listRead) note(p page) (news bool) {
	for _, key := range p.keys {
		l.last[key]++
		switch {
		case key == "", l.last[key] == 1:
			news = true
		default:
			l.repeats = true
		}
	}
	if news || len(p.keys) < l.first { // or the vendor does not turn the page
		l.received += len(p.keys)
	}
	l.union, l.lacks = l.union+p.fresh, l.lacks+p.lacks
	if l.counted = p.hasTotal; p.hasTotal {
		l.total = max(l.total, p.total)
	}
	return news
}

// listLength is how many pages a list of an action may have.
func (a *Asker) listLength(action string, most int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.endless[action] {
		return min(most, endlessPages)
	}
	return most
}

// fullest notes how many rows a page of a list of an action has, and returns how
// many one has had at most: one with fewer is not full.
func (a *Asker) fullest(action string) func(rows int) int {
	return func(rows int) int {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.most[action] = max(a.most[action], rows)
		return a.most[action]
	}
}

// countCalls notes that the Total of a user list counts the call, not the window.
func (a *Asker) countCalls() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ofCalls = true
}

// totalOfCalls says that the Total of a user list has turned out to count calls.
func (a *Asker) totalOfCalls() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ofCalls
}

// foundEndless notes that a list of the action has no end.
func (a *Asker) foundEndless(action string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.endless[action] = true
}

// setAside is a window of a list that could not be had, and why.
type setAside struct {
	call.Window
	err error
}

// divide asks for a window and, where that cannot be had, for its halves: the
// vendor may fail for what is in one of them, or for the size of both. A half
// that fails is divided in turn as long as the other did not fail, down to least.
// The error is what makes all further work pointless.
func divide(ctx context.Context, w call.Window, least time.Duration, ask func(context.Context, call.Window) error) ([]setAside, error) {
	return narrow(ctx, w, least, ask, ask(ctx, w))
}

// narrow divides a window that has been asked for with a result.
func narrow(ctx context.Context, w call.Window, least time.Duration, ask func(context.Context, call.Window) error, result error) ([]setAside, error) {
	half := (w.End.Sub(w.Start) / 2).Truncate(time.Second)
	switch {
	case result == nil:
		return nil, nil
	case fatal(result):
		return nil, result
	case half < least || !divisible(result):
		return []setAside{{w, result}}, nil
	}
	a, b := call.Window{Start: w.Start, End: w.Start.Add(half)}, call.Window{Start: w.Start.Add(half), End: w.End}
	ra, rb := ask(ctx, a), ask(ctx, b)
	if ra != nil && rb != nil && !saysLess(result) && !fatal(ra) && !fatal(rb) {
		return []setAside{{w, result}}, nil
	}
	failed, err := narrow(ctx, a, least, ask, ra)
	if err != nil {
		return failed, err
	}
	more, err := narrow(ctx, b, least, ask, rb)
	return append(failed, more...), err
}

// divisible says that less might be had where this has failed.
func divisible(err error) bool {
	if _, ok := errors.AsType[*UnreadableError](err); ok {
		return true
	}
	e, ok := errors.AsType[*trtc.Error](err)
	return errors.Is(err, errEndless) || errors.Is(err, errStuck) || ok && (e.Kind == trtc.Retryable || e.Kind == trtc.TooLarge) && !e.Timeout
}
