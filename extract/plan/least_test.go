package plan

import (
	"math"
	"slices"

	"github.com/callvault/callvault/internal/call"
)

// Bound returns a number of requests that every plan needs.
//
// Let K(x, y) be the sum, over the users, of the least number of windows that cover the
// user's presence from x to y; taking each window as late as possible gives it. A window
// that covers any of this presence begins at y or before and ends at x or after. So if
// every plan needs G(t) requests that begin by t, then
//
//	G(y) ≥ G(x - length - 1) + ⌈K(x, y) / users⌉   for all x ≤ y,
//
// because the two terms count different windows. With x the first second and y the last,
// this is the hours of presence divided by six, with regard to each user's gaps. With x = y
// it is the number of users present at once. Terms add up along the call. The bound is the
// largest G that follows for the tried x. It also holds for plans whose windows do not
// share a second.
//
// Bound goes over the call up to 512 times. It is only for judging plans.
func Bound(sessions []call.Session, held Held, within call.Window, limits Limits) int {
	p := present(sessions, held, seconds(within))
	if p.people() == 0 {
		return 0
	}
	return bound(p, limits)
}

// bound takes K(x, x) at all x at which it may grow or a window has ended, and K(x, y) for
// all y at 512 x that are spread evenly over the call.
func bound(p *presence, l Limits) int {
	const full = 512
	var (
		f       = floor{seconds: l.length() + 1, users: l.seats()}
		c       = newCrowd(p)
		hull    = p.hull()
		nextAll = hull.from
		needed  []int64
	)
	for x := hull.from; x <= hull.to; x = min(c.grows(x), f.runsOut(x)) {
		if x < nextAll {
			f.raiseAt(x, c.size(x))
			continue
		}
		nextAll = x + (hull.to-hull.from)/full + 1
		needed = needs(p, x, f.seconds, needed[:0])
		f.raise(x, needed)
	}
	return len(f.by)
}

// floor is the function G: by[v] is the second by which at least v+1 requests
// must have begun.
type floor struct {
	by      []int64
	seconds int64 // seconds that a window covers, both ends included
	users   int
}

// before returns G of the last second at which a window that does not reach x can begin.
func (f *floor) before(x int64) int {
	v, _ := slices.BinarySearch(f.by, x-f.seconds+1)
	return v
}

// raise applies the inequality for one x. needed has, sorted, the y at which K(x, y) grows
// by one.
func (f *floor) raise(x int64, needed []int64) {
	v := f.before(x)
	for i := 0; i < len(needed); i += f.users {
		f.demand(v, needed[i])
		v++
	}
}

// raiseAt applies the inequality for x = y, where K is size.
func (f *floor) raiseAt(x int64, size int) {
	settled, _ := slices.BinarySearch(f.by, x+1)
	end := f.before(x) + (size+f.users-1)/f.users
	for v := settled; v < end; v++ {
		f.demand(v, x)
	}
}

func (f *floor) demand(v int, y int64) {
	if v == len(f.by) {
		f.by = append(f.by, y)
	}
	f.by[v] = min(f.by[v], y)
}

// runsOut returns the next second after x at which a window that began as late as possible
// has ended.
func (f *floor) runsOut(x int64) int64 {
	if v := f.before(x); v < len(f.by) {
		return f.by[v] + f.seconds
	}
	return never
}

// needs appends, sorted, when the windows begin that the persons need from x on, if each
// person has its own windows of the given number of seconds, as late as possible.
func needs(p *presence, x, seconds int64, to []int64) []int64 {
	for person := range p.people() {
		t := x
		for i := p.first[person]; i < p.first[person+1]; i++ {
			if p.split(i) {
				t = x
			}
			for t = max(t, p.stays[i].from); t <= p.stays[i].to; t += seconds {
				to = append(to, t)
			}
		}
	}
	slices.Sort(to)
	return to
}

// crowd counts the users who are present at a time.
type crowd struct{ from, to []int64 }

func newCrowd(p *presence) crowd {
	c := crowd{make([]int64, len(p.stays)), make([]int64, len(p.stays))}
	for i, s := range p.stays {
		c.from[i], c.to[i] = s.from, s.to
	}
	slices.Sort(c.from)
	slices.Sort(c.to)
	return c
}

func (c crowd) size(x int64) int {
	came, _ := slices.BinarySearch(c.from, x+1)
	gone, _ := slices.BinarySearch(c.to, x)
	return came - gone
}

// grows returns the next second after x at which somebody joins.
func (c crowd) grows(x int64) int64 {
	i, _ := slices.BinarySearch(c.from, x+1)
	if i == len(c.from) {
		return never
	}
	return c.from[i]
}

// hull returns the span from the first second to the last. There must be stays.
func (p *presence) hull() span {
	h := span{math.MaxInt64, math.MinInt64}
	for _, s := range p.stays {
		h = span{min(h.from, s.from), max(h.to, s.to)}
	}
	return h
}
