package plan

import "github.com/callvault/callvault/internal/call"

// Series plans requests that cover every second in which a user was in the call, within a
// window (the time that the vendor keeps, until now) and without the seconds in held.
// Sessions without an end last until the window's end. Requests are in the order of their
// windows' starts. The order of the sessions does not matter.
func Series(sessions []call.Session, held Held, within call.Window, limits Limits) []Request {
	w := seconds(within)
	p := present(sessions, held, w)
	if p.people() == 0 {
		return nil
	}
	best := newSweep(p, limits).run()
	for _, phase := range []int64{p.begin(), w.from} { // so no plan is worse than the usual one
		if d := grid(p, limits, phase); len(d.starts) < len(best.starts) {
			best = d
		}
	}
	return finish(p, best, limits.length(), w.to)
}
