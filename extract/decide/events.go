package decide

import (
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

const (
	// eventSlack is asked for after the end of a call: its last events carry
	// milliseconds and can be logged after it.
	eventSlack = time.Minute

	// eventsAround is how far outside the window asked for an event may be.
	eventsAround = 10 * time.Minute
)

// EventUsers returns the users that may have events which the archive does not hold for
// good.
func (c *Call) EventUsers(sessions []call.Session) []string {
	last := map[string]uint32{} // the last second with events, per user
	for _, s := range sessions {
		if !s.Finished {
			last[s.UserID] = call.Forever
			continue
		}
		last[s.UserID] = max(last[s.UserID], uint32(s.LeftAt.Add(eventSlack).Unix()))
	}
	return slices.DeleteFunc(DistinctUsers(sessions), func(user string) bool {
		return c.heldUntil(call.PartEvents, user) >= last[user]
	})
}

// EventWindow returns what to ask of a user's events; ok is false if all are held.
func (c *Call) EventWindow(user string, now time.Time) (w call.Window, ok bool) {
	w = call.Window{Start: c.Alive.Start, End: Earlier(c.Alive.End.Add(eventSlack), Later(now, c.Alive.Start))}
	if held := c.heldUntil(call.PartEvents, user); held > 0 {
		w.Start = Later(w.Start, second(held).Add(time.Second))
	}
	return w, !w.End.Before(w.Start)
}

// EventsNull says of an answer that is null about a user's events in w whether that
// is likely to be a mistake, and when the user entered if it is for certain: the log
// has at least that. Where null is accepted, entered is zero.
func (c *Call) EventsNull(user string, w call.Window) (likely bool, entered time.Time) {
	if !c.AcceptsNull() {
		entered = c.present.entered(user, c.settledPart(w))
	}
	return c.present.eventsLikely(user, w), entered
}

// PlausibleEvents returns the events that can be of the window asked for, and as damage
// those that cannot.
func PlausibleEvents(events []call.Event, w call.Window) (plausible []call.Event, damage []transform.Damage) {
	from, to := w.Start.Add(-eventsAround), w.End.Add(eventsAround)
	plausible = slices.DeleteFunc(events, func(e call.Event) bool {
		outside := e.Time.Before(from) || e.Time.After(to)
		if outside {
			damage = append(damage, transform.Damage{What: "event", User: e.UserID, Key: fmt.Sprint(e.EventID), Problem: "Time is outside the window asked", Count: 1})
		}
		return outside
	})
	return plausible, damage
}

// EventLog is what has come of a user's events.
type EventLog struct {
	Events    []call.Event // each once
	Responses []uint64
	Reason    string    // why it is not whole; "": it is
	Entered   time.Time // of a log that is null for certain where the user entered: when; zero: it is not

	seen map[call.Event]bool
}

// Add adds the events that the log does not have.
func (l *EventLog) Add(events []call.Event) {
	if l.seen == nil {
		l.seen = map[call.Event]bool{}
	}
	for _, e := range events {
		if !l.seen[e] {
			l.seen[e], l.Events = true, append(l.Events, e)
		}
	}
}

// TakeEvents takes a user's events as far as they came. All that the log owns is
// open after settledTo. keep says that what is visible stays visible, as the log is
// null.
func (c *Call) TakeEvents(user string, w call.Window, l *EventLog) (owned call.Owned, settledTo uint32, keep bool) {
	owned = call.Owned{User: user, From: uint32(w.Start.Unix()), To: uint32(w.End.Unix())}
	if !l.Entered.IsZero() {
		c.missNull(call.PartEvents, user, l.Entered)
		if l.Reason == "" {
			return owned, owned.From - 1, true
		}
	}
	if settledTo = c.SettledTo; settledTo == call.Forever {
		owned.To = call.Forever
	}
	if l.Reason != "" {
		settledTo = owned.From - 1
	}
	return owned, settledTo, false
}
