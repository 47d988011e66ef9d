package load

import (
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/native"
)

// ResumeAll begins a unit for which no more data will come. It begins with everything that
// is visible of the unit. If settled parts wait, they replace the open ones.
func (w *Writer) ResumeAll(ctx context.Context, u call.Unit, startsAt time.Time) error {
	known, err := w.Resume(ctx, u)
	if err != nil {
		return err
	}
	var parts []ledger.Part
	err = w.Retry(ctx, func(ctx context.Context) (err error) {
		parts, err = w.ledger.Parts(ctx, u)
		return err
	})
	if err != nil {
		return err
	}
	open := slices.DeleteFunc(slices.Clone(parts), func(p ledger.Part) bool { return !p.Visible || p.Settled })
	waits := slices.ContainsFunc(parts, func(p ledger.Part) bool { return !p.Visible && p.Settled })
	if waits && len(open) > 0 {
		return w.carryOver(ctx, u, startsAt, known, open)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.state(u)
	s.keepOpen = true
	for _, p := range open {
		s.counts.AddPart(p.Kind, p.Rows, p.Nulls)
	}
	return nil
}

// carryOver adds again the room, the sessions and the samples of the open parts of a call
// that the waiting parts do not have. The waiting parts have the events: the events of open
// parts lie in the last minutes before they were asked for.
func (w *Writer) carryOver(ctx context.Context, u call.Unit, startsAt time.Time, known call.Known, open []ledger.Part) error {
	var loads []uint64
	for _, p := range open {
		loads = append(loads, p.Load)
	}
	var room *call.Room
	var sessions []call.Session
	err := w.Retry(ctx, func(ctx context.Context) (err error) {
		if room, err = w.roomOf(ctx, u, loads); err == nil {
			sessions, err = w.sessionsOf(ctx, u, loads)
		}
		return err
	})
	if err != nil {
		return err
	}
	sessionsOf := map[string][]call.Session{}
	for _, x := range slices.Concat(known.Sessions, sessions) {
		sessionsOf[x.UserID] = append(sessionsOf[x.UserID], x)
	}
	for _, p := range open {
		part, rows := p.Part, call.Rows{RoomID: p.RoomID, CreatedAt: startsAt, SessionsOf: sessionsOf}
		switch {
		case p.Kind == call.PartRoom && room != nil && !knows(known, call.PartRoom):
			rows.Room, room = room, nil
			err = w.Add(ctx, u, part, rows)
		case p.Kind == call.PartUsers:
			rows.Sessions, sessions = newTo(known.Sessions, sessions), nil
			err = w.Add(ctx, u, part, rows)
		case p.Kind == call.PartSeries:
			err = w.carrySamples(ctx, u, p, known, rows)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// carrySamples adds again the samples of an open part, into rows. It leaves out users for
// whom a settled part has some of the same seconds.
func (w *Writer) carrySamples(ctx context.Context, u call.Unit, p ledger.Part, known call.Known, rows call.Rows) error {
	var held ownedSpans
	for _, k := range known.Parts {
		held.add([]ledger.Part{{Part: k}})
	}
	part := p.Part
	part.Owned = slices.DeleteFunc(slices.Clone(p.Owned), func(o call.Owned) bool {
		return held.touch([]ledger.Part{{Part: call.Part{Kind: p.Kind, Owned: []call.Owned{o}}}})
	})
	if len(part.Owned) == 0 {
		return nil
	}
	err := w.Retry(ctx, func(ctx context.Context) (err error) {
		rows.Samples, err = w.samplesOf(ctx, u, []uint64{p.Load}, part.Owned)
		return err
	})
	if err != nil || rows.Samples.Rows() == 0 {
		return err
	}
	return w.Add(ctx, u, part, rows)
}

func knows(known call.Known, kind call.PartKind) bool {
	return slices.ContainsFunc(known.Parts, func(p call.Part) bool { return p.Kind == kind })
}

// newTo returns the sessions that known does not have, not even with another end.
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

// roomOf reads the room of a call from the given loads. It returns nil if there is none.
func (w *Writer) roomOf(ctx context.Context, u call.Unit, loads []uint64) (*call.Room, error) {
	q := `
		SELECT room_id, created_at, destroyed_at, is_finished, creator_user_id
		FROM rooms_data WHERE sdk_app_id = ?` + w.archive.Cluster().Here() + ` AND comm_id = ? AND load_id IN (?) LIMIT 1`
	var found *call.Room
	r := call.Room{App: u.App, CommID: u.Key}
	var destroyed *time.Time
	each := func() {
		if found = &r; destroyed != nil {
			r.DestroyedAt = *destroyed
		}
	}
	err := native.Read(ctx, w.conn, "room of "+u.Key, q, []any{uint32(u.App), u.Key, loads}, each, &r.RoomID, &r.CreatedAt, &destroyed, &r.Finished, &r.Creator)
	return found, err
}
