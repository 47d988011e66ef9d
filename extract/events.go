package extract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// eventSlack is asked for after the end of a call: its last events carry
// milliseconds and can be logged after it.
const eventSlack = time.Minute

// askEvents asks for the events of each user of a call: the vendor answers for
// one user at a time, without pages.
func (c *callPass) askEvents(ctx context.Context, sessions []call.Session) error {
	users := c.eventUsers(sessions)
	if c.noEvents.Load() && len(users) > 0 {
		c.unserved(errUnserved)
		return nil
	}
	c.Progress.Add(StageEvents, len(users))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	for _, user := range users {
		g.Go(func() error {
			err := c.eventsOf(gctx, user)
			c.Progress.Done(StageEvents, 1)
			switch {
			case err == nil:
				c.events.Store(true)
			case fatal(err):
				return err
			case unavailable(err):
				if !c.events.Load() && c.noEvents.CompareAndSwap(false, true) {
					c.rep.failed(notServed("user_events", err))
				}
				c.unserved(err)
			}
			return nil
		})
	}
	return g.Wait()
}

// unserved sets the events of the call aside: the account does not have them, as of
// now. The report says so once, not of each call.
func (c *callPass) unserved(err error) { c.setAside(call.PartEvents, "", c.alive.Start, err) }

// onlyUnserved says that nothing else is set aside.
func (c *callPass) onlyUnserved() bool {
	return !slices.ContainsFunc(c.failed, func(f call.FailedPart) bool { return f.Kind != call.PartEvents || f.Key != "" })
}

// eventUsers are the users that may have events which the archive does not hold
// for good.
func (c *callPass) eventUsers(sessions []call.Session) []string {
	last := map[string]uint32{} // the last second with events, per user
	for _, s := range sessions {
		if !s.Finished {
			last[s.UserID] = call.Forever
			continue
		}
		last[s.UserID] = max(last[s.UserID], uint32(s.LeftAt.Add(eventSlack).Unix()))
	}
	return slices.DeleteFunc(distinctUsers(sessions), func(user string) bool {
		return c.heldUntil(call.PartEvents, user) >= last[user]
	})
}

// errUnserved is the reason of events that were not asked for, since the account
// does not have the action.
var errUnserved = errors.New("not served to this account")

// leastEvents is the smallest window that a question about events is divided into.
const leastEvents = 5 * time.Minute

// eventLog is what has come of a user's events.
type eventLog struct {
	events    []call.Event
	seen      map[call.Event]bool
	responses []uint64
	reason    string    // why it is not whole; "": it is
	entered   time.Time // of whom null is no answer: when the user entered; zero: whatever is null may be so
}

// eventsOf asks for the events of one user and archives those that are not held.
func (c *callPass) eventsOf(ctx context.Context, user string) error {
	w := call.Window{Start: c.alive.Start, End: earlier(c.alive.End.Add(eventSlack), later(c.now(), c.alive.Start))}
	if held := c.heldUntil(call.PartEvents, user); held > 0 {
		w.Start = later(w.Start, second(held).Add(time.Second))
	}
	if w.End.Before(w.Start) {
		return nil
	}
	log := eventLog{seen: map[call.Event]bool{}}
	gaps, err := divide(ctx, w, leastEvents, func(ctx context.Context, w call.Window) error { return c.askLog(ctx, user, w, &log) })
	switch {
	case err != nil:
		return err
	case len(gaps) == 1 && unavailable(gaps[0].err):
		return gaps[0].err
	}
	for _, gap := range gaps {
		log.reason = gap.err.Error()
		c.setAside(call.PartEvents, user, gap.Start, gap.err)
	}
	if !log.entered.IsZero() {
		c.want(call.PartEvents, user, log.entered)
		if log.reason == "" {
			return c.keepLog(ctx, user, w)
		}
	}
	return c.putLog(ctx, user, w, &log)
}

// askLog asks for the events of a user in a window.
func (c *callPass) askLog(ctx context.Context, user string, w call.Window, log *eventLog) error {
	var events []call.Event
	var info transform.Info
	var entered time.Time
	build := func(w call.Window) trtc.Request {
		return c.Asker.Dialect().EventsOf(c.App, c.room.CommID, c.room.RoomID, user, w)
	}
	k, err := c.ask(ctx, w, build, func(body []byte) (err error) {
		var d transform.Decoder
		events, info, err = d.Events(body, user, c.room.RoomID, nil)
		if err == nil && (info.List == transform.ListAbsent || info.List == transform.ListWrong) {
			return noList("Data", info)
		}
		null := err == nil && info.List != transform.ListPresent
		if entered = (time.Time{}); null && !c.believes() {
			entered = c.entered(user, c.settledPart(w))
		}
		if null && c.eventful(user, w) {
			return errSuspect
		}
		strays := strayEvents(&events, w)
		if info.Damage = append(info.Damage, strays...); err != nil {
			return err
		}
		return damaged(info.Damage)
	})
	log.responses = append(log.responses, k.ids()...)
	if err != nil {
		return err
	}
	c.rep.repeated(info.Repeated)
	for _, e := range events {
		if !log.seen[e] {
			log.seen[e], log.events = true, append(log.events, e)
		}
	}
	if bad := rowsOf(info.Damage); len(bad) > 0 {
		log.reason = damageText(bad[0])
		c.setAside(call.PartEvents, user, w.Start, oddPiece(bad[0]))
	}
	if !entered.IsZero() {
		log.entered = entered
	}
	return nil
}

// eventsAround is how far outside the window asked for an event may be.
const eventsAround = 10 * time.Minute

// strayEvents takes out the events that cannot be of the window asked for.
func strayEvents(events *[]call.Event, w call.Window) (all []transform.Damage) {
	from, to := w.Start.Add(-eventsAround), w.End.Add(eventsAround)
	*events = slices.DeleteFunc(*events, func(e call.Event) bool {
		stray := e.Time.Before(from) || e.Time.After(to)
		if stray {
			all = append(all, transform.Damage{What: "event", User: e.UserID, Key: fmt.Sprint(e.EventID), Problem: "Time is outside the window asked", Count: 1})
		}
		return stray
	})
	return all
}

// putLog archives a user's events. What is not whole is not settled, and what has
// been visible besides stays so.
func (c *callPass) putLog(ctx context.Context, user string, w call.Window, log *eventLog) error {
	c.count(func(n *callCounts) { n.events += len(log.events) })
	owned := []call.Owned{{User: user, From: uint32(w.Start.Unix()), To: uint32(w.End.Unix())}}
	if c.cut == call.Forever {
		owned[0].To = call.Forever
	}
	a := addition{kind: call.PartEvents, key: user, window: w, responses: log.responses, reason: log.reason, cut: c.cut}
	if log.reason != "" {
		a.cut = owned[0].From - 1
		shown, before, err := c.showing(ctx, call.PartEvents, owned)
		if err != nil {
			return err
		}
		a.responses = slices.Concat(before, a.responses)
		for _, e := range shown.Events {
			if !log.seen[e] {
				log.events = append(log.events, e)
			}
		}
	}
	settled, open := splitEvents(log.events, a.cut)
	return c.addBoth(ctx, a, owned, c.rows(call.Rows{Events: settled}), c.rows(call.Rows{Events: open}))
}

// keepLog keeps what has been visible of a user's events while the vendor answers
// null.
func (c *callPass) keepLog(ctx context.Context, user string, w call.Window) error {
	owned := []call.Owned{{User: user, From: uint32(w.Start.Unix()), To: uint32(w.End.Unix())}}
	shown, before, err := c.showing(ctx, call.PartEvents, owned)
	if err != nil || len(shown.Events) == 0 {
		return err
	}
	part := c.part(call.PartEvents, user, w)
	part.Owned, part.Responses = owned, before
	return archived(c.Archive.Add(ctx, c.unit, part, c.rows(call.Rows{Events: shown.Events})))
}

// splitEvents divides events at a second: those up to its end, and those after.
func splitEvents(events []call.Event, cut uint32) (upTo, after []call.Event) {
	for _, e := range events {
		if cut == call.Forever || e.Time.Unix() <= int64(cut) {
			upTo = append(upTo, e)
		} else {
			after = append(after, e)
		}
	}
	return upTo, after
}
