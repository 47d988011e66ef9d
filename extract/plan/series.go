package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Limits are the vendor's for one request of metric series.
type Limits struct {
	Window time.Duration // from StartTime to EndTime
	Users  int
}

// Request asks for the series of some users within one window.
type Request struct {
	Window call.Window
	Users  []User
}

// User is a user of a Request.
type User struct {
	ID       string
	From, To uint32
}

// Held are the windows, by user, that are held for good.
type Held map[string][]call.Window

// UserIDs lists the request's users as the vendor wants them.
func (r Request) UserIDs() []string {
	ids := make([]string, len(r.Users))
	for i, u := range r.Users {
		ids[i] = u.ID
	}
	return ids
}

// Seconds is the presence asked for, summed over the users.
func (r Request) Seconds() float64 {
	n := 0.0
	for _, u := range r.Users {
		n += float64(u.To-u.From) + 1
	}
	return n
}

// Owned is the span of unix seconds, both included, whose samples of the user
// belong to this request. ok is false for a user it did not ask for.
func (r Request) Owned(userID string) (from, to uint32, ok bool) {
	i := slices.IndexFunc(r.Users, func(u User) bool { return u.ID == userID })
	if i < 0 {
		return 0, 0, false
	}
	return r.Users[i].From, r.Users[i].To, true
}

// Series plans the requests that cover every second in which some user was in
// the call, as far as within tells (what the vendor still keeps, until now).
// Sessions without an end last until within's end. Requests come in the order
// of time.
func Series(sessions []call.Session, held Held, within call.Window, limits Limits) []Request {
	var (
		out   []Request
		stays = presence(sessions, held, within)
		last  = map[string]int{} // user → index in out of the latest request that asks for them
	)
	for len(stays) > 0 {
		var (
			users []string
			w     call.Window
		)
		w, users, stays = nextWindow(stays, limits.Window)
		for group := range slices.Chunk(users, limits.Users) {
			r := Request{Window: w}
			for _, id := range group {
				if i, ok := last[id]; ok && out[i].Window.End.Equal(w.Start) {
					out[i].disownEnd(id)
				}
				last[id] = len(out)
				r.Users = append(r.Users, User{id, uint32(w.Start.Unix()), uint32(w.End.Unix())})
			}
			out = append(out, r)
		}
	}
	return out
}

// nextWindow takes the window that begins with the first stay, the users in
// the call within it, and what of the stays lies beyond it.
func nextWindow(stays []stay, longest time.Duration) (w call.Window, users []string, rest []stay) {
	w.Start = stays[0].from
	limit := w.Start.Add(longest)
	w.End = w.Start.Add(time.Second) // a window needs some length
	seen := map[string]bool{}
	for i, st := range stays {
		if !st.from.Before(limit) {
			rest = append(rest, stays[i:]...)
			break
		}
		if !seen[st.user] {
			seen[st.user] = true
			users = append(users, st.user)
		}
		w.End = later(w.End, earlier(st.to, limit))
		if st.to.After(limit) {
			rest = append(rest, stay{st.user, limit, st.to})
		}
	}
	slices.SortFunc(rest, byStart)
	return w, users, rest
}

func (r *Request) disownEnd(userID string) {
	for i := range r.Users {
		if r.Users[i].ID == userID {
			r.Users[i].To--
		}
	}
}

// stay is one uninterrupted presence of one user, both ends included.
type stay struct {
	user     string
	from, to time.Time
}

// presence lists the stays within w in the order of their beginning, a user's
// overlapping or touching ones joined.
func presence(sessions []call.Session, held Held, w call.Window) []stay {
	var all []stay
	for _, s := range sessions {
		to := s.LeftAt
		if to.IsZero() {
			to = w.End
		}
		st := stay{s.UserID, later(s.JoinedAt, w.Start), earlier(to, w.End)}
		for _, h := range held[s.UserID] {
			if !h.Start.After(st.from) {
				st.from = later(st.from, h.End.Add(time.Second))
			}
		}
		if !st.to.Before(st.from) {
			all = append(all, st)
		}
	}
	slices.SortFunc(all, func(a, b stay) int {
		return cmp.Or(cmp.Compare(a.user, b.user), a.from.Compare(b.from))
	})
	joined := all[:0]
	for _, st := range all {
		if n := len(joined) - 1; n >= 0 && joined[n].user == st.user && !st.from.After(joined[n].to) {
			joined[n].to = later(joined[n].to, st.to)
			continue
		}
		joined = append(joined, st)
	}
	slices.SortFunc(joined, byStart)
	return joined
}

func byStart(a, b stay) int {
	return cmp.Or(a.from.Compare(b.from), cmp.Compare(a.user, b.user))
}
