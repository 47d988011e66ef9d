package ask

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

	// EndlessPages bounds a list after another one of the same action has turned
	// out to have no end: longer ones are divided.
	EndlessPages = 5
)

// Page is what one answer says of a list.
type Page struct {
	Keys     []string // of the rows, in order; "" of a row that is damaged or comes twice in the answer
	Fresh    int      // rows that no reading has shown before
	Total    int      // as the vendor says
	HasTotal bool     // total is there, and may count the list
	Lacks    int      // rows that it has fewer than total, where that may count the page
}

// FetchPage asks for a page; due says that rows are likely on it.
type FetchPage func(ctx context.Context, number, size int, due bool) (Page, error)

// List is a list being read.
type List struct {
	Fetch  FetchPage
	Asker  *Asker
	Action string
	Size   int  // rows of a page to ask for
	Most   int  // pages of one reading, if no list of the action has been endless
	Moving bool // rows are added to it all the time: a second reading must show nothing new

	last     map[string]int // the rows of the last reading, with how often they came
	pages    int            // with rows, of the last reading
	first    int            // rows on its first page
	Received int            // rows of the last reading, as they came
	Total    int
	Lacks    int  // rows of it that its pages have fewer than they count
	union    int  // rows that all readings have shown
	repeats  bool // rows came twice
	Counted  bool // the last page said a Total
}

// Short reports whether rows are missing by the vendor's own Total: that of the list or,
// where more than that have come, those of the pages.
func (l *List) Short() bool {
	return l.Received < l.Total || l.Received > l.Total && l.Lacks > 0 && !l.Moving
}

// ErrEndless is returned for a list that has more pages than a list may have.
var ErrEndless = errors.New("the list does not end")

// errSamePage is returned for a list of which the vendor shows one page again and
// again, when there may be others.
var errSamePage = errors.New("the vendor shows the same page whichever is asked for")

// leastPage is the least number of rows that a vendor is taken to end a page at.
const leastPage = 10

// ErrMoves is returned for a list that shows other rows each time it is read.
var ErrMoves = errors.New("the list is another each time it is read: rows of it may be missing")

// Read reads the list until it is complete, or until another reading would not help; Short
// reports whether rows are missing then. What any reading shows has come by then, also
// where an error is returned.
func (l *List) Read(ctx context.Context) error {
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
		case l.complete(quiet):
			return nil
		case l.Short() && 0 < l.first && l.first < l.Size:
			l.Size = l.first // pages may begin where those that were asked for would end
		case reading > 0 && maps.Equal(before, l.last):
			return nil
		}
	}
	if l.Short() {
		return nil
	}
	return ErrMoves
}

// complete reports whether no row can be missing. quiet is how many readings, the last
// ones, have shown nothing new.
func (l *List) complete(quiet int) bool {
	switch {
	case l.Short():
		return false
	case l.Received == l.Total && l.union == l.Total, quiet >= quietReadings:
		return true
	case l.Moving && l.pages > 1:
		return !l.repeats && quiet > 0
	}
	return l.pages <= 1 || !l.repeats
}

// once reads the pages until one is empty, or short while the Total is reached.
// Pages that show only what this reading has shown are the sign that the vendor
// does not turn the page.
func (l *List) once(ctx context.Context) error {
	l.last, l.pages, l.Received, l.Total, l.Lacks, l.first, l.repeats = map[string]int{}, 0, 0, 0, 0, 0, false
	largest, same, fullest, due := 0, 0, 0, true
	var before []string
	for number := 0; number < l.MostPages(); number++ {
		p, err := l.Fetch(ctx, number, l.Size, due)
		switch {
		case number > 0 && noSuchPage(err, due):
			return nil
		case err != nil:
			return err
		}
		n, news := len(p.Keys), l.note(p)
		if same++; news {
			same = 0
		}
		if number == 0 {
			l.first, largest = n, l.Size
		}
		if fullest = max(fullest, l.Asker.fullestPage(l.Action, n)); n > 0 {
			l.pages++
		}
		switch {
		case n == 0, l.Counted && !l.Short() && n < largest:
			return nil
		case same >= 2 && n >= max(fullest, leastPage) && slices.Equal(before, p.Keys):
			return errSamePage
		case same >= 2:
			return nil
		}
		before = p.Keys
		if number == 0 {
			largest = 0
		}
		largest, due = max(largest, n), !l.Counted && n >= l.Size || l.Short()
	}
	return fmt.Errorf("%w: %d pages of it have come", ErrEndless, l.pages)
}

// noSuchPage reports whether the vendor takes a page after the last one for a mistake; due
// says that rows are likely on it.
func noSuchPage(err error, due bool) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && (e.Code == "InvalidParameter.PageNumber" || !due && e.Kind == trtc.Permanent && strings.HasPrefix(e.Code, "InvalidParameter"))
}

// note notes a page, and reports whether it has a row that this reading has not shown
// before.
func (l *List) note(p Page) (news bool) {
	for _, key := range p.Keys {
		l.last[key]++
		switch {
		case key == "", l.last[key] == 1:
			news = true
		default:
			l.repeats = true
		}
	}
	if news || len(p.Keys) < l.first { // or the vendor does not turn the page
		l.Received += len(p.Keys)
	}
	l.union, l.Lacks = l.union+p.Fresh, l.Lacks+p.Lacks
	if l.Counted = p.HasTotal; p.HasTotal {
		l.Total = max(l.Total, p.Total)
	}
	return news
}

// MostPages returns how many pages a reading may have, as far as is known by now.
func (l *List) MostPages() int { return l.Asker.MostPages(l.Action, l.Most) }

// MostPages returns how many pages a list of an action may have.
func (a *Asker) MostPages(action string, most int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.endless[action] {
		return min(most, EndlessPages)
	}
	return most
}

// fullestPage notes how many rows a page of a list of an action has, and returns how
// many one has had at Most: one with fewer is not full.
func (a *Asker) fullestPage(action string, rows int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fullest[action] = max(a.fullest[action], rows)
	return a.fullest[action]
}

// FoundTotalsOfCalls notes whether the Total of a user list counts the call, not the
// window.
func (a *Asker) FoundTotalsOfCalls(found bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.totalsOfCalls = a.totalsOfCalls || found
}

// TotalsCountCalls reports whether the Total of a user list has turned out to count calls.
func (a *Asker) TotalsCountCalls() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.totalsOfCalls
}

// FoundEndless notes that a list of the action has no end.
func (a *Asker) FoundEndless(action string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.endless[action] = true
}
