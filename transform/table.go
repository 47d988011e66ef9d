package transform

import (
	"fmt"
	"slices"
)

// What is kept of one answer at most.
const (
	mostRows   = 20_000
	mostEvents = 200_000
	mostNull   = 100_000 // entries of DetailInfo.NullSeries
)

// fewRows are looked through one by one for a row that comes again.
const fewRows = 16

// table takes in the rows of one answer. It appends them to what there was
// before, each once.
type table[T comparable] struct {
	what     string // of its damage
	most     int
	rows     []T
	base     int // rows there were before
	seen     map[T]struct{}
	received int // rows as they came
	repeated int
	beyond   int // rows that are more than most
	nulls    int
	damage   tally
}

func newTable[T comparable](what string, most int, dst []T) *table[T] {
	return &table[T]{what: what, most: most, rows: dst, base: len(dst)}
}

// reset drops everything the answer brought so far.
func (t *table[T]) reset() {
	clear(t.rows[t.base:])
	*t = *newTable(t.what, t.most, t.rows[:t.base])
}

// add takes in a row that can be used.
func (t *table[T]) add(row T) {
	switch {
	case t.has(row):
		t.repeated++
	case len(t.rows)-t.base >= t.most:
		t.beyond++
	default:
		t.rows = append(t.rows, row)
		if t.seen != nil {
			t.seen[row] = struct{}{}
		}
	}
}

// take adds a row that is not useless, and reports whether there is nothing to
// tell about it.
func (t *table[T]) take(row T, v *verdict) bool {
	if v.lost == "" {
		t.add(row)
		t.nulls += v.nulls
	}
	return v.lost == "" && v.kept == ""
}

// has reports whether the answer had this row already.
func (t *table[T]) has(row T) bool {
	rows := t.rows[t.base:]
	if len(rows) <= fewRows {
		return slices.Contains(rows, row)
	}
	if t.seen == nil {
		t.seen = make(map[T]struct{}, 4*fewRows)
		for _, r := range rows {
			t.seen[r] = struct{}{}
		}
	}
	_, ok := t.seen[row]
	return ok
}

// tell adds to info what there is to tell beside the rows.
func (t *table[T]) tell(info *Info) {
	if t.beyond > 0 {
		t.damage.add(Damage{What: t.what, Problem: fmt.Sprintf("more than %d rows in one answer", t.most), Count: t.beyond})
	}
	info.Received, info.Repeated, info.Nulls = t.received, t.repeated, t.nulls
	info.addDamage(&t.damage)
}
