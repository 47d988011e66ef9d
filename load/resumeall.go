package load

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// ResumeAll begins a unit with all that is visible of it, open parts as well, or
// with what waits of it in the place of the open parts. It is for units of which
// no more can be had.
func (w *Writer) ResumeAll(ctx context.Context, u call.Unit, startsAt time.Time) error {
	known, err := w.Resume(ctx, u)
	if err != nil {
		return err
	}
	var parts []heldPart
	err = w.Retry(ctx, func(ctx context.Context) (err error) {
		parts, err = w.store.partsOf(ctx, u)
		return err
	})
	if err != nil {
		return err
	}
	open := slices.DeleteFunc(slices.Clone(parts), func(p heldPart) bool { return !p.visible || p.Settled })
	waits := slices.ContainsFunc(parts, func(p heldPart) bool { return !p.visible && p.Settled })
	if waits && len(open) > 0 {
		return w.carryOver(ctx, u, startsAt, known, open)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.state(u)
	s.keepOpen = true
	for _, p := range open {
		s.counts.addPart(p.Kind, p.rows, p.nulls)
	}
	return nil
}

// carryOver adds again what the open parts of a call say of its room and of its
// sessions, as far as what waits does not say it better. The rest of the open
// parts, the last minutes before they were asked for, is in what waits.
func (w *Writer) carryOver(ctx context.Context, u call.Unit, startsAt time.Time, known call.Known, open []heldPart) error {
	var loads []uint64
	for _, p := range open {
		loads = append(loads, p.load)
	}
	var room *call.Room
	var sessions []call.Session
	err := w.Retry(ctx, func(ctx context.Context) (err error) {
		if room, err = w.store.roomOf(ctx, u, loads); err == nil {
			sessions, err = w.store.sessionsOf(ctx, u, loads)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range open {
		part := p.Part
		switch {
		case p.Kind == call.PartRoom && room != nil && !knows(known, call.PartRoom):
			err = w.Add(ctx, u, part, call.Rows{RoomID: p.RoomID, CreatedAt: startsAt, Room: room})
			room = nil
		case p.Kind == call.PartUsers:
			err = w.Add(ctx, u, part, call.Rows{RoomID: p.RoomID, CreatedAt: startsAt, Sessions: newTo(known.Sessions, sessions)})
			sessions = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func knows(known call.Known, kind call.PartKind) bool {
	return slices.ContainsFunc(known.Parts, func(p call.Part) bool { return p.Kind == kind })
}

// newTo are the sessions that known does not have, be it with another end.
func newTo(known, sessions []call.Session) []call.Session {
	type start struct {
		user   string
		joined time.Time
	}
	have := map[start]bool{}
	for _, s := range known {
		have[start{s.UserID, s.JoinedAt.UTC()}] = true
	}
	return slices.DeleteFunc(slices.Clone(sessions), func(s call.Session) bool { return have[start{s.UserID, s.JoinedAt.UTC()}] })
}

// roomOf reads the room of a call in the given loads, nil if there is none.
func (s *Store) roomOf(ctx context.Context, u call.Unit, loads []uint64) (*call.Room, error) {
	const q = `
		SELECT room_id, created_at, destroyed_at, is_finished, creator_user_id
		FROM rooms_data WHERE sdk_app_id = ? AND comm_id = ? AND load_id IN (?) LIMIT 1`
	rows, err := s.conn.Query(ctx, q, uint32(u.App), u.Key, loads)
	if err != nil {
		return nil, fmt.Errorf("read room of %s: %w", u.Key, err)
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, rows.Err()
	}
	r := &call.Room{App: u.App, CommID: u.Key}
	var destroyed *time.Time
	if err := rows.Scan(&r.RoomID, &r.CreatedAt, &destroyed, &r.Finished, &r.Creator); err != nil {
		return nil, fmt.Errorf("read room of %s: %w", u.Key, err)
	}
	if destroyed != nil {
		r.DestroyedAt = *destroyed
	}
	return r, rows.Err()
}
