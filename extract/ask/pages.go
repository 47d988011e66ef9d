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

// A list comes in pages, and the vendor may return fewer rows than asked for, move rows
// between pages while they are read, or send rows twice. Completeness is judged by the
// Total of the list, if it counts the list, and by the rows that a reading adds to the one
// before.

const (
	// mostReadings bounds how often a list is read.
	mostReadings = 12

	// quietReadings is the number of readings in a row without a new row after which a list
	// of moving rows is complete.
	quietReadings = 4

	// EndlessPages bounds a list if another one of the same action had no end. Longer lists
	// are divided.
	EndlessPages = 5
)

// Page is the information of one page of a list.
type Page struct {
	Keys     []string // of the rows, in order; "" for a row that is damaged or comes twice in the answer
	Fresh    int      // rows that no earlier reading had
	Total    int      // the vendor's count
	HasTotal bool     // Total is set, and may count the list
	Lacks    int      // how many rows fewer than Total the page has, if Total may count the page
}

// FetchPage asks for a page. due means that it is likely to have rows.
type FetchPage func(ctx context.Context, number, size int, due bool) (Page, error)

// List reads a list.
type List struct {
	Fetch  FetchPage
	Asker  *Asker
	Action string
	Size   int  // rows a page
	Most   int  // pages in a reading, if no list of the action was endless
	Moving bool // rows are added all the time: a second reading must bring nothing new

	last     map[string]int // the rows of the last reading, with their number
	pages    int            // pages with rows in the last reading
	first    int            // rows on its first page
	Received int            // rows of the last reading, repeated ones included
	Total    int
	Lacks    int  // rows that its pages have fewer than they count
	union    int  // rows of all readings
	repeats  bool // rows came twice
	Counted  bool // the last page had a Total
}

// Short reports whether rows are missing by the vendor's own Total: that of the list or, if
// more rows have come, those of the pages.
func (l *List) Short() bool {
	return l.Received < l.Total || l.Received > l.Total && l.Lacks > 0 && !l.Moving
}

// ErrEndless is returned for a list with more pages than a list may have.
var ErrEndless = errors.New("the list does not end")

// errSamePage is returned if the vendor returns one page again and again although there may
// be others.
var errSamePage = errors.New("the vendor returns the same page for every page number")

// leastPage is the smallest page size that a vendor is expected to impose.
const leastPage = 10

// ErrMoves is returned for a list that has other rows in each reading.
var ErrMoves = errors.New("the list differs in each reading: rows may be missing")

// Read reads the list until it is complete, or until another reading would not help. Then
// Short reports whether rows are missing. All rows of all readings have been passed on,
// even if Read returns an error.
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
			l.Size = l.first // the vendor may count pages by its own size
		case reading > 0 && maps.Equal(before, l.last):
			return nil
		}
	}
	if l.Short() {
		return nil
	}
	return ErrMoves
}

// complete reports whether the list is complete. quiet is the number of readings, up to the
// last one, without a new row.
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

// once reads the pages until one is empty, or until one is short and the Total is reached.
// Pages with only rows that this reading already has mean that the vendor does not turn the
// page.
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
	return fmt.Errorf("%w after %d pages", ErrEndless, l.pages)
}

// noSuchPage reports whether the vendor refuses a page because the list has ended. due
// means that the page is likely to have rows.
func noSuchPage(err error, due bool) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && (e.Code == "InvalidParameter.PageNumber" || !due && e.Kind == trtc.Permanent && strings.HasPrefix(e.Code, "InvalidParameter"))
}

// note notes a page, and reports whether it has a row that is new in this reading.
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
	if news || len(p.Keys) < l.first { // otherwise the vendor does not turn the page
		l.Received += len(p.Keys)
	}
	l.union, l.Lacks = l.union+p.Fresh, l.Lacks+p.Lacks
	if l.Counted = p.HasTotal; p.HasTotal {
		l.Total = max(l.Total, p.Total)
	}
	return news
}

// MostPages returns how many pages a reading may have, by what is known so far.
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

// fullestPage notes how many rows a page of the action has, and returns the most that a
// page has had: a page with fewer is not full.
func (a *Asker) fullestPage(action string, rows int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fullest[action] = max(a.fullest[action], rows)
	return a.fullest[action]
}

// FoundTotalsOfCalls notes whether the Total of a user list counts the call and not the
// window.
func (a *Asker) FoundTotalsOfCalls(found bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.totalsOfCalls = a.totalsOfCalls || found
}

// TotalsCountCalls reports whether the Total of a user list counts the call.
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
