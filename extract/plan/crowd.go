package plan

import (
	"math"
	"slices"
)

const (
	// crowdFull is how many times the most events of an answer a time is taken to have of
	// which a full answer came.
	crowdFull = 1.5

	// crowdTrust is how many events count as much as what was expected before.
	crowdTrust = 10
)

// Crowd divides the seconds from From (included) to To (excluded) into spans for questions
// whose answers have a bounded number of events, so that few answers are full: a full one
// must be asked for again in parts. It goes by how many events are expected, by the times of
// some of them, and by the answers about the spans so far.
type Crowd struct {
	from, to, at, end int64
	full              bool // an answer about the whole time was full
	most              float64
	expected          float64 // events in all
	knots             []int64 // between two neighbours there are equally many events
	seen, share       float64 // events so far, and the part of all that was expected there
}

// NewCrowd returns a Crowd. expected is the number of events in all. times are those of a
// full answer about the whole time, which may all be outside of it; nil: there was none.
func NewCrowd(from, to int64, most int, expected float64, times []int64) *Crowd {
	c := &Crowd{from: from, to: to, at: from, most: float64(most), expected: expected, knots: []int64{from}}
	if c.full = times != nil; c.full {
		c.expected = max(expected, crowdFull*c.most)
		for _, t := range slices.Sorted(slices.Values(times)) {
			c.knots = append(c.knots, min(max(t, from), to))
		}
	}
	c.knots = append(c.knots, to)
	return c
}

// Next returns the next span, or false if there is none. Saw must be called before the
// next Next.
func (c *Crowd) Next() (from, to int64, ok bool) {
	if c.at >= c.to {
		return 0, 0, false
	}
	left := 1 - c.shareUntil(c.at)
	spans := c.spans(left * c.all())
	if c.end = c.to; spans > 1 {
		c.end = c.after(c.shareUntil(c.at) + left/float64(spans))
	}
	if c.full { // whatever came shows little of the rest
		c.end = min(c.end, c.at+max((c.to-c.from)*3/4, 1))
	}
	c.end = min(max(c.end, c.at+1), c.to)
	return c.at, c.end, true
}

// all returns the number of events in all that is expected by now.
func (c *Crowd) all() float64 {
	if c.seen > c.expected && c.share > 0 { // it was wrong
		return c.seen / c.share
	}
	return (c.seen + crowdTrust) / (c.share + crowdTrust/max(c.expected, 1))
}

// Saw notes how many events the span of Next has.
func (c *Crowd) Saw(events int) {
	c.seen += float64(events)
	c.share += c.shareUntil(c.end) - c.shareUntil(c.at)
	c.at = c.end
}

// spans returns into how many spans a time is best divided. A span costs a request, and two
// more if its answer is full.
func (c *Crowd) spans(events float64) int {
	best, least := 1, math.Inf(1)
	for n := int(events/c.most) + 1; n <= int(2*events/c.most)+2; n++ {
		each := events / float64(n)
		full := math.Erfc((c.most-0.5-each)/math.Sqrt(2*max(each, 0.1))) / 2
		if cost := float64(n) * (1 + 2*full); cost < least {
			best, least = n, cost
		}
	}
	return best
}

// shareUntil returns the part of the events that is expected before a second.
func (c *Crowd) shareUntil(at int64) float64 {
	gaps := float64(len(c.knots) - 1)
	i, _ := slices.BinarySearch(c.knots, at)
	if i == 0 {
		return 0
	}
	within := float64(at-c.knots[i-1]) / float64(max(c.knots[i]-c.knots[i-1], 1))
	return (float64(i-1) + min(within, 1)) / gaps
}

// after returns the second until which a part of the events is expected.
func (c *Crowd) after(share float64) int64 {
	place := min(share, 1) * float64(len(c.knots)-1)
	i := min(int(place), len(c.knots)-2)
	return c.knots[i] + int64(math.Round((place-float64(i))*float64(c.knots[i+1]-c.knots[i])))
}
