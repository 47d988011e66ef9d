package decide

import (
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// leastSeries is the smallest window that a request of series is divided into.
const leastSeries = 5 * time.Minute

// SeriesRequests plans what to ask of the series that the archive does not hold for
// good, of those who were there.
func (c *Call) SeriesRequests(sessions []call.Session) []plan.Request {
	return plan.Series(sessions, c.heldSeries(), c.Alive, c.Limits)
}

// SeriesKey names a request within its call: no user is in two of one window.
func SeriesKey(r plan.Request) string {
	return fmt.Sprintf("%d-%d %s", r.Window.Start.Unix(), r.Window.End.Unix(), r.Users[0].ID)
}

// Halves divides a request by users or, where there is one, the seconds that are
// this user's by time.
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

// Lack is why something of a user is missing from an answer. The zero Lack is that
// of what may be late: it is null, and due only since answers may still change.
type Lack struct {
	Null    bool    // some series is null though it is due for certain
	Damaged Failure // what is damaged; a Reason of "": nothing
}

// Lacks are the users of whom something is missing from an answer, who are asked for
// again by a later pass.
type Lacks map[string]Lack

// Nulls are the users of whom an answer is null where samples are due; those who are
// Certain, among them, where answers no longer change.
type Nulls struct{ Due, Certain []string }

// SeriesNulls looks at an answer to r, which has those series that are null. Of an
// answer without any series, none is true. brought are its sessions, which are all
// that is known where r names nobody.
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

// nulls returns the users of r of whom samples are due within w and null. If an answer has
// none at all, though some are due, nothing is known of the other users either.
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

// known returns the sessions that the archive holds and those that have come.
func (c *Call) known(came []call.Session) []call.Session {
	return MergeSessions(c.Held.Sessions, came)
}

// PresenceWith returns who was there as far as an answer tells that named nobody.
func (c *Call) PresenceWith(brought []call.Session) Presence { return PresenceOf(c.known(brought)) }

// settledPart returns what of w answers no longer change about: what is due only since may
// be late.
func (c *Call) settledPart(w call.Window) call.Window {
	return call.Window{Start: w.Start, End: Earlier(w.End, c.settledAt())}
}

// AddNulls adds what a page is null about. What will be settled by the next pass may
// be late until then.
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

// AddDamage adds the users of r of whom something in an answer is damaged: where
// that is not known, all of them.
func AddDamage(to Lacks, r plan.Request, damage []transform.Damage) {
	for _, d := range damage {
		if d.What == "total" || d.What == "session" {
			continue // the user list tells
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

// LastPage reports whether no further page of series is to be expected: as many rows as the
// vendor counts have come, and all users that were asked for. seen are the sessions of all
// pages so far, rows how many the last one had.
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

// Unnamed returns the users of r who were there, and of whom pages that name others say
// nothing at all.
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

// TakeSeries takes what an answer to r lacks. whole are the users of whom all came:
// their seconds are settled up to SettledTo, and open after it. partial are the
// others, all of whose seconds are open; reason says what of them is damaged.
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

// MissSeries takes that a request could not be had.
func (c *Call) MissSeries(r plan.Request, f Failure) {
	c.Miss(call.PartSeries, SeriesKey(r), r.Window.Start, f)
}
