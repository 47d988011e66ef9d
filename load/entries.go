package load

import (
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/native"
)

// insertParts writes the parts of the loads being inserted.
func (w *Writer) insertParts(ctx context.Context, parts []partRow) error {
	if len(parts) == 0 {
		return nil
	}
	return native.Insert(ctx, w.conn, "ledger_parts", `sdk_app_id, kind, key, part, part_key, room_id, load_id, settled, reason, window_start, window_end,
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

// Note writes entries of units that bring no rows: new calls, lists that have been read,
// hours without events, lost units. When it returns, pending entries are in the ledger. The
// others wait for the next units that are ended, or for Close. They are never in the ledger
// before units that were ended earlier.
func (w *Writer) Note(ctx context.Context, entries []ledger.Entry) error {
	gone, err := w.erased(ctx)
	if err != nil {
		return err
	}
	var now []ledger.Row
	w.mu.Lock()
	for _, e := range entries {
		if e = gone.Entry(e); e.State == ledger.Pending {
			now = append(now, ledger.Row{Entry: e})
		} else {
			w.notes = append(w.notes, ledger.Row{Entry: e})
		}
	}
	w.mu.Unlock()
	if len(now) == 0 {
		return nil
	}
	return w.Retry(ctx, func(ctx context.Context) error { return w.insertEntries(ctx, now) })
}

// Correct writes entries anew with their counts, and without the ids of who was erased.
func (w *Writer) Correct(ctx context.Context, rows []ledger.Row) error {
	gone, err := w.erased(ctx)
	if err != nil || len(rows) == 0 {
		return err
	}
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Entry = gone.Entry(rows[i].Entry)
	}
	return w.Retry(ctx, func(ctx context.Context) error { return w.insertEntries(ctx, rows) })
}

// insertEndings writes the entry of each unit, and the notes. It replaces existing entries.
func (w *Writer) insertEndings(ctx context.Context, ending []*unitState, notes []ledger.Row) error {
	return w.insertEntries(ctx, slices.Concat(notes, native.Each(ending, func(s **unitState) ledger.Row {
		return ledger.Row{Entry: *(*s).ending, Counts: (*s).counts}
	})))
}

// writeNotes writes the notes that wait. The caller holds turn.
func (w *Writer) writeNotes(ctx context.Context) error {
	w.mu.Lock()
	notes := w.notes
	w.notes = nil
	err := w.err
	w.mu.Unlock()
	if err != nil || len(notes) == 0 {
		return err
	}
	return w.Retry(ctx, func(ctx context.Context) error { return w.insertEntries(ctx, notes) })
}

func (w *Writer) insertEntries(ctx context.Context, entries []ledger.Row) error {
	return native.Insert(ctx, w.conn, "ledger_units", `sdk_app_id, kind, key, state, reason, starts_at, held_until, deadline, attempts,
		failed_parts, failed_keys, failed_reasons, failed_attempts, failed_kept, run_id,
		rooms, user_sessions, quality_samples, null_samples, user_events, unusual_events, daily_scale, statistics, privacy, events_of`, func(in *native.Columns) {
		native.Add(in, entries, func(e *ledger.Row) uint32 { return uint32(e.Unit.App) })
		native.Add(in, entries, func(e *ledger.Row) string { return string(e.Unit.Kind) })
		native.Add(in, entries, func(e *ledger.Row) string { return e.Unit.Key })
		native.Add(in, entries, func(e *ledger.Row) string { return string(e.State) })
		native.Add(in, entries, func(e *ledger.Row) string { return e.Reason })
		native.Add(in, entries, func(e *ledger.Row) time.Time { return e.StartsAt })
		native.Add(in, entries, func(e *ledger.Row) time.Time { return native.DateTime(e.HeldUntil) })
		native.Add(in, entries, func(e *ledger.Row) time.Time { return native.DateTime(e.Deadline) })
		native.Add(in, entries, func(e *ledger.Row) uint32 { return uint32(e.Attempts) })
		for _, field := range []func(*ledger.FailedPart) string{
			func(p *ledger.FailedPart) string { return string(p.Kind) },
			func(p *ledger.FailedPart) string { return p.Key },
			func(p *ledger.FailedPart) string { return p.Reason },
		} {
			native.Add(in, entries, func(e *ledger.Row) []string { return native.Each(e.Failed, field) })
		}
		in.Add(native.Each(entries, func(e *ledger.Row) []uint32 {
			return native.Each(e.Failed, func(p *ledger.FailedPart) uint32 { return uint32(p.Attempts) })
		}))
		in.Add(native.Each(entries, func(e *ledger.Row) []bool {
			return native.Each(e.Failed, func(p *ledger.FailedPart) bool { return p.Kept })
		}))
		native.Add(in, entries, func(*ledger.Row) string { return w.run })
		for _, count := range []func(*ledger.Counts) uint64{
			func(c *ledger.Counts) uint64 { return c.Rooms },
			func(c *ledger.Counts) uint64 { return c.Sessions },
			func(c *ledger.Counts) uint64 { return c.Samples },
			func(c *ledger.Counts) uint64 { return c.NullSamples },
			func(c *ledger.Counts) uint64 { return c.Events },
			func(c *ledger.Counts) uint64 { return c.Unusual },
			func(c *ledger.Counts) uint64 { return c.Days },
			func(c *ledger.Counts) uint64 { return c.Statistics },
		} {
			native.Add(in, entries, func(e *ledger.Row) uint64 { return count(&e.Counts) })
		}
		native.Add(in, entries, func(e *ledger.Row) string { return e.Privacy })
		native.Add(in, entries, func(e *ledger.Row) string { return string(e.EventsOf) })
	})
}
