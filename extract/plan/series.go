package plan

import "github.com/callvault/callvault/internal/call"

// Series plans the requests that cover every second in which some user was in
// the call, as far as within tells (what the vendor still keeps, until now) and
// the archive does not hold it. Sessions without an end last until within's
// end. Requests come in the order of their windows' starts; the order of the
// sessions does not matter.
func Series(sessions []call.Session, held Held, within call.Window, limits Limits) []Request {
	w := seconds(within)
	p := present(sessions, held, w)
	if p.people() == 0 {
		return nil
	}
	return finish(p, bestDraft(p, limits, w.from), limits.length(), w.to)
}

// bestDraft tries sweeps in both directions of time, then the usual plan from the
// first second and from begin, and stops at what no plan could better.
func bestDraft(p *presence, l Limits, begin int64) *draft {
	t := trial{best: new(draft), next: new(draft), least: bound(p, l, 1)}
	forward := newSweep(p, l.length(), l.seats())
	var backward *sweep
	for _, patience := range []int64{l.length(), l.length() / 2, l.length() / 4, 0} {
		if forward.run(t.next, patience); t.done() {
			return t.best
		}
		if backward == nil {
			backward = newSweep(p.mirrored(), l.length(), l.seats())
		}
		backward.run(t.next, patience)
		if t.next.mirror(l.length()); t.done() {
			return t.best
		}
	}
	for _, phase := range []int64{p.hull().from, begin} {
		grid(t.next, p, l.length(), l.seats(), phase)
		t.done()
	}
	return t.best
}

// trial keeps the best of the drafts written to next, one after the other.
type trial struct {
	best, next *draft
	least      int // windows of the best imaginable
}

// done looks at next, and tells whether there is no need for another.
func (t *trial) done() bool {
	if t.best.windows() == 0 || t.next.betterThan(t.best) {
		t.best, t.next = t.next, t.best
	}
	return t.best.windows() <= t.least
}
