package extract

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/span"
)

// lifetime is the span in which the call can have data, as far as it is in
// reach, but for what its sessions may add.
func (c *callPass) lifetime() call.Window {
	w := call.Window{Start: c.room.CreatedAt, End: c.asked}
	if c.room.Finished || c.odd != "" && !c.room.DestroyedAt.IsZero() {
		w.End = earlier(destroyed(c.room), c.asked)
	}
	w, _ = c.reach(w)
	if !w.Start.Before(w.End) {
		w.End = w.Start.Add(time.Second)
	}
	return w
}

// fetch asks for the parts of the call; ended says that none of them can change
// any more. What cannot be had is set aside; the error is what makes all further
// work pointless.
func (c *callPass) fetch(ctx context.Context) (ended bool, err error) {
	first, err := c.askFirst(ctx)
	if fatal(err) {
		return false, err
	}
	users, err := c.usersAfter(ctx, first)
	if err != nil {
		return false, err
	}
	ended = c.ended(mergeSessions(c.known.Sessions, users.sessions), users.strangers)
	c.nameRoom(users.sessions)
	if len(users.strangers) > 0 { // they are asked for page by page, the users of the first answer among them
		first = nil
		more, kept, err := c.askUnnamed(ctx, users.strangers)
		if err != nil {
			return ended, err
		}
		users.sessions, users.kept = mergeSessions(users.sessions, more), append(users.kept, kept...)
		users.mend()
	}
	all := mergeSessions(c.known.Sessions, users.sessions)
	c.stays, c.there = byUser(all), byUser(slices.Concat(all, users.ghosts))
	c.counts.sessions, c.counts.users = len(all), len(c.stays)
	if err := c.addKnown(ctx, ended, users, first); err != nil {
		return ended, err
	}
	c.widen(all)
	return ended, c.fetchOf(ctx, slices.Concat(all, users.ghosts))
}

// fetchOf asks for the series and the events of those who were there.
func (c *callPass) fetchOf(ctx context.Context, all []call.Session) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return span.Do(gctx, "series", func(ctx context.Context) error { return c.askSeries(ctx, all) })
	})
	if !c.Skip("user_events") {
		g.Go(func() error {
			return span.Do(gctx, "events", func(ctx context.Context) error { return c.askEvents(ctx, all) })
		})
	}
	return g.Wait()
}

// usersAfter is the list of users: that of the first answer if it is complete.
func (c *callPass) usersAfter(ctx context.Context, first *firstAnswer) (userList, error) {
	if first != nil && first.complete {
		var all sessionSet
		all.add(first.sessions)
		return userList{window: first.window, sessions: all.list(), responses: first.responses}, nil
	}
	if first == nil {
		return c.askUsers(ctx, nil)
	}
	first.release()
	return c.askUsers(ctx, first.whole())
}

// ended says whether no answer about the call can change any more, and sets the
// cut by it.
func (c *callPass) ended(all []call.Session, strangers []call.Window) bool {
	over := c.odd == "" && c.room.Finished && c.room.DestroyedAt.Before(c.settledUntil(c.asked))
	left := len(strangers) == 0 && allLeft(all)
	ended := over && (left || c.room.DestroyedAt.Add(leftFor).Before(c.asked))
	c.cut = call.Forever
	if !ended {
		c.cut = uint32(c.settledUntil(c.asked).Unix())
	}
	return ended
}

// addKnown adds what has come before series and events are asked for.
func (c *callPass) addKnown(ctx context.Context, ended bool, users userList, first *firstAnswer) error {
	if first != nil {
		defer first.release()
	}
	if err := c.addRoom(ctx, ended); err != nil {
		return err
	}
	if err := c.addUsers(ctx, users); err != nil || first == nil {
		return err
	}
	return c.addFirst(ctx, first.window, first.seriesAnswer)
}

// widen adds to the lifetime what the sessions say, as far as it is in reach.
func (c *callPass) widen(sessions []call.Session) {
	for _, s := range sessions {
		if s.JoinedAt.Before(c.alive.Start) {
			c.alive.Start = s.JoinedAt
		}
		c.alive.End = later(c.alive.End, s.LeftAt)
	}
	c.alive, _ = c.reach(c.alive)
}

// addRoom adds what the room list said. It stays only when the call has ended. A
// row that does not tell when the room was created is none: what was visible of
// the room stays so.
func (c *callPass) addRoom(ctx context.Context, ended bool) error {
	for _, p := range c.known.Parts {
		if p.Kind == call.PartRoom {
			return nil
		}
	}
	part := c.part(call.PartRoom, "", call.Window{Start: c.room.CreatedAt, End: c.alive.End})
	part.Settled, part.Reason = ended && c.odd == "", c.odd
	part.Owned, part.Responses = []call.Owned{{To: call.Forever}}, []uint64{c.listed}
	room := c.room
	if !room.Finished { // it may be that it is not known
		room.DestroyedAt = time.Time{}
	}
	rows := call.Rows{Room: &room}
	if c.odd != "" {
		c.setAside(call.PartRoom, "", c.room.CreatedAt, oddError{problem: c.odd, cause: "room"})
		shown, before, err := c.showing(ctx, call.PartRoom, part.Owned)
		if err != nil {
			return err
		}
		switch {
		case shown.Room != nil:
			rows.Room, part.Responses = shown.Room, before
		case c.unborn:
			rows.Room = nil
		}
	}
	return archived(c.Archive.Add(ctx, c.unit, part, c.rows(rows)))
}

// rows are r with what rows of the call have in common.
func (c *callPass) rows(r call.Rows) call.Rows {
	r.RoomID, r.CreatedAt, r.Stays = c.room.RoomID, c.room.CreatedAt, c.stays
	return r
}

func (c *callPass) part(kind call.PartKind, key string, w call.Window) call.Part {
	return call.Part{Kind: kind, Key: key, RoomID: c.room.RoomID, Window: w, Asked: c.asked, Deadline: c.deadline(w.Start)}
}

// heldUntil is the last second of a user's that the archive holds for good in
// parts of a kind, 0 if none.
func (c *callPass) heldUntil(kind call.PartKind, user string) uint32 {
	until := uint32(0)
	for _, p := range c.known.Parts {
		if p.Kind != kind {
			continue
		}
		for _, o := range p.Owned {
			if o.User == user {
				until = max(until, o.To)
			}
		}
	}
	return until
}
