package decide

import (
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// leastSeries is the smallest window into which a request of series is divided.
const leastSeries = 5 * time.Minute

// SeriesRequests plans the requests for the users' series that are not settled in the
// archive.
func (c *Call) SeriesRequests(sessions []call.Session) []plan.Request {
	return plan.Series(sessions, c.heldSeries(), c.Alive, c.Limits)
}

// SeriesKey names a request within its call: two requests of one window have no user in
// common.
func SeriesKey(r plan.Request) string {
	return fmt.Sprintf("%d-%d %s", r.Window.Start.Unix(), r.Window.End.Unix(), r.Users[0].ID)
}

// Halves divides a request by users, or by time if it has one user.
func Halves(r plan.Request) (a, b plan.Request, ok bool) {
	a, b = r, r
	if n := len(r.Users) / 2; n > 0 {
		a.Users, b.Users = r.Users[:n:n], r.Users[n:]
		return a, b, true
	}
	u := r.Users[0]
	from, to := max(u.From, uint32(r.Window.Start.Unix())), min(u.To, uint32(r.Window.End.Unix()))
	if r.Window.End.Sub(r.Window.Start) < 2*leastSeries || from >= to {
		return a, b, false
	}
	at := from + (to-from)/2
	a.Window, b.Window = call.Window{Start: second(from), End: second(at)}, call.Window{Start: second(at), End: second(to)}
	a.Users, b.Users = []plan.User{{ID: u.ID, From: u.From, To: at}}, []plan.User{{ID: u.ID, From: at + 1, To: u.To}}
	return a, b, true
}

// Lack is why an answer lacks something of a user. The zero Lack means null that may only
// be late: it is due for less than the time in which answers change.
type Lack struct {
	Null    bool    // a series is certain to be null by mistake
	Damaged Failure // the damage; a Reason of "": none
}

// Lacks are the users of whom an answer lacks something. A later pass asks for them again.
type Lacks map[string]Lack

// Nulls are the users for whom an answer is null where samples are due. Certain are those
// of them for whom answers can no longer change.
type Nulls struct{ Due, Certain []string }

// SeriesNulls judges an answer to r in which the series null are null. none means that the
// answer has no list of series. brought are the sessions of the answer, which are all known
// sessions if r names nobody.
func (c *Call) SeriesNulls(r plan.Request, brought []call.Session, none bool, null []call.Series) Nulls {
	present := c.present
	if len(r.Users) == 0 {
		present = PresenceOf(c.known(brought))
		for _, id := range DistinctUsers(brought) {
			r.Users = append(r.Users, plan.User{ID: id, From: uint32(r.Window.Start.Unix()), To: uint32(r.Window.End.Unix())})
		}
	}
	return Nulls{present.nulls(r, none, null, r.Window), present.nulls(r, none, null, c.settledPart(r.Window))}
}

// nulls returns the users of r whose samples are due within w and null. If an answer has no
// samples at all, though some are due, it lacks those of the other users, too.
func (p Presence) nulls(r plan.Request, none bool, null []call.Series, w call.Window) (users []string) {
	for _, u := range r.Users {
		owned := call.Window{Start: Later(w.Start, second(u.From)), End: Earlier(w.End, second(u.To))}
		due := func(s call.Series) bool { return s.UserID == u.ID && p.samplesDue(u.ID, s.PeerID, w) }
		switch {
		case none && p.samplesDue(u.ID, "", owned):
			return r.UserIDs()
		case slices.ContainsFunc(null, due):
			users = append(users, u.ID)
		}
	}
	return users
}

// known returns the sessions that the archive has and those that came.
func (c *Call) known(came []call.Session) []call.Session {
	return MergeSessions(c.Held.Sessions, came)
}

// PresenceWith returns who was present, including the sessions of an answer to a request
// that named nobody.
func (c *Call) PresenceWith(brought []call.Session) Presence { return PresenceOf(c.known(brought)) }

// settledPart returns the part of w about which answers can no longer change. Data that is
// due since then may be late.
func (c *Call) settledPart(w call.Window) call.Window {
	return call.Window{Start: w.Start, End: Earlier(w.End, c.settledAt())}
}

// AddNulls adds the users for whom a page is null. Data that will be settled in the next
// pass may be late until then.
func (c *Call) AddNulls(to Lacks, n Nulls) {
	for _, user := range n.Due {
		certain := slices.Contains(n.Certain, user)
		if certain && c.AcceptsNull() || !certain && c.SettledTo == call.Forever {
			continue
		}
		lack := to[user]
		lack.Null = lack.Null || certain
		to[user] = lack
	}
}

// AddDamage adds the users of r for whom an answer is damaged, or all users if that is not
// known.
func AddDamage(to Lacks, r plan.Request, damage []transform.Damage) {
	for _, d := range damage {
		if d.What == "total" || d.What == "session" {
			continue // the user list has it
		}
		for _, u := range r.Users {
			if d.User == "" || d.User == u.ID {
				lack := to[u.ID]
				lack.Damaged = Damaged(d)
				to[u.ID] = lack
			}
		}
	}
}

// LastPage reports whether no further page of series is expected: there are as many rows as
// the vendor counts, and all users of the request. seen are the sessions of all pages so
// far, rows is the number of rows of the last one.
func (c *Call) LastPage(r plan.Request, seen []call.Session, rows, page, total int) bool {
	most := c.Limits.Users
	if rows == 0 {
		return page > 0 || total <= most
	}
	if len(seen) < total || rows < most {
		return len(seen) >= total
	}
	users := DistinctUsers(seen)
	missing := func(u plan.User) bool { return !slices.Contains(users, u.ID) }
	return len(r.Users) > 0 && (len(users) >= total || !slices.ContainsFunc(r.Users, missing))
}

// Unnamed returns the users of r who were present and whom no page mentions, although the
// pages name others.
func (c *Call) Unnamed(r plan.Request, sessions []call.Session, samples *call.Samples, lacks Lacks, damage []transform.Damage) (missing []transform.Damage) {
	if len(sessions) == 0 {
		return nil
	}
	named := map[string]bool{}
	for _, s := range sessions {
		named[s.UserID] = true
	}
	for _, s := range samples.Series {
		named[s.UserID] = true
	}
	for _, d := range damage {
		named[d.User] = true
	}
	for _, u := range r.Users {
		owned := call.Window{Start: Later(r.Window.Start, second(u.From)), End: Earlier(r.Window.End, second(u.To))}
		if _, lacks := lacks[u.ID]; !named[u.ID] && !named[""] && !lacks && c.present.samplesDue(u.ID, "", owned) {
			missing = append(missing, transform.Damage{What: "samples", User: u.ID, Problem: "the pages do not name the user", Count: 1})
		}
	}
	return missing
}

// TakeSeries takes what an answer to r lacks. whole has the users who lack nothing: their
// seconds are settled up to SettledTo, and open after it. partial has the others: all their
// seconds are open. reason says what is damaged.
func (c *Call) TakeSeries(r plan.Request, lacks Lacks) (whole, partial plan.Request, reason string) {
	whole.Window, partial.Window = r.Window, r.Window
	for _, u := range r.Users {
		lack, lacks := lacks[u.ID]
		if !lacks {
			whole.Users = append(whole.Users, u)
			continue
		}
		partial.Users = append(partial.Users, u)
		from, key := second(u.From), SeriesKey(plan.Request{Window: r.Window, Users: []plan.User{u}})
		switch {
		case lack.Damaged.Reason != "":
			reason = lack.Damaged.Reason
			c.Miss(call.PartSeries, key, from, lack.Damaged)
		case lack.Null:
			c.missNull(call.PartSeries, key, from)
		default:
			c.missesFrom(from)
		}
	}
	return whole, partial, reason
}

// MissSeries notes that a request failed.
func (c *Call) MissSeries(r plan.Request, f Failure) {
	c.Miss(call.PartSeries, SeriesKey(r), r.Window.Start, f)
}
