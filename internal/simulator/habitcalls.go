package simulator

import "time"

// valuelessUser returns the user of a call whose series have no values, if there is
// one.
func (s *Simulator) valuelessUser(f *Faults, c *call, at int64) (string, bool) {
	if c == nil || !f.draws(f.Valueless, saltValueless, c.seed) {
		return "", false
	}
	v := s.open(c, at)
	if len(v.users) == 0 {
		return "", false
	}
	return v.users[hash2(saltValueless, c.seed)%uint64(min(2, len(v.users)))].id, true
}

// reshape changes the values and times of series for the habits of calls.
func (s *Simulator) reshape(q *query, response *node) {
	f := q.habits.f
	if !q.wantsSeries() || f.Valueless+f.TextValues+f.DateTimes == 0 {
		return
	}
	c := s.find(q.app, q.commID, q.now)
	if c == nil {
		return
	}
	user, valueless := s.valuelessUser(f, c, q.now)
	texts, dates := f.draws(f.TextValues, saltTextValues, c.seed), f.draws(f.DateTimes, saltDateTimes, c.seed)
	for _, series := range response.get("Data").rows() {
		for _, row := range series.get("Content").rows() {
			if valueless && series.get("UserId").plain() == user {
				row.set("Value", scalar("null"))
				q.habit = FaultValueless
			}
			if value := row.get("Value"); texts && value != nil && value.kind == '0' {
				row.set("Value", textNode(value.text))
				q.habit = FaultTextValues
			}
			if dates {
				row.set("Time", textNode(time.Unix(row.integer("Time"), 0).UTC().Format(time.DateTime)))
				q.habit = FaultDateTimes
			}
		}
	}
}

// Valueless lists the users of calls that have begun whose every Value is null, app by
// app, oldest first.
func (s *Simulator) Valueless() []Mute {
	var all []Mute
	f, now := s.faults.Load(), s.now()
	for _, app := range s.options.Apps {
		for i := range s.calls[app] {
			c := &s.calls[app][i]
			if c.start > now {
				break
			}
			if user, ok := s.valuelessUser(f, c, now); ok {
				all = append(all, Mute{SdkAppID: c.app, CommID: c.commID(), UserID: user})
			}
		}
	}
	return all
}

// Drawn lists the calls that have begun and have a habit of calls: FaultValueless,
// FaultTextValues or FaultDateTimes.
func (s *Simulator) Drawn(kind FaultKind) []string {
	var all []string
	f, now := s.faults.Load(), s.now()
	portion, salt := f.Valueless, uint64(saltValueless)
	switch kind {
	case FaultTextValues:
		portion, salt = f.TextValues, saltTextValues
	case FaultDateTimes:
		portion, salt = f.DateTimes, saltDateTimes
	}
	for _, app := range s.options.Apps {
		for i := range s.calls[app] {
			if c := &s.calls[app][i]; c.start <= now && f.draws(portion, salt, c.seed) {
				all = append(all, c.commID())
			}
		}
	}
	return all
}
