package simulator

import "slices"

// nulls are the lists that a query's answer withholds.
type nulls uint8

const (
	nullList    nulls = 1 << iota // of rooms, users, events, experiences, days
	nullData                      // of series
	nullContent                   // of samples, in half the series
	nullTotal                     // and Total is 0, to match
)

// withhold draws which lists of an answer are null. Poison takes the list the
// action is there for, and leaves Total.
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

// due tells whether n rows are written; where they are withheld the query
// knows thereafter.
func (q *query) due(n int) bool {
	if n > 0 && q.nulls&nullList != 0 {
		q.withheld = true
		return false
	}
	return n > 0
}

// total is what the answer says of n rows.
func (q *query) total(n int) int64 {
	if q.nulls&nullTotal != 0 {
		return 0
	}
	return int64(n)
}

// several tells whether a list of n rows has more than one page.
func (q *query) several(n, defaultSize int) bool {
	size := q.size
	if size == 0 {
		size = defaultSize
	}
	return n > size
}

// shiftRooms leaves the newest calls out of a list, newest first, that is
// being read while they arrive.
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

// shiftUsers leaves out some of the first sessions of a call that is going on
// or has just ended.
func (q *query) shiftUsers(v *view, rows []session) []session {
	if q.hide == 0 || v == nil || v.end < q.now-hour || !q.several(len(rows), defaultUsers) {
		return rows
	}
	q.shifted = true
	return slices.Delete(rows, 1, min(1+q.hide, len(rows)))
}
