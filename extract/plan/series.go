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
	best := newSweep(p, limits).run()
	for _, phase := range []int64{p.begin(), w.from} { // no plan is worse than the usual one
		if d := grid(p, limits, phase); len(d.starts) < len(best.starts) {
			best = d
		}
	}
	return finish(p, best, limits.length(), w.to)
}
