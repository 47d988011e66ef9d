package simulator

import "slices"

// habits is what the habits need to know of a request.
type habits struct {
	f             *Faults
	content, list uint64 // hash of the request, and of the request without its page
	times         uint32 // number of requests with this content, including this one
	mutated       bool   // an earlier response was changed
}

// isHabit reports whether a kind is a habit.
func (k FaultKind) isHabit() bool {
	switch k {
	case FaultPageSize, FaultSamePage, FaultEndless, FaultJumble, FaultTwice, FaultListless, FaultValueless,
		FaultTextValues, FaultDateTimes, FaultOdd, FaultGzip, FaultMutate:
		return true
	}
	return false
}

// Numbers that keep the draws of habits apart.
const (
	saltJumble = iota + 320
	saltTwice
	saltListless
	saltValueless
	saltTextValues
	saltDateTimes
	saltOdd
	saltFailingDay
	saltGzip
	saltMutate
	saltSticky
	saltDown
	saltMadeUp
)

// draws reports whether something with this hash is in a share.
func (f *Faults) draws(portion float64, salt, id uint64) bool {
	return portion > 0 && hash3(f.Seed, salt, id) < share(portion)
}

// paged returns the rows of the page that a query asks for, and the number of rows on
// all pages, with the habits of lists.
func paged[T any](q *query, rows []T, defaultSize int, key func(T) uint64) ([]T, int) {
	if q.habits == nil {
		first, end := q.window(len(rows), defaultSize)
		return rows[first:end], len(rows)
	}
	rows = doubled(q, rows, key)
	narrow := *q
	narrow.size = q.rowsPerPage(defaultSize)
	if q.size == 0 {
		narrow.page = 0
	}
	if narrow.page > 0 && slices.Contains(q.habits.f.SamePage, q.name) {
		narrow.page, q.habit = 0, FaultSamePage
	}
	rows = jumbled(q, rows, narrow.size)
	first, end := narrow.window(len(rows), defaultSize)
	if asked := q.asked(defaultSize); narrow.size < asked && end < min(len(rows), first+asked) {
		q.habit = FaultPageSize
	}
	return rows[first:end], len(rows)
}

// asked returns the most rows of a page by the request.
func (q *query) asked(defaultSize int) int {
	if q.size == 0 {
		return defaultSize
	}
	return q.size
}

// rowsPerPage returns the most rows of a page.
func (q *query) rowsPerPage(defaultSize int) int {
	size := q.asked(defaultSize)
	if q.habits != nil && q.habits.f.PageSize > 0 {
		return min(size, q.habits.f.PageSize)
	}
	return size
}

// doubled repeats some rows, each right after itself.
func doubled[T any](q *query, rows []T, key func(T) uint64) []T {
	f := q.habits.f
	if f.Twice == 0 {
		return rows
	}
	all := make([]T, 0, len(rows))
	for _, row := range rows {
		all = append(all, row)
		if f.draws(f.Twice, saltTwice, key(row)) {
			all, q.habit = append(all, row), FaultTwice
		}
	}
	return all
}

// jumbled sorts the rows of a list of several pages in a new order for each request.
func jumbled[T any](q *query, rows []T, size int) []T {
	h := q.habits
	if len(rows) <= size || !h.f.draws(h.f.Jumble, saltJumble, h.list) {
		return rows
	}
	q.habit = FaultJumble
	rows = slices.Clone(rows)
	r := rng{hash3(h.f.Seed, h.content, uint64(h.times))}
	for i := len(rows) - 1; i > 0; i-- {
		j := int(r.next() % uint64(i+1))
		rows[i], rows[j] = rows[j], rows[i]
	}
	return rows
}
