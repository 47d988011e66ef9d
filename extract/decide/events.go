package decide

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/transform"
)

const (
	// eventSlack is added to the window of events after the end of a call: the last events
	// have milliseconds and can be logged later.
	eventSlack = time.Minute

	// eventsAround is how far outside the window of the question an event may be.
	eventsAround = 10 * time.Minute
)

// eventsOf returns whose events are asked for. A call of which an earlier pass asked for
// more goes on with it, so that nothing that is visible goes.
func (c *Call) eventsOf() ledger.EventsOf {
	of := cmp.Or(c.EventsOf, ledger.EventsOfAll)
	// who had trouble in a call that is replaced is known only when it is archived again
	late := c.Replaces && !c.Follows && of == ledger.EventsOfTroubled && c.Ledger.EventsOf == ledger.EventsOfTroubled
	switch {
	case !c.InLedger || !late && !of.Less(c.Ledger.EventsOf):
		return of
	case c.Replaces:
		return ledger.EventsOfAll
	}
	return c.Ledger.EventsOf
}

// Judged reports whether it is known who had trouble, and their events were asked for.
func (c *Call) Judged() bool {
	return c.EventsOf == ledger.EventsOfTroubled && c.InLedger && !c.Replaces && c.Ledger.EventsOf == ledger.EventsOfTroubled
}

// Completes notes that events of an archived call are asked for, and nothing else.
func (c *Call) Completes(of ledger.EventsOf) { c.EventsOf, c.completes = of, true }

// askedEventsOf returns whose events the call has, when the pass ends it.
func (c *Call) askedEventsOf() ledger.EventsOf {
	if c.EventsOf == ledger.EventsOfTroubled && !c.Judged() && !c.completes {
		return ledger.EventsOfNobody
	}
	return c.EventsOf
}

// EventUsers returns the users that may have events which are not settled in the archive.
func (c *Call) EventUsers(sessions []call.Session) []string {
	last := map[string]uint32{} // by user: the last second with events
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

// EventWindow returns the window of events to ask for; ok is false if all events are
// settled.
func (c *Call) EventWindow(user string, now time.Time) (w call.Window, ok bool) {
	w = call.Window{Start: c.Alive.Start, End: Earlier(c.Alive.End.Add(eventSlack), Later(now, c.Alive.Start))}
	if held := c.heldUntil(call.PartEvents, user); held > 0 {
		w.Start = Later(w.Start, second(held).Add(time.Second))
	}
	return w, !w.End.Before(w.Start)
}

// EventsNull judges a null answer about a user's events in w: likely means that null is
// likely to be a mistake. If it is certain to be one, entered is when the user entered: the
// log must have at least that event. If null is accepted, entered is zero.
func (c *Call) EventsNull(user string, w call.Window) (likely bool, entered time.Time) {
	if !c.AcceptsNull() {
		entered = c.present.entered(user, c.settledPart(w))
	}
	return c.present.eventsLikely(user, w), entered
}

// PlausibleEvents returns the events that can belong to the window of the question, and the
// others as damage.
func PlausibleEvents(events []call.Event, w call.Window) (plausible []call.Event, damage []transform.Damage) {
	from, to := w.Start.Add(-eventsAround), w.End.Add(eventsAround)
	plausible = slices.DeleteFunc(events, func(e call.Event) bool {
		outside := e.Time.Before(from) || e.Time.After(to)
		if outside {
			damage = append(damage, transform.Damage{What: "event", User: e.UserID, Key: fmt.Sprint(e.EventID), Problem: "Time is outside the window of the request", Count: 1})
		}
		return outside
	})
	return plausible, damage
}

// EventLog is what came of a user's events.
type EventLog struct {
	Events    []call.Event // each once
	Responses []uint64
	Reason    string    // why it is not whole; "": it is whole
	Entered   time.Time // if the log is certain to be null by mistake: when the user entered; otherwise zero

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

// TakeEvents takes a user's events as far as they came. The seconds after settledTo that
// the log owns are open. keep means that the log is null and visible events must stay.
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
