package simulator

// Requests are how many series requests the calls of a truth take.
type Requests struct {
	// Bound goes by the hours that users were there: the sum over calls of a
	// sixth, rounded up, of the sum over users of the hours of presence,
	// rounded up.
	Bound int64 `json:"bound"`
	// Usual is the plan of asking for each hour of a call and each six of its
	// users.
	Usual int64 `json:"usual"`
	Calls int64 `json:"calls"`
	Users int64 `json:"users"` // of calls, which is also the requests for events
}

// Requests counts the series requests of all calls.
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
		all.Bound += (hours + 5) / 6
		all.Usual += (min(c.end, v.at) - c.start + hour - 1) / hour * ((users + 5) / 6)
		return true
	})
	return all
}

// presence is how many seconds each user was there.
func (v *view) presence() map[int]int64 {
	seconds := make(map[int]int64, len(v.users))
	for _, stay := range v.sessions {
		seconds[stay.user] += stay.left - stay.joined
	}
	return seconds
}
