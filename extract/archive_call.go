package extract

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// archiveCall fetches one call and commits it. A failure that concerns only
// this call is reported and is no error.
func (p *Pass) archiveCall(ctx context.Context, r *report, room call.Room) error {
	u := call.Unit{App: p.App, Kind: call.UnitCall, Key: room.CommID}
	asked := p.Now()
	n, err := p.fetchCall(ctx, r, u, room)
	if err == nil {
		final := room.Finished && n.allLeft && room.DestroyedAt.Add(p.Settle).Before(asked)
		err = archived(p.Archive.Commit(ctx, u, room.CreatedAt, final))
		n.provisional = !final
	}
	p.Progress.Done(StageCalls, 1)
	if err == nil {
		r.archivedCall(n)
		return nil
	}
	p.Archive.Abandon(u)
	if fatal(err) {
		return err
	}
	r.failed(Failure{CommID: room.CommID, RoomID: room.RoomID, What: "call", Reason: err.Error()})
	return nil
}

// callCounts is what was found of one call.
type callCounts struct {
	sessions, users, samples, events, nulls int
	allLeft                                 bool // nobody is in the room any more
	provisional                             bool
}

func (p *Pass) fetchCall(ctx context.Context, r *report, u call.Unit, room call.Room) (callCounts, error) {
	var n callCounts
	if err := p.Archive.Room(ctx, u, room); err != nil {
		return n, archiveError{err}
	}
	w := p.alive(room)
	sessions, err := p.userList(ctx, room, w)
	if err != nil {
		return n, err
	}
	if err := p.Archive.Sessions(ctx, u, room.CommID, room.RoomID, sessions); err != nil {
		return n, archiveError{err}
	}
	n.sessions, n.allLeft = len(sessions), allLeft(sessions)
	users := distinctUsers(sessions)
	n.users = len(users)
	w = p.span(w, sessions)

	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		n.samples, n.nulls, err = p.series(gctx, u, room, sessions, w)
		return err
	})
	if !p.Skip("user_events") && !p.noEvents.Load() {
		g.Go(func() (err error) {
			n.events, err = p.userEvents(gctx, r, u, room, users, w)
			return err
		})
	}
	return n, g.Wait()
}

// alive is the span in which a call can have data, as far as it is in reach.
func (p *Pass) alive(room call.Room) call.Window {
	w := call.Window{Start: room.CreatedAt, End: p.Now().UTC().Truncate(time.Second)}
	if room.Finished {
		w.End = room.DestroyedAt
	}
	w, _ = p.reach(w)
	if !w.Start.Before(w.End) {
		w.End = w.Start.Add(time.Second)
	}
	return w
}

// span widens what the room says to what its sessions say, and to the seconds
// in which events of leaving are still logged, as far as it is in reach.
func (p *Pass) span(w call.Window, sessions []call.Session) call.Window {
	for _, s := range sessions {
		if s.JoinedAt.Before(w.Start) {
			w.Start = s.JoinedAt
		}
		w.End = later(w.End, s.LeftAt)
	}
	w, _ = p.reach(w)
	return w
}

// userList asks for all sessions of a call, and holds them against the
// vendor's Total. Whether that counts users or sessions, of a window or of the
// call, it is never more than all sessions of the call.
func (p *Pass) userList(ctx context.Context, room call.Room, alive call.Window) ([]call.Session, error) {
	var all sessionSet
	total := 0
	for _, w := range plan.Slices(alive.Start, alive.End, p.Asker.Dialect().MaxUsersWindow) {
		said, err := p.userPages(ctx, room, w, &all)
		if err != nil {
			return nil, err
		}
		total = max(total, said)
	}
	if n := len(all.rows); n < total {
		return nil, fmt.Errorf("user list is short: %d sessions of %d", n, total)
	}
	return all.list(), nil
}

// userPages reads the pages of one window until one is short, and returns the
// greatest Total said.
func (p *Pass) userPages(ctx context.Context, room call.Room, w call.Window, all *sessionSet) (total int, err error) {
	for page, rows := 0, 0; ; page++ {
		var sessions []call.Session
		build := func(w call.Window) trtc.Request { return p.Asker.Dialect().UserList(p.App, room.CommID, w, page) }
		err := p.ask(ctx, w, build, func(body []byte) error {
			var d transform.Decoder
			var info transform.Info
			var err error
			sessions, info, err = d.Users(body, nil)
			if err == nil {
				total = max(total, info.Total)
			}
			if err == nil && len(sessions) == 0 && rows < info.Total {
				return errSuspect
			}
			return err
		})
		if err != nil {
			return 0, err
		}
		all.add(sessions)
		rows += len(sessions)
		if len(sessions) < trtc.MaxPageSize {
			return total, nil
		}
	}
}

// archived marks a failure of the archive.
func archived(err error) error {
	if err != nil {
		return archiveError{err}
	}
	return nil
}
