package extract

import (
	"hash/fnv"
	"iter"
	"maps"
	"slices"
	"time"
)

// How many due calls a forecast looks at: all of them if they are no more than
// this. The longest are looked at in any case, since a few of them can cost more
// than all others.
const (
	longestLookedAt = 100
	othersLookedAt  = 400
)

// dueSample chooses calls out of any number, of which it holds but those.
type dueSample struct {
	seen      int
	longest   []weighed // the longest first
	others    []weighed // those with the least hashes
	deadlines map[time.Time]int
}

// weighed is a call with what it is chosen by.
type weighed struct {
	dueCall
	weight uint64
}

func newDueSample() *dueSample { return &dueSample{deadlines: map[time.Time]int{}} }

// exact says that the sample holds all calls.
func (s *dueSample) exact() bool { return s.seen == len(s.longest)+len(s.others) }

// hours are the hours in which deadlines fall.
func (s *dueSample) hours() iter.Seq[time.Time] { return maps.Keys(s.deadlines) }

// first is the first hour with a deadline.
func (s *dueSample) first() time.Time {
	var first time.Time
	for h := range s.deadlines {
		if first.IsZero() || h.Before(first) {
			first = h
		}
	}
	return first
}

func (s *dueSample) add(c dueCall, deadline time.Time) {
	s.seen++
	s.deadlines[deadline.UTC().Truncate(time.Hour)]++
	length := c.DestroyedAt.Sub(c.CreatedAt)
	if !c.Finished {
		length = 1 << 62
	}
	out, full := push(&s.longest, weighed{c, ^uint64(length)}, longestLookedAt)
	if !full {
		return
	}
	hash := fnv.New64a()
	hash.Write([]byte(out.CommID))
	push(&s.others, weighed{out.dueCall, hash.Sum64()}, othersLookedAt)
}

// push keeps the n calls of least weight, in its order, and returns the one
// that is too much.
func push(list *[]weighed, c weighed, n int) (out weighed, full bool) {
	i, _ := slices.BinarySearchFunc(*list, c.weight, func(w weighed, weight uint64) int {
		if w.weight <= weight {
			return -1
		}
		return 1
	})
	*list = slices.Insert(*list, i, c)
	if len(*list) <= n {
		return weighed{}, false
	}
	out = (*list)[n]
	*list = (*list)[:n]
	return out, true
}

// estimate adds up what the longest cost, and what the others cost as far as
// they are known, in proportion to their number.
func (s *dueSample) estimate(longest, others []callCost) callCost {
	sum := func(costs []callCost) (t callCost) {
		for _, c := range costs {
			t.users, t.series, t.events = t.users+c.users, t.series+c.series, t.events+c.events
		}
		return t
	}
	t, rest := sum(longest), sum(others)
	if len(others) > 0 {
		share := float64(s.seen-len(longest)) / float64(len(others))
		t.users += int(share*float64(rest.users) + 0.5)
		t.series += int(share*float64(rest.series) + 0.5)
		t.events += int(share*float64(rest.events) + 0.5)
	}
	return t
}
