package simulator

// Requests is the number of series requests that the calls of a truth need.
type Requests struct {
	// Bound is computed from the hours that users were in their calls: for each call,
	// the hours of each user, rounded up, are summed, divided by six, and rounded up.
	Bound int64 `json:"bound"`
	// Usual is the number of requests for each hour of a call and each six of its
	// users.
	Usual int64 `json:"usual"`
	Calls int64 `json:"calls"`
	Users int64 `json:"users"` // users of all calls; each needs a request for events, if it must name a user
	// Events is the least number of requests for the events of all users: one for each call
	// where the vendor answers for all users at once, otherwise one for each user.
	Events int64 `json:"events"`
}

// Requests returns the number of series requests for all calls.
func (t *Truth) Requests() Requests {
	var all Requests
	t.kept(func(c *call) bool {
		v := t.open(c)
		users, hours := int64(0), int64(0)
		for _, present := range v.presence() {
			users++
			hours += (present + hour - 1) / hour
		}
		all.Calls++
		all.Users += users
		if t.s.options.Everybody == EverybodyRefused {
			all.Events += users
		} else {
			all.Events += min(users, 1)
		}
		all.Bound += (hours + 5) / 6
		all.Usual += (min(c.end, v.at) - c.start + hour - 1) / hour * ((users + 5) / 6)
		return true
	})
	return all
}

// presence returns the seconds that each user was in the call.
func (v *view) presence() map[int]int64 {
	seconds := make(map[int]int64, len(v.users))
	for _, session := range v.sessions {
		seconds[session.user] += session.left - session.joined
	}
	return seconds
}
