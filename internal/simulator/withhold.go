package simulator

import "slices"

// nulls is a set of lists that a response withholds.
type nulls uint8

const (
	nullList    nulls = 1 << iota // of rooms, users, events, experiences, days
	nullData                      // of series
	nullContent                   // of samples, in half the series
	nullTotal                     // Total is 0, too
)

// withhold draws which lists of a response are null. Poison takes the main list of the
// action and leaves Total.
func (q *query) withhold(t trouble) {
	switch {
	case t.poison && q.wantsSeries():
		q.nulls = nullData
	case t.poison:
		q.nulls = nullList
	case q.wantsSeries():
		q.nulls = [...]nulls{nullData, nullList, nullData | nullList, nullContent}[t.draw>>4%4]
	default:
		q.nulls = [...]nulls{nullList, nullList | nullTotal}[t.draw>>4%2]
	}
}

// due reports whether n rows are written, and notes in the query if they are withheld.
func (q *query) due(n int) bool {
	if n > 0 && q.nulls&nullList != 0 {
		q.withheld = true
		return false
	}
	return n > 0
}

// total returns the Total of a response with n rows.
func (q *query) total(n int) int64 {
	if q.nulls&nullTotal != 0 {
		return 0
	}
	return int64(n)
}

// several reports whether a list of n rows has more than one page.
func (q *query) several(n, defaultSize int) bool {
	size := q.size
	if size == 0 {
		size = defaultSize
	}
	return n > size
}

// shiftRooms leaves the newest calls out of a list, newest first, that is read while
// they begin.
func (q *query) shiftRooms(calls []*call) []*call {
	if q.hide == 0 || q.to < q.now-hour || !q.several(len(calls), defaultRooms) {
		return calls
	}
	fresh := 0
	for fresh < min(q.hide, len(calls)) && calls[fresh].start > q.now-hour {
		fresh++
	}
	q.shifted = fresh > 0
	return calls[fresh:]
}

// shiftUsers leaves out some of the first sessions of a call that runs or has just
// ended.
func (q *query) shiftUsers(v *view, rows []session) []session {
	if q.hide == 0 || v == nil || v.end < q.now-hour || !q.several(len(rows), defaultUsers) {
		return rows
	}
	q.shifted = true
	return slices.Delete(rows, 1, min(1+q.hide, len(rows)))
}
