package plan_test

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
)

// The states of a second of a user.
const (
	due   = 1 << iota // the user was present, the vendor has data, the archive does not
	held              // the archive has data
	owned             // a request owns it
)

// check compares a plan with the rules that every plan must follow.
func (p problem) check(requests []plan.Request) error {
	seconds := p.seconds()
	names := map[string]bool{}
	for i, r := range requests {
		if err := p.checkRequest(r); err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
		if i > 0 && r.Window.Start.Before(requests[i-1].Window.Start) {
			return fmt.Errorf("request %d is out of order", i)
		}
		name := fmt.Sprint(r.Window, r.Users[0].ID)
		if names[name] {
			return fmt.Errorf("request %d has the window and the first user of another", i)
		}
		names[name] = true
		for _, u := range r.Users {
			if err := p.own(seconds[u.ID], u); err != nil {
				return fmt.Errorf("request %d: %w", i, err)
			}
		}
	}
	for user, known := range seconds {
		if i := bytes.IndexByte(known, due); i >= 0 {
			return fmt.Errorf("second %d of %q is not covered", i, user)
		}
	}
	return nil
}

// own notes the seconds that a user of a request owns.
func (p problem) own(known []byte, u plan.User) error {
	from, to := p.index(int64(u.From)), p.index(int64(u.To))
	if from < 0 || to >= len(known) {
		return fmt.Errorf("%q owns seconds %d to %d of %d", u.ID, from, to, len(known))
	}
	for i := from; i <= to; i++ {
		if known[i]&(held|owned) != 0 {
			return fmt.Errorf("second %d of %q is asked for again", i, u.ID)
		}
		known[i] |= owned
	}
	return nil
}

// index returns how many seconds of within come before a unix second.
func (p problem) index(second int64) int { return int(second - p.within.Start.Unix()) }

// seconds returns, by user, the state of each second of within.
func (p problem) seconds() map[string][]byte {
	out := map[string][]byte{}
	for _, s := range p.sessions {
		if out[s.UserID] == nil {
			out[s.UserID] = make([]byte, p.index(p.within.End.Unix())+1)
		}
		mark(out[s.UserID], p.index(s.JoinedAt.Unix()), p.index(p.left(s).Unix()), due)
	}
	for user, windows := range p.held {
		for _, w := range windows {
			mark(out[user], p.index(w.Start.Unix()), p.index(w.End.Unix()), held)
		}
	}
	return out
}

// mark sets the state of the seconds from..to, both included, as far as known reaches.
func mark(known []byte, from, to int, as byte) {
	for i := max(from, 0); i <= to && i < len(known); i++ {
		known[i] = as
	}
}

// left returns when a session ends, at most the end of within.
func (p problem) left(s call.Session) time.Time {
	if s.LeftAt.IsZero() || s.LeftAt.After(p.within.End) {
		return p.within.End
	}
	return s.LeftAt
}

// checkRequest compares one request with the limits.
func (p problem) checkRequest(r plan.Request) error {
	if d := r.Window.End.Sub(r.Window.Start); d > p.limits.Window || d <= 0 {
		return fmt.Errorf("window %v spans %v", r.Window, d)
	}
	ids := slices.Sorted(slices.Values(r.UserIDs()))
	if len(ids) == 0 || len(ids) > p.limits.Users || len(slices.Compact(ids)) != len(r.Users) {
		return fmt.Errorf("it is for users %q", r.UserIDs())
	}
	for _, u := range r.Users {
		if u.From > u.To || int64(u.From) < r.Window.Start.Unix() || int64(u.To) > r.Window.End.Unix() {
			return fmt.Errorf("%q owns %d to %d of %v", u.ID, u.From, u.To, r.Window)
		}
		if from, to, ok := r.Owned(u.ID); !ok || from != u.From || to != u.To {
			return fmt.Errorf("%q owns %d to %d, and Owned says %d to %d", u.ID, u.From, u.To, from, to)
		}
	}
	return nil
}

// usual returns how many requests it takes to walk the call from created in steps of a
// window, and in each step, six at a time, through the users who are present. It ignores
// what the archive has.
func (p problem) usual(created time.Time) int {
	there := map[int64]map[string]bool{}
	length := int64(p.limits.Window / time.Second)
	for _, s := range p.sessions {
		from, to := s.JoinedAt, p.left(s)
		if from.Before(p.within.Start) {
			from = p.within.Start
		}
		if to.Before(from) {
			continue
		}
		first := (from.Unix() - created.Unix()) / length
		last := max(first, (to.Unix()-created.Unix()-1)/length) // a window includes its last second
		for step := first; step <= last; step++ {
			if there[step] == nil {
				there[step] = map[string]bool{}
			}
			there[step][s.UserID] = true
		}
	}
	n := 0
	for _, users := range there {
		n += (len(users) + p.limits.Users - 1) / p.limits.Users
	}
	return n
}

// first returns when the first user is present within what the vendor keeps.
func (p problem) first() time.Time {
	first := p.within.End
	for _, s := range p.sessions {
		if s.JoinedAt.Before(first) {
			first = s.JoinedAt
		}
	}
	if first.Before(p.within.Start) {
		return p.within.Start
	}
	return first
}
