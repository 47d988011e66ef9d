package forecast

import (
	"hash/fnv"
	"maps"
	"slices"
	"time"
)

// The size of a sample. The longest calls are always in it, because a few of them can
// cost more than all others.
const (
	maxLongest = 100
	maxOthers  = 400
)

// Running is the length of a call that has not ended: longer than any other.
const Running time.Duration = 1 << 62

// Sample chooses calls from any number of calls, and keeps only the chosen ones. All calls
// are chosen if they are no more than the size of a sample. C is what the caller knows of
// a call.
type Sample[C any] struct {
	seen      int
	longest   []weighed[C] // the longest first
	others    []weighed[C] // those with the least hashes of their ids
	deadlines map[time.Time]int
}

// weighed is a call with its weight: calls of least weight are chosen.
type weighed[C any] struct {
	call   C
	id     string
	weight uint64
}

// NewSample returns a sample without calls.
func NewSample[C any]() *Sample[C] { return &Sample[C]{deadlines: map[time.Time]int{}} }

// Add offers a call of a length to the sample. deadline is when the vendor begins to drop
// the call.
func (s *Sample[C]) Add(c C, id string, length time.Duration, deadline time.Time) {
	s.seen++
	s.deadlines[deadline.UTC().Truncate(time.Hour)]++
	out, full := push(&s.longest, weighed[C]{c, id, ^uint64(length)}, maxLongest)
	if !full {
		return
	}
	hash := fnv.New64a()
	hash.Write([]byte(out.id))
	out.weight = hash.Sum64()
	push(&s.others, out, maxOthers)
}

// push keeps the n calls of least weight, in the order of weight, and returns the call
// that is one too many.
func push[C any](list *[]weighed[C], c weighed[C], n int) (out weighed[C], full bool) {
	i, _ := slices.BinarySearchFunc(*list, c.weight, func(w weighed[C], weight uint64) int {
		if w.weight <= weight {
			return -1
		}
		return 1
	})
	*list = slices.Insert(*list, i, c)
	if len(*list) <= n {
		return weighed[C]{}, false
	}
	out = (*list)[n]
	*list = (*list)[:n]
	return out, true
}

// Seen returns the number of calls added.
func (s *Sample[C]) Seen() int { return s.seen }

// Exact reports whether all calls are chosen.
func (s *Sample[C]) Exact() bool { return s.seen == len(s.longest)+len(s.others) }

// Longest returns the longest calls, the longest first.
func (s *Sample[C]) Longest() []C { return calls(s.longest) }

// Others returns the other chosen calls.
func (s *Sample[C]) Others() []C { return calls(s.others) }

func calls[C any](list []weighed[C]) []C {
	out := make([]C, len(list))
	for i, w := range list {
		out[i] = w.call
	}
	return out
}

// Estimate returns the cost of all calls from the costs of the chosen ones: the longest
// count once, the others stand for all calls that are not among the longest.
func (s *Sample[C]) Estimate(longest, others []Cost) Cost {
	t := sum(longest)
	if len(others) == 0 {
		return t
	}
	return t.plus(sum(others), float64(s.seen-len(longest))/float64(len(others)))
}

// Deadline returns the first full hour (UTC) in which the vendor drops a call, or the
// zero time.
func (s *Sample[C]) Deadline() time.Time {
	first := time.Time{}
	for hour := range s.deadlines {
		if first.IsZero() || hour.Before(first) {
			first = hour
		}
	}
	return first
}

// Expiring returns how many calls the vendor begins to drop before their turn, and the
// hour of the first. It assumes that a pass begins now and takes so long, that the most
// urgent calls come first, and that every call takes the same share of the time.
func (s *Sample[C]) Expiring(now time.Time, takes time.Duration) (n int, first time.Time) {
	done := 0
	for _, hour := range slices.SortedFunc(maps.Keys(s.deadlines), time.Time.Compare) {
		due := s.deadlines[hour]
		done += due
		turn := now.Add(time.Duration(float64(takes) * float64(done) / float64(s.seen)))
		if !turn.After(hour.Add(time.Hour)) {
			continue
		}
		if n == 0 {
			first = hour
		}
		n += due
	}
	return n, first
}
