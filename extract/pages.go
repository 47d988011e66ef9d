package extract

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callvault/callvault/extract/trtc"
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

// fetchPage asks for a page; due says that rows are likely on it.
type fetchPage func(ctx context.Context, number, size int, due bool) (page, error)

// listRead is a list being read.
type listRead struct {
	fetch  fetchPage
	asker  *Asker
	action string
	size   int  // rows of a page to ask for
	most   int  // pages of one reading, if no list of the action has been endless
	moving bool // rows are added to it all the time: a second reading must show nothing new

	last     map[string]int // the rows of the last reading, with how often they came
	pages    int            // with rows, of the last reading
	first    int            // rows on its first page
	received int            // rows of the last reading, as they came
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

// errSamePage is returned for a list of which the vendor shows one page again and
// again, when there may be others.
var errSamePage = errors.New("the vendor shows the same page whichever is asked for")

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
	largest, same, fullest, due := 0, 0, 0, true
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
		if same++; news {
			same = 0
		}
		if number == 0 {
			l.first, largest = n, l.size
		}
		if fullest = max(fullest, l.asker.fullestPage(l.action, n)); n > 0 {
			l.pages++
		}
		switch {
		case n == 0, l.counted && !l.short() && n < largest:
			return nil
		case same >= 2 && n >= max(fullest, leastPage) && slices.Equal(before, p.keys):
			return errSamePage
		case same >= 2:
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

// mostPages is how many pages a reading may have, as far as is known by now.
func (l *listRead) mostPages() int { return l.asker.mostPages(l.action, l.most) }

// mostPages is how many pages a list of an action may have.
func (a *Asker) mostPages(action string, most int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.endless[action] {
		return min(most, endlessPages)
	}
	return most
}

// fullestPage notes how many rows a page of a list of an action has, and returns how
// many one has had at most: one with fewer is not full.
func (a *Asker) fullestPage(action string, rows int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fullest[action] = max(a.fullest[action], rows)
	return a.fullest[action]
}

// foundTotalsOfCalls notes whether the Total of a user list counts the call, not the
// window.
func (a *Asker) foundTotalsOfCalls(found bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.totalsOfCalls = a.totalsOfCalls || found
}

// totalsCountCalls says that the Total of a user list has turned out to count calls.
func (a *Asker) totalsCountCalls() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.totalsOfCalls
}

// foundEndless notes that a list of the action has no end.
func (a *Asker) foundEndless(action string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.endless[action] = true
}
