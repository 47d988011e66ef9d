package extract

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// leastEvents is the smallest window into which a question about events is divided.
const leastEvents = 5 * time.Minute

// errUnserved is the reason of events that were not asked for because the account does not
// have the action.
var errUnserved = errors.New("not served to this account")

// askEvents asks for the events of each user of a call: of all users at once where the
// vendor answers that, of one user at a time where it does not. There are no pages.
func (c *callPass) askEvents(ctx context.Context, sessions []call.Session) error {
	p := c.pass
	users := c.call.EventUsers(sessions)
	if p.noEvents.Load() && len(users) > 0 {
		c.unserved(errUnserved)
		return nil
	}
	p.Progress.Add(StageEvents, len(users))
	all, err := c.askEverybody(ctx, users)
	if err != nil {
		return err
	}
	defer all.release()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	for _, user := range users {
		g.Go(func() error {
			err := c.eventsOf(gctx, user, all)
			p.Progress.Done(StageEvents, 1)
			switch {
			case err == nil:
				p.events.Store(true)
			case ask.Fatal(err):
				return err
			case unavailable(err):
				if !p.events.Load() && p.noEvents.CompareAndSwap(false, true) {
					c.rep.failed(notServed("user_events", err))
				}
				c.unserved(err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	c.judge(all)
	return nil
}

// unserved notes that the events of the call are missing, because the account does not have
// the action. The report names this once, not for each call.
func (c *callPass) unserved(err error) {
	c.decide(func(d *decide.Call) { d.Miss(call.PartEvents, "", d.Alive.Start, failureOf(err)) })
}

// eventsOf asks for the events of one user, unless an answer about all users has them, and
// archives those that the archive lacks.
func (c *callPass) eventsOf(ctx context.Context, user string, all *everybody) error {
	if events, ok := all.log(user); ok {
		log := &decide.EventLog{Responses: all.response}
		log.Add(events)
		return c.takeLog(ctx, user, all.window, log, nil)
	}
	w, ok := c.call.EventWindow(user, c.pass.now())
	if !ok {
		return nil
	}
	log := &decide.EventLog{}
	gaps, err := ask.Divide(w, ask.HalvesDownTo(leastEvents), func(w call.Window) error { return c.askLog(ctx, user, w, log) })
	switch {
	case err != nil:
		return err
	case len(gaps) == 1 && unavailable(gaps[0].Err):
		return gaps[0].Err
	case len(gaps) == 0 && log.Reason == "" && log.Entered.IsZero():
		all.came(user, log.Events)
	}
	return c.takeLog(ctx, user, w, log, gaps)
}

// takeLog archives a user's events as far as they came.
func (c *callPass) takeLog(ctx context.Context, user string, w call.Window, log *decide.EventLog, gaps []ask.Gap[call.Window]) error {
	var owned call.Owned
	var settledTo uint32
	var keep bool
	c.decide(func(d *decide.Call) {
		for _, gap := range gaps {
			log.Reason = gap.Err.Error()
			d.Miss(call.PartEvents, user, gap.Of.Start, failureOf(gap.Err))
		}
		owned, settledTo, keep = d.TakeEvents(user, w, log)
	})
	part := c.call.Part(call.PartEvents, user, w)
	part.Owned, part.Reason = []call.Owned{owned}, log.Reason
	if keep {
		return c.keepLog(ctx, part)
	}
	return c.addLog(ctx, part, settledTo, log)
}

// askLog asks for the events of a user in a window.
func (c *callPass) askLog(ctx context.Context, user string, w call.Window, log *decide.EventLog) error {
	var events []call.Event
	var info transform.Info
	var entered time.Time
	room := c.call.Room
	r, err := c.ask(ctx, question{
		window: w,
		build: func(w call.Window) trtc.Request {
			return c.pass.Asker.Dialect().EventsOf(c.pass.App, room.CommID, room.RoomID, user, w)
		},
		decode: func(body []byte) (err error) {
			var d transform.Decoder
			events, info, err = d.Events(body, user, room.RoomID, nil)
			likely := false
			if entered = (time.Time{}); info.List != transform.ListPresent {
				likely, entered = c.call.EventsNull(user, w)
			}
			var outside []transform.Damage
			events, outside = decide.PlausibleEvents(events, w)
			info.Damage = append(info.Damage, outside...)
			return ask.AnswerError(err, "Data", info, ask.When(likely, ask.ErrNull))
		},
	})
	log.Responses = append(log.Responses, r.responses()...)
	if err != nil {
		return err
	}
	c.rep.repeated(info.Repeated)
	log.Add(events)
	if bad := ask.DamagedRows(info.Damage); len(bad) > 0 {
		log.Reason = decide.DamageText(bad[0])
		c.decide(func(d *decide.Call) { d.Miss(call.PartEvents, user, w.Start, decide.Damaged(bad[0])) })
	}
	if !entered.IsZero() {
		log.Entered = entered
	}
	return nil
}

// addLog archives a user's events. If the log is not whole, events that were visible before
// stay visible.
func (c *callPass) addLog(ctx context.Context, part call.Part, settledTo uint32, log *decide.EventLog) error {
	c.decide(func(*decide.Call) { c.counts.events += len(log.Events) })
	part.Responses = log.Responses
	if log.Reason != "" {
		visible, before, err := c.visible(ctx, call.PartEvents, part.Owned)
		if err != nil {
			return err
		}
		part.Responses = slices.Concat(before, part.Responses)
		log.Add(visible.Events)
	}
	settled, open := decide.SplitEvents(log.Events, settledTo)
	return c.add(ctx, part, settledTo, c.rows(call.Rows{Events: settled}), c.rows(call.Rows{Events: open}))
}

// keepLog keeps the visible events of a user while the vendor answers null.
func (c *callPass) keepLog(ctx context.Context, part call.Part) error {
	visible, before, err := c.visible(ctx, call.PartEvents, part.Owned)
	if err != nil || len(visible.Events) == 0 {
		return err
	}
	part.Responses = before
	return archived(c.pass.taker().Add(ctx, c.unit, part, c.rows(call.Rows{Events: visible.Events})))
}
