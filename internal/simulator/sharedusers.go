package simulator

import (
	"slices"
	"sort"
	"time"
)

// lend makes about a fifth of the calls of the second app take the user ids of a call
// of the first app: the nearest one that begins on the same UTC day. The ids are the
// same, the people are not. Each call lends once, so no user of an app is in two rooms
// on one day.
func (s *Simulator) lend() {
	if len(s.options.Apps) < 2 {
		return
	}
	lenders, borrowers := s.calls[s.options.Apps[0]], s.calls[s.options.Apps[1]]
	lent := make([]bool, len(lenders))
	for i := range borrowers {
		c := &borrowers[i]
		if hash2(c.seed, 13)%5 != 0 || !c.ownNames() {
			continue
		}
		if j := nearest(lenders, lent, c.start); j >= 0 {
			lent[j] = true
			c.lent, c.host = lenders[j].index+1, lenders[j].index
		}
	}
}

// ownNames reports whether all users of a call have their own ids and the call lies on
// one day.
func (c *call) ownNames() bool {
	return c.host == c.index && c.shape != longRun && c.shape != straddling && c.shape != empty
}

// nearest finds the call that begins nearest to an instant, on its UTC day, and has not
// lent its ids; -1 if there is none.
func nearest(calls []call, lent []bool, at int64) int {
	best := -1
	consider := func(i int) {
		if !lent[i] && calls[i].ownNames() && (best < 0 || abs(calls[i].start-at) < abs(calls[best].start-at)) {
			best = i
		}
	}
	middle := sort.Search(len(calls), func(i int) bool { return calls[i].start >= at })
	for i := middle; i < len(calls) && calls[i].start/day == at/day && best < 0; i++ {
		consider(i)
	}
	for i := middle - 1; i >= 0 && calls[i].start/day == at/day; i-- {
		if best >= 0 && abs(calls[i].start-at) >= abs(calls[best].start-at) {
			break
		}
		consider(i)
	}
	return best
}

func abs(n int64) int64 { return max(n, -n) }

// namesake returns the index of the call whose user ids a call has.
func (c *call) namesake() uint32 {
	if c.lent > 0 {
		return c.lent - 1
	}
	return c.index
}

// SharedUsers returns the user ids that different people have in the first and the
// second app, sorted, for calls that have begun by an instant. It returns none without
// Options.Troubles.
func (s *Simulator) SharedUsers(at time.Time) []string {
	if len(s.options.Apps) < 2 {
		return nil
	}
	users := make(map[uint32]map[int]bool) // users of lending calls, by index
	for i := range s.calls[s.options.Apps[0]] {
		c := &s.calls[s.options.Apps[0]][i]
		if c.start <= at.Unix() && c.ownNames() {
			users[c.index] = joiners(c, at.Unix())
		}
	}
	var ids []string
	for i := range s.calls[s.options.Apps[1]] {
		c := &s.calls[s.options.Apps[1]][i]
		if c.lent == 0 || c.start > at.Unix() {
			continue
		}
		for n := range joiners(c, at.Unix()) {
			if users[c.namesake()][n] {
				ids = append(ids, c.userName(c.namesake(), n))
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// joiners returns the numbers of the users who have joined a call by an instant.
func joiners(c *call, at int64) map[int]bool {
	all := map[int]bool{}
	for _, session := range layout(c) {
		if session.joined <= at {
			all[session.user] = true
		}
	}
	return all
}
