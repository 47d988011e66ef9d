package plan_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/callvault/callvault/extract/plan"
)

// answers answers questions about events like the vendor: with at most 20, arbitrary ones.
type answers struct {
	times   []int64 // sorted
	arrange func([]int64)
	asked   int
}

func (a *answers) ask(from, to int64) []int64 {
	a.asked++
	i, _ := slices.BinarySearch(a.times, from)
	j, _ := slices.BinarySearch(a.times, to)
	found := slices.Clone(a.times[i:j])
	if len(found) > 20 {
		a.arrange(found)
		found = found[:20]
	}
	return found
}

// halved asks for a span, and for its halves if it is full: the way without a Crowd.
func (a *answers) halved(from, to int64) int {
	got := a.ask(from, to)
	if len(got) < 20 || to-from == 1 {
		return len(got)
	}
	middle := from + (to-from)/2
	return a.halved(from, middle) + a.halved(middle, to)
}

// walked asks span by span.
func (a *answers) walked(c *plan.Crowd) (events int) {
	for {
		from, to, ok := c.Next()
		if !ok {
			return events
		}
		got := a.ask(from, to)
		n := len(got)
		if n >= 20 && to-from > 1 {
			n = a.walked(plan.NewCrowd(from, to, 20, 0, got))
		}
		c.Saw(n)
		events += n
	}
}

// TestCrowd compares the requests for hours of events with those of halving, whichever
// twenty come. Quiet hours must cost one request, crowded ones little more than they must.
func TestCrowd(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	evenly := func(n int) (times []int64) {
		for range n {
			times = append(times, rng.Int64N(3600))
		}
		return times
	}
	bursts := func(n, each int) (times []int64) {
		for range n {
			at := rng.Int64N(3590)
			for range each {
				times = append(times, at+rng.Int64N(8))
			}
		}
		return times
	}
	for _, c := range []struct {
		name  string
		hour  func() []int64
		known bool    // how many to expect
		most  float64 // requests, of those of halving
	}{
		{"quiet", func() []int64 { return evenly(5) }, true, 1},
		{"nearly full", func() []int64 { return evenly(15) }, true, 1.05},
		{"30 events", func() []int64 { return evenly(30) }, true, 0.9},
		{"30 events, not known", func() []int64 { return evenly(30) }, false, 1.1},
		{"100 events", func() []int64 { return evenly(100) }, true, 0.7},
		{"1,000 events", func() []int64 { return evenly(1000) }, true, 0.65},
		{"1,000 events, not known", func() []int64 { return evenly(1000) }, false, 0.95},
		{"bursts", func() []int64 { return slices.Concat(evenly(6), bursts(2, 15)) }, true, 0.9},
		{"bursts, not known", func() []int64 { return slices.Concat(evenly(6), bursts(2, 15)) }, false, 0.95},
		{"a burst in a second", func() []int64 { return slices.Concat(evenly(6), slices.Repeat([]int64{rng.Int64N(3600)}, 19)) }, false, 0.65},
	} {
		for name, arrange := range map[string]func([]int64){
			"any":   func(x []int64) { rng.Shuffle(len(x), func(i, j int) { x[i], x[j] = x[j], x[i] }) },
			"first": func([]int64) {},
			"last":  slices.Reverse[[]int64],
		} {
			walked, halved := &answers{arrange: arrange}, &answers{arrange: arrange}
			for range 100 {
				times := slices.Sorted(slices.Values(c.hour()))
				walked.times, halved.times = times, times
				expected := 0.0
				if c.known {
					expected = float64(len(times)) * (0.7 + 0.6*rng.Float64())
				}
				if a, b := walked.walked(plan.NewCrowd(0, 3600, 20, expected, nil)), halved.halved(0, 3600); a != b {
					t.Fatalf("%s: %d events, and %d", c.name, a, b)
				}
			}
			ratio := float64(walked.asked) / float64(halved.asked)
			t.Logf("%s, %s twenty: %.2f requests an hour, by halves %.2f: %.2f", c.name, name, float64(walked.asked)/100, float64(halved.asked)/100, ratio)
			most := c.most
			if name != "any" { // what came says little of the rest
				most = map[bool]float64{true: 1.2, false: 4}[c.known]
			}
			if ratio > most {
				t.Errorf("%s, %s twenty: %.2f of the requests of halving, want at most %.2f", c.name, name, ratio, most)
			}
		}
	}
}

// TestCrowdEnds divides times of which full answers had no event: each span must be shorter
// than the whole.
func TestCrowdEnds(t *testing.T) {
	for _, times := range [][]int64{{}, {0, 0, 0}, {99, 99}, {50}} {
		for length := int64(2); length <= 100; length++ {
			c := plan.NewCrowd(0, length, 20, 0, times)
			next := int64(0)
			for from, to, ok := c.Next(); ok; from, to, ok = c.Next() {
				if from != next || to <= from || to > length || to-from == length {
					t.Fatalf("%v: %d to %d of %d", times, from, to, length)
				}
				c.Saw(20)
				next = to
			}
			if next != length {
				t.Fatalf("%v: it ends at %d of %d", times, next, length)
			}
		}
	}
}
