package extract

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
)

const (
	// callsAtOnce is the number of calls being archived at the same time.
	callsAtOnce = 24
)

// Archive takes rows. Rows of a unit become visible, all at once and in place
// of what was there of the unit before, some time after its Commit; Abandon
// forgets them. Methods are safe for concurrent use and may block while the
// archive is busy; arguments belong to the caller again when they return.
type Archive interface {
	// Held tells which of the units are archived: true for those that need no
	// more asking, false for those that may have grown.
	Held(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]bool, error)
	Room(ctx context.Context, u call.Unit, r call.Room) error
	Sessions(ctx context.Context, u call.Unit, commID, roomID string, s []call.Session) error
	Samples(ctx context.Context, u call.Unit, commID, roomID string, s *call.Samples) error
	Events(ctx context.Context, u call.Unit, commID, roomID string, e []call.Event) error
	UnusualEvents(ctx context.Context, u call.Unit, e []call.UnusualEvent) error
	DailyScale(ctx context.Context, u call.Unit, d call.DailyScale) error
	// Commit ends a unit, which began at start.
	Commit(ctx context.Context, u call.Unit, start time.Time, final bool) error
	Abandon(u call.Unit)
}

// Pass is one archiving pass over one application. All fields must be set but
// those said to be optional.
type Pass struct {
	Asker    *Asker
	Archive  Archive
	App      call.AppID
	Now      func() time.Time
	Progress Progress

	Retention time.Duration // how far back the vendor keeps data
	Settle    time.Duration // how long after its end a call's data may still grow

	From, To time.Time // optional: only what was alive between them
	RoomID   string    // optional: only calls of this room id
	Skip     func(relation string) bool
	Again    bool // also what the archive holds already

	edge     reach
	noEvents atomic.Bool // the account turned out not to have the action
}

// Run makes the pass. The Report tells what was and what could not be archived;
// the error is what ended the pass early, if anything did.
func (p *Pass) Run(ctx context.Context) (Report, error) {
	r := newReport(p.App, p.Now())
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.calls(gctx, r) })
	if p.RoomID == "" && !p.Skip("unusual_events") {
		g.Go(func() error { return p.unusualEvents(gctx, r) })
	}
	if p.RoomID == "" && !p.Skip("daily_scale") {
		g.Go(func() error { return p.dailyScale(gctx, r) })
	}
	err := g.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return r.snapshot(p.Now()), err
}

// calls lists the calls and archives those that the archive does not hold.
func (p *Pass) calls(ctx context.Context, r *report) error {
	g, gctx := errgroup.WithContext(ctx)
	queue := make(chan call.Room)
	g.Go(func() error {
		defer close(queue)
		return p.listCalls(gctx, r, queue)
	})
	for range callsAtOnce {
		g.Go(func() error {
			for room := range queue {
				if err := p.archiveCall(gctx, r, room); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// listCalls sends each call of the window that needs archiving once, oldest
// first.
func (p *Pass) listCalls(ctx context.Context, r *report, queue chan<- call.Room) error {
	seen := map[string]bool{}
	err := p.eachSlice(ctx, r, func(rooms []call.Room) error {
		rooms = slices.DeleteFunc(rooms, func(room call.Room) bool {
			if seen[room.CommID] {
				return true
			}
			seen[room.CommID] = true
			return false
		})
		due, err := p.due(ctx, r, rooms)
		if err != nil {
			return err
		}
		p.Progress.Add(StageCalls, len(due))
		for _, room := range due {
			select {
			case queue <- room:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	if err != nil && !fatal(err) {
		r.failed(Failure{What: "room list", Reason: err.Error()})
		return nil
	}
	return err
}

// due leaves out the calls that need no more asking: those whose archive is
// final, and those of which the archive holds more than the vendor still keeps.
func (p *Pass) due(ctx context.Context, r *report, rooms []call.Room) ([]call.Room, error) {
	r.listed(len(rooms))
	if len(rooms) == 0 {
		return nil, nil
	}
	keys := make([]string, len(rooms))
	for i, room := range rooms {
		keys[i] = room.CommID
	}
	held, err := p.Archive.Held(ctx, p.App, call.UnitCall, keys)
	if err != nil {
		return nil, archiveError{err}
	}
	oldest := p.oldest()
	rooms = slices.DeleteFunc(rooms, func(room call.Room) bool {
		final, ok := held[room.CommID]
		return ok && (final && !p.Again || room.CreatedAt.Before(oldest))
	})
	r.alreadyHeld(len(keys) - len(rooms))
	return rooms, nil
}

// settled tells whether what ended at end can no longer grow.
func (p *Pass) settled(end time.Time) bool { return end.Add(p.Settle).Before(p.Now()) }

// archiveError marks a failure of the archive, which ends the pass.
type archiveError struct{ error }

func (e archiveError) Unwrap() error { return e.error }

// fatal tells whether an error makes all further work pointless.
func fatal(err error) bool {
	if _, ok := errors.AsType[archiveError](err); ok {
		return true
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.Denied
}
