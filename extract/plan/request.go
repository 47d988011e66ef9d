package plan

import (
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Limits are the vendor's limits for one request of metric series.
type Limits struct {
	Window time.Duration // from StartTime to EndTime, in whole seconds; at least one is assumed
	Users  int           // at least one is assumed
}

func (l Limits) length() int64 { return max(int64(l.Window/time.Second), 1) }

func (l Limits) seats() int { return max(l.Users, 1) }

// Request asks for the series of some users within one window. No two requests for a call
// have the same window and the same first user.
type Request struct {
	Window call.Window
	Users  []User // each once, by From and then by ID
}

// User is a user of a Request. The user's samples in the unix seconds From to To, both
// included and within the window, belong to this request and to no other. The user may have
// been absent for some of these seconds.
type User struct {
	ID       string
	From, To uint32
}

// UserIDs lists the request's users in the form that the vendor expects.
func (r Request) UserIDs() []string {
	ids := make([]string, len(r.Users))
	for i, u := range r.Users {
		ids[i] = u.ID
	}
	return ids
}

// Seconds returns the presence that the request asks for, summed over its users.
func (r Request) Seconds() float64 {
	n := 0.0
	for _, u := range r.Users {
		n += float64(u.To-u.From) + 1
	}
	return n
}

// Owned returns the span of unix seconds, both included, whose samples of the user belong
// to this request. ok is false for a user that the request does not ask for.
func (r Request) Owned(userID string) (from, to uint32, ok bool) {
	i := slices.IndexFunc(r.Users, func(u User) bool { return u.ID == userID })
	if i < 0 {
		return 0, 0, false
	}
	return r.Users[i].From, r.Users[i].To, true
}
