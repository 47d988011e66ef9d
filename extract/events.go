package extract

import (
	"context"
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
			case unavailable(err) && !c.events.Load():
				if c.noEvents.CompareAndSwap(false, true) {
					c.rep.failed(notServed("user_events", err))
				}
			default:
				c.fail(call.PartEvents, user, err)
			}
			return nil
		})
	}
	return g.Wait()
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

// eventsOf asks for the events of one user and archives those that are not held.
func (c *callPass) eventsOf(ctx context.Context, user string) error {
	w := call.Window{Start: c.alive.Start, End: earlier(c.alive.End.Add(eventSlack), later(c.now(), c.alive.Start))}
	if held := c.heldUntil(call.PartEvents, user); held > 0 {
		w.Start = later(w.Start, second(held).Add(time.Second))
	}
	if w.End.Before(w.Start) {
		return nil
	}
	var events []call.Event
	var entered time.Time // zero: whatever is null may be so
	build := func(w call.Window) trtc.Request {
		return c.Asker.Dialect().EventsOf(c.App, c.room.CommID, c.room.RoomID, user, w)
	}
	id, err := c.ask(ctx, w, build, func(body []byte) (err error) {
		var d transform.Decoder
		var info transform.Info
		events, info, err = d.Events(body, user, c.room.RoomID, nil)
		null := err == nil && info.List != transform.ListPresent
		if entered = (time.Time{}); null && !c.believes() {
			entered = c.entered(user, c.settledPart(w))
		}
		if null && c.eventful(user, w) {
			return errSuspect
		}
		return err
	})
	if err != nil {
		return err
	}
	if !entered.IsZero() {
		c.want(call.PartEvents, user, entered)
		return nil
	}
	c.count(func(n *callCounts) { n.events += len(events) })
	first, last := uint32(w.Start.Unix()), uint32(w.End.Unix())
	if c.cut == call.Forever {
		last = call.Forever
	}
	settled, open := splitEvents(events, c.cut)
	return c.addBoth(ctx, call.PartEvents, user, w, []uint64{id}, []call.Owned{{User: user, From: first, To: last}},
		c.rows(call.Rows{Events: settled}), c.rows(call.Rows{Events: open}))
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
