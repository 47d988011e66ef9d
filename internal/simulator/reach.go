package simulator

import (
	"math"
	"slices"
	"time"
)

// reach is the periods that an archiver can ask about, in order, none touching another.
// Each ends at the last instant of a request.
type reach []span

// always returns the reach of an archiver that has watched since before New.
func always(at int64) reach { return reach{{math.MinInt64, at}} }

// last returns the latest instant at which the archiver could ask about the time from
// first to last; ok is false if it never could.
func (r reach) last(first, last int64) (until int64, ok bool) {
	for _, stretch := range slices.Backward(r) {
		if first <= stretch.last && last >= stretch.first {
			return stretch.last, true
		}
	}
	return 0, false
}

// has reports whether the archiver could ask about an instant.
func (r reach) has(at int64) bool {
	_, ok := r.last(at, at)
	return ok
}

// Since returns the truth of an archiver that has watched since an instant: without
// what the vendor had forgotten by then. Since(At) is what the vendor still knows at
// At.
func (t *Truth) Since(began time.Time) *Truth {
	narrowed := *t
	narrowed.reach, narrowed.asked = reach{{t.s.edge(min(began.Unix(), t.at)), t.at}}, nil
	return &narrowed
}

// Asked returns the truth of an archiver that made requests at these instants only, in
// any order; its At is the last of them. It lacks what the vendor forgot between two of
// them. Calls that ran at a request and were out of reach at the next are as last seen.
func (t *Truth) Asked(instants ...time.Time) *Truth {
	asked := *t
	asked.reach, asked.asked = nil, make([]int64, 0, len(instants))
	for _, instant := range slices.SortedFunc(slices.Values(instants), time.Time.Compare) {
		asked.at = instant.Unix()
		asked.asked = append(asked.asked, asked.at)
		if n := len(asked.reach); n > 0 && t.s.edge(asked.at) <= asked.reach[n-1].last {
			asked.reach[n-1].last = asked.at
			continue
		}
		asked.reach = append(asked.reach, span{t.s.edge(asked.at), asked.at})
	}
	return &asked
}

// days returns the whole days of an app that were in reach as a whole.
func (t *Truth) days(app uint32) []scaleDay {
	if t.asked == nil {
		return t.s.scaleDays(app, t.reach[0].first, t.at, t.at)
	}
	var days []scaleDay
	for _, at := range t.asked {
		from := t.s.edge(at)
		if n := len(days); n > 0 {
			from = max(from, days[n-1].start+day)
		}
		days = append(days, t.s.scaleDays(app, from, at, at)...)
	}
	return days
}

// Except returns the truth without the rooms, sessions, samples and events of some
// calls. Unusual events and daily counts do not belong to calls and remain.
func (t *Truth) Except(commIDs ...string) *Truth {
	narrowed := *t
	narrowed.except = make(map[string]bool, len(commIDs)+len(t.except))
	for id := range t.except {
		narrowed.except[id] = true
	}
	for _, id := range commIDs {
		narrowed.except[id] = true
	}
	return &narrowed
}

// open lays out a call as the archiver last saw it, with the sessions that it could
// see.
func (t *Truth) open(c *call) *view {
	at, _ := t.reach.last(c.start, c.end)
	v := t.s.open(c, at)
	if len(t.reach) == 1 && t.reach[0].first <= c.start {
		return v
	}
	v.sessions = slices.DeleteFunc(v.sessions, func(session session) bool {
		_, seen := t.reach.last(session.joined, session.left)
		return !seen
	})
	for i := range v.sessions {
		session := &v.sessions[i]
		until, _ := t.reach.last(session.joined, session.left)
		session.finished = session.finished && session.left <= until
	}
	return v
}
