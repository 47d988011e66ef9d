package load

import (
	"context"
	"fmt"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/native"
)

// insertParts writes what the loads under way hold: sums first, then the parts.
func (w *Writer) insertParts(ctx context.Context, parts []partRow) error {
	if len(parts) == 0 {
		return nil
	}
	if err := w.insertStreams(ctx, parts); err != nil {
		return err
	}
	return native.Insert(ctx, w.store.conn, "ledger_parts", `sdk_app_id, kind, key, part, part_key, room_id, load_id, settled, reason, window_start, window_end,
		users, owned_from, owned_to, rows, null_samples, responses, deadline, asked_at, run_id`, func(in *native.Columns) {
		native.Add(in, parts, func(r *partRow) uint32 { return uint32(r.of.of.unit.App) })
		native.Add(in, parts, func(r *partRow) string { return string(r.of.of.unit.Kind) })
		native.Add(in, parts, func(r *partRow) string { return r.of.of.unit.Key })
		native.Add(in, parts, func(r *partRow) string { return string(r.Kind) })
		native.Add(in, parts, func(r *partRow) string { return r.Key })
		native.Add(in, parts, func(r *partRow) string { return r.RoomID })
		native.Add(in, parts, func(r *partRow) uint64 { return r.of.load })
		native.Add(in, parts, func(r *partRow) bool { return r.Settled })
		native.Add(in, parts, func(r *partRow) string { return r.Reason })
		native.Add(in, parts, func(r *partRow) time.Time { return native.DateTime(r.Window.Start) })
		native.Add(in, parts, func(r *partRow) time.Time { return native.DateTime(r.Window.End) })
		native.Add(in, parts, func(r *partRow) []string { return native.Each(r.Owned, func(o *call.Owned) string { return o.User }) })
		native.Add(in, parts, func(r *partRow) []uint32 { return native.Each(r.Owned, func(o *call.Owned) uint32 { return o.From }) })
		native.Add(in, parts, func(r *partRow) []uint32 { return native.Each(r.Owned, func(o *call.Owned) uint32 { return o.To }) })
		native.Add(in, parts, func(r *partRow) uint64 { return r.rows })
		native.Add(in, parts, func(r *partRow) uint64 { return r.nulls })
		native.Add(in, parts, func(r *partRow) []uint64 { return r.Responses })
		native.Add(in, parts, func(r *partRow) time.Time { return native.DateTime(r.Deadline) })
		native.Add(in, parts, func(r *partRow) time.Time { return r.Asked })
		native.Add(in, parts, func(*partRow) string { return w.run })
	})
}

// heldPart is a part as the ledger has it, with its load.
type heldPart struct {
	call.Part
	load        uint64
	visible     bool
	rows, nulls uint64
}

// partsOf reads the parts of a unit whose loads have not been given up, in
// order: the visible ones first, then by load.
func (s *Store) partsOf(ctx context.Context, u call.Unit) ([]heldPart, error) {
	const q = `
		SELECT part, part_key, room_id, load_id, load_id NOT IN (` + catalogue.Hidden + `) AS visible, settled, reason, window_start, window_end,
			users, owned_from, owned_to, rows, null_samples, responses, deadline, asked_at
		FROM ledger_parts WHERE sdk_app_id = ? AND kind = ? AND key = ? AND part != 'summary' AND load_id NOT IN (` + catalogue.Gone + `)
		ORDER BY visible DESC, load_id, asked_at, part, part_key`
	rows, err := s.conn.Query(ctx, q, uint32(u.App), string(u.Kind), u.Key)
	if err != nil {
		return nil, fmt.Errorf("read ledger of %s %s: %w", u.Kind, u.Key, err)
	}
	defer rows.Close()
	var all []heldPart
	for rows.Next() {
		var (
			p        heldPart
			kind     string
			visible  uint8
			users    []string
			from, to []uint32
		)
		err := rows.Scan(&kind, &p.Key, &p.RoomID, &p.load, &visible, &p.Settled, &p.Reason, &p.Window.Start, &p.Window.End,
			&users, &from, &to, &p.rows, &p.nulls, &p.Responses, &p.Deadline, &p.Asked)
		if err != nil {
			return nil, fmt.Errorf("read ledger of %s %s: %w", u.Kind, u.Key, err)
		}
		p.Kind, p.visible = call.PartKind(kind), visible == 1
		for i := range users {
			p.Owned = append(p.Owned, call.Owned{User: users[i], From: from[i], To: to[i]})
		}
		all = append(all, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read ledger of %s %s: %w", u.Kind, u.Key, err)
	}
	return all, nil
}

// VisibleParts are the visible parts of a unit, in the order they were added.
func (s *Store) VisibleParts(ctx context.Context, u call.Unit) ([]call.Part, error) {
	all, err := s.partsOf(ctx, u)
	var parts []call.Part
	for _, p := range all {
		if p.visible {
			parts = append(parts, p.Part)
		}
	}
	return parts, err
}
