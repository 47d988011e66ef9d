package transform

import (
	"fmt"
	"slices"
)

// Limits for one response.
const (
	mostRows   = 20_000
	mostEvents = 200_000
	mostNull   = 100_000 // entries of DetailInfo.NullSeries
)

// fewRows is the number of rows up to which a repeated row is found without a map.
const fewRows = 16

// table collects the rows of one response, each once. It appends them to earlier rows.
type table[T comparable] struct {
	what     string // Damage.What of its rows
	most     int
	rows     []T
	base     int // number of earlier rows
	seen     map[T]struct{}
	received int // rows received, damaged and repeated ones included
	repeated int
	beyond   int // rows beyond most
	nulls    int
	damage   tally
}

func newTable[T comparable](what string, most int, dst []T) *table[T] {
	return &table[T]{what: what, most: most, rows: dst, base: len(dst)}
}

// reset drops the rows of the response.
func (t *table[T]) reset() {
	clear(t.rows[t.base:])
	*t = *newTable(t.what, t.most, t.rows[:t.base])
}

// add adds a row unless it is repeated or beyond the limit.
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

// append adds a row that no other can equal.
func (t *table[T]) append(row T) {
	if len(t.rows)-t.base >= t.most {
		t.beyond++
		return
	}
	t.rows = append(t.rows, row)
}

// take adds a row unless it is lost, and reports whether it has no problems.
func (t *table[T]) take(row T, v *verdict) bool {
	if v.lost == "" {
		t.add(row)
		t.nulls += v.nulls
	}
	return v.lost == "" && v.kept == ""
}

// has reports whether the response had this row already.
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

// report adds the counts and the damage to info.
func (t *table[T]) report(info *Info) {
	if t.beyond > 0 {
		t.damage.add(Damage{What: t.what, Problem: fmt.Sprintf("more than %d rows in one answer", t.most), Count: t.beyond})
	}
	info.Received, info.Repeated, info.Nulls = t.received, t.repeated, t.nulls
	info.addDamage(&t.damage)
}
