package extract

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// userEvents asks for the events of each user of a call: the vendor answers
// for one user at a time, without pages.
func (p *Pass) userEvents(ctx context.Context, rep *report, u call.Unit, room call.Room, users []string, w call.Window) (int, error) {
	p.Progress.Add(StageEvents, len(users))
	var rows atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(inFlight)
	for _, user := range users {
		g.Go(func() error {
			events, err := p.eventsOf(gctx, room, user, w)
			if unavailable(err) {
				if p.noEvents.CompareAndSwap(false, true) {
					rep.failed(notServed("user_events", err))
				}
				return nil
			}
			if err != nil {
				return err
			}
			rows.Add(int64(len(events)))
			p.Progress.Done(StageEvents, 1)
			return archived(p.Archive.Events(gctx, u, room.CommID, room.RoomID, events))
		})
	}
	err := g.Wait()
	return int(rows.Load()), err
}

// eventSlack is asked for after the end of a call: its last events carry
// milliseconds and can be logged after it.
const eventSlack = time.Minute

func (p *Pass) eventsOf(ctx context.Context, room call.Room, user string, w call.Window) ([]call.Event, error) {
	if w.End = w.End.Add(eventSlack); w.End.After(p.now()) {
		w.End = later(p.now(), w.Start)
	}
	var events []call.Event
	build := func(w call.Window) trtc.Request {
		return p.Asker.Dialect().EventsOf(p.App, room.CommID, room.RoomID, user, w)
	}
	err := p.ask(ctx, w, build, func(body []byte) (err error) {
		var d transform.Decoder
		events, _, err = d.Events(body, user, room.RoomID, nil)
		return err
	})
	return events, err
}
