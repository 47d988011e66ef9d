package decide

import (
	"slices"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// leaveSlack is how long after the end of a call the vendor may report that the last user
// left.
const leaveSlack = time.Minute

// FirstWindow returns the window of a question about series that names no users. The
// question is worth a request only for a call that fits into one window and of which the
// archive has nothing.
func (c *Call) FirstWindow() (w call.Window, ok bool) {
	if len(c.Held.Parts) > 0 || c.Alive.End.Sub(c.Alive.Start) > c.Limits.Window {
		return w, false
	}
	w = c.Alive
	w.End = Earlier(w.End.Add(leaveSlack), Later(c.Asked, w.End))
	w.End = Earlier(w.End, w.Start.Add(c.Limits.Window))
	return w, true
}

// NamesAll reports whether the first answer has all sessions of the call. An answer with as
// many users as fit into one may lack some.
func (c *Call) NamesAll(sessions []call.Session, info transform.Info) bool {
	rows, users := len(sessions), len(DistinctUsers(sessions))
	damaged := slices.ContainsFunc(info.Damage, func(d transform.Damage) bool { return d.What == "session" || d.What == "total" })
	return users > 0 && users < c.Limits.Users && rows != c.Limits.Users && info.HasTotal && info.Total <= rows && !damaged && !c.Compare
}

// UnnamedWindows divides the windows of a list into windows that may be asked for without
// naming users. No two of them share a second.
func (c *Call) UnnamedWindows(l *UserList) (windows []call.Window) {
	var next time.Time // all earlier seconds are in a window
	oldestFirst := slices.SortedFunc(slices.Values(l.Unnamed), func(a, b call.Window) int { return a.Start.Compare(b.Start) })
	for _, w := range oldestFirst {
		for start := Later(w.Start, next); start.Before(w.End); start = next {
			end := Earlier(start.Add(c.Limits.Window), w.End)
			windows = append(windows, call.Window{Start: start, End: end})
			next = end.Add(time.Second)
		}
	}
	return windows
}

// Named returns r as if it had named the users of its answer, with the seconds that are not
// settled. A request that names users is returned unchanged.
func (c *Call) Named(r plan.Request, sessions []call.Session, samples *call.Samples) plan.Request {
	if len(r.Users) > 0 {
		return r
	}
	users := DistinctUsers(sessions)
	for _, s := range samples.Series {
		if !slices.Contains(users, s.UserID) {
			users = append(users, s.UserID)
		}
	}
	slices.Sort(users)
	for _, id := range users {
		if from, to := c.Unheld(r.Window, id); from <= to {
			r.Users = append(r.Users, plan.User{ID: id, From: from, To: to})
		}
	}
	return r
}

// TakeUnnamed takes the answer to a request that named nobody, in the form of Named. The
// users' seconds in it are not asked for again. The results are those of TakeSeries.
func (c *Call) TakeUnnamed(r plan.Request, lacks Lacks) (whole, partial plan.Request, reason string) {
	c.answered(r)
	return c.TakeSeries(r, lacks)
}
