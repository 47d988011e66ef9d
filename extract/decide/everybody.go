package decide

import (
	"time"

	"github.com/callvault/callvault/internal/call"
)

// besideSession is how far from the beginning or the end of a session the events may be that
// tell of it.
const besideSession = 10 * time.Second

// Covered reports whether events, which came without their user having been named in the
// question, reach over all of the user's sessions in a window: they tell when each began and
// ended. An answer that was cut does not.
func (c *Call) Covered(user string, w call.Window, events []call.Event) bool {
	told := func(at time.Time) bool {
		for _, e := range events {
			if d := e.Time.Sub(at); d > -besideSession && d < besideSession {
				return true
			}
		}
		return false
	}
	covered := false
	for _, s := range c.present[user] {
		there := within(s, w)
		if there.End.Before(there.Start) {
			continue
		}
		if !s.Finished || s.JoinedAt.Before(w.Start) || s.LeftAt.After(w.End) || !told(s.JoinedAt) || !told(s.LeftAt) {
			return false
		}
		covered = true
	}
	return covered
}

// SameEvents reports whether two logs have the same settled events.
func (c *Call) SameEvents(x, y []call.Event) bool {
	count := map[call.Event]int{}
	for sign, events := range map[int][]call.Event{1: x, -1: y} {
		settled, _ := SplitEvents(events, c.SettledTo)
		for _, e := range settled {
			count[e] += sign
		}
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}
