package plan_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/plan"
)

// check holds a plan against what every plan must keep.
func (p problem) check(requests []plan.Request) error {
	due, held := p.due(), p.seconds(p.held)
	for i, r := range requests {
		if err := p.checkRequest(r); err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
		if i > 0 && r.Window.Start.Before(requests[i-1].Window.Start) {
			return fmt.Errorf("request %d is out of order", i)
		}
		for _, u := range r.Users {
			for s := int64(u.From); s <= int64(u.To); s++ {
				if held[u.ID][s] {
					return fmt.Errorf("second %d of %q is held and asked for again", s, u.ID)
				}
				if n, ok := due[u.ID][s]; ok && n > 0 {
					return fmt.Errorf("second %d of %q is owned twice", s, u.ID)
				} else if ok {
					due[u.ID][s] = 1
				}
			}
		}
	}
	for user, seconds := range due {
		for s, n := range seconds {
			if n == 0 {
				return fmt.Errorf("second %d of %q is not covered", s, user)
			}
		}
	}
	return checkApart(requests)
}

// checkRequest holds one request against the limits.
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

// checkApart finds spans of a user that overlap, be the user there or not.
func checkApart(requests []plan.Request) error {
	spans := map[string][]plan.User{}
	for _, r := range requests {
		for _, u := range r.Users {
			spans[u.ID] = append(spans[u.ID], u)
		}
	}
	for id, all := range spans {
		slices.SortFunc(all, func(a, b plan.User) int { return int(a.From) - int(b.From) })
		for i := 1; i < len(all); i++ {
			if all[i].From <= all[i-1].To {
				return fmt.Errorf("%q is owned from %d on twice", id, all[i].From)
			}
		}
	}
	return nil
}

// due lists the seconds that must be owned, by user; 0 is for not yet owned.
func (p problem) due() map[string]map[int64]int {
	due, held := map[string]map[int64]int{}, p.seconds(p.held)
	for _, s := range p.sessions {
		to := s.LeftAt
		if to.IsZero() || to.After(p.within.End) {
			to = p.within.End
		}
		if due[s.UserID] == nil {
			due[s.UserID] = map[int64]int{}
		}
		for t := s.JoinedAt; !t.After(to); t = t.Add(time.Second) {
			if !t.Before(p.within.Start) && !held[s.UserID][t.Unix()] {
				due[s.UserID][t.Unix()] = 0
			}
		}
	}
	return due
}

func (p problem) seconds(held plan.Held) map[string]map[int64]bool {
	out := map[string]map[int64]bool{}
	for user, windows := range held {
		out[user] = map[int64]bool{}
		for _, w := range windows {
			for s := w.Start.Unix(); s <= w.End.Unix(); s++ {
				out[user][s] = true
			}
		}
	}
	return out
}

// usual is how many requests it takes to walk the call from created in steps
// of a window, and in each, six by six, through the users who are then there.
// Nothing that is held is minded.
func (p problem) usual(created time.Time) int {
	there := map[int64]map[string]bool{}
	length := int64(p.limits.Window / time.Second)
	for _, s := range p.sessions {
		from, to := s.JoinedAt, s.LeftAt
		if from.Before(p.within.Start) {
			from = p.within.Start
		}
		if to.IsZero() || to.After(p.within.End) {
			to = p.within.End
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

// first is when somebody is there first, as far as the vendor keeps it.
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
