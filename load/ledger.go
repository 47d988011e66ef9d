package load

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/native"
)

// Entry is what the ledger says about one unit.
type Entry struct {
	call.Entry
	RunID   string
	Updated time.Time
	Counts  Counts
	Waiting bool // Resume finds settled parts of it; only where Keys are given
}

// LedgerFilter narrows Ledger; zero fields do not.
type LedgerFilter struct {
	App            call.AppID
	Kind           call.UnitKind
	States         []call.State
	From, To       time.Time // start of the unit, From included, To not
	DeadlineBefore time.Time
	Keys           []string // few thousand at most
	Damaged        bool     // only those of which parts are named as lost
	// Current leaves out calls that are final, and final hours and days that began
	// before it.
	Current time.Time
}

// Ledger calls f with the entries that pass the filter, in order of
// application, kind, start and key.
func (s *Store) Ledger(ctx context.Context, filter LedgerFilter, f func(Entry)) error {
	where, args := filter.where()
	all, waiting := args, "0"
	if filter.Keys != nil { // of all units that would be the whole ledger
		waiting = "(sdk_app_id, kind, key) IN (SELECT sdk_app_id, kind, key FROM ledger_parts WHERE settled AND " + where + ")"
		all = append(append([]any{}, args...), args...)
	}
	q := `SELECT sdk_app_id, kind, key, toString(state), reason, starts_at, held_until, deadline, attempts,
			failed_parts, failed_keys, failed_reasons, failed_attempts, failed_kept, run_id, updated_at,
			rooms, user_sessions, quality_samples, null_samples, user_events, unusual_events, daily_scale,
			toUInt8(` + waiting + `)
		FROM ledger_units FINAL WHERE ` + where + filter.unitsOnly() + ` ORDER BY sdk_app_id, kind, starts_at, key`
	rows, err := s.conn.Query(ctx, q, all...)
	if err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return fmt.Errorf("read ledger: %w", err)
		}
		f(e)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	return nil
}

// HeldUntil is the latest second up to which a unit of the kind is held; zero
// if there is none.
func (s *Store) HeldUntil(ctx context.Context, app call.AppID, kind call.UnitKind) (time.Time, error) {
	const q = "SELECT max(held_until) FROM ledger_units WHERE sdk_app_id = ? AND kind = ?"
	var until time.Time
	if err := s.conn.QueryRow(ctx, q, uint32(app), string(kind)).Scan(&until); err != nil {
		return until, fmt.Errorf("read ledger: %w", err)
	}
	if until.Unix() == 0 {
		return time.Time{}, nil
	}
	return until, nil
}

// FinalCalls are the keys of the calls of an application that are final and began
// since a moment; nil where they are more than most.
func (s *Store) FinalCalls(ctx context.Context, app call.AppID, since time.Time, most int) (map[string]bool, error) {
	const q = `
		SELECT key FROM ledger_units FINAL
		WHERE sdk_app_id = ? AND kind = 'call' AND starts_at >= toDateTime(?, 'UTC') AND state NOT IN ('pending', 'provisional', 'failed') LIMIT ?`
	rows, err := s.conn.Query(ctx, q, uint32(app), since.Unix(), most+1)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	found := map[string]bool{}
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		found[key] = true
	}
	if len(found) > most {
		found = nil
	}
	return found, rows.Err()
}

func scanEntry(rows driver.Rows) (Entry, error) {
	var (
		e                    Entry
		app, attempts        uint32
		kind, state          string
		parts, keys, reasons []string
		tried                []uint32
		kept                 []bool
		waiting              uint8
		c                    = &e.Counts
	)
	err := rows.Scan(&app, &kind, &e.Unit.Key, &state, &e.Reason, &e.StartsAt, &e.HeldUntil, &e.Deadline, &attempts,
		&parts, &keys, &reasons, &tried, &kept, &e.RunID, &e.Updated,
		&c.Rooms, &c.Sessions, &c.Samples, &c.NullSamples, &c.Events, &c.Unusual, &c.Days, &waiting)
	if err != nil {
		return e, err
	}
	e.Unit.App, e.Unit.Kind, e.State = call.AppID(app), call.UnitKind(kind), call.State(state)
	e.Attempts, e.Waiting = int(attempts), waiting == 1
	if e.HeldUntil.Unix() == 0 {
		e.HeldUntil = time.Time{}
	}
	for i := range parts {
		f := call.FailedPart{Kind: call.PartKind(parts[i]), Key: keys[i], Reason: reasons[i], Attempts: 1}
		if i < len(tried) && i < len(kept) {
			f.Attempts, f.Kept = int(tried[i]), kept[i]
		}
		e.Failed = append(e.Failed, f)
	}
	return e, nil
}

// where are the conditions on the columns that units and parts share.
func (f LedgerFilter) where() (string, []any) {
	cond, args := []string{"1"}, []any{}
	and := func(c string, arg any) {
		cond, args = append(cond, c), append(args, arg)
	}
	if f.App != 0 {
		and("sdk_app_id = ?", uint32(f.App))
	}
	if f.Kind != "" {
		and("kind = ?", string(f.Kind))
	}
	if f.Keys != nil {
		and("key IN (?)", f.Keys)
	}
	return strings.Join(cond, " AND "), args
}

// unitsOnly are the other conditions.
func (f LedgerFilter) unitsOnly() string {
	var b strings.Builder
	for i, s := range f.States {
		b.WriteString([]string{" AND toString(state) IN ('", "', '"}[min(i, 1)] + string(s))
	}
	if len(f.States) > 0 {
		b.WriteString("')")
	}
	since := func(cond string, t time.Time) {
		if !t.IsZero() {
			fmt.Fprintf(&b, " AND %s toDateTime(%d, 'UTC')", cond, t.Unix())
		}
	}
	if f.Damaged {
		b.WriteString(" AND (notEmpty(failed_parts) AND state NOT IN ('pending', 'provisional', 'failed') OR arrayExists(k -> startsWith(k, '" + call.BeforeKey + "'), failed_keys))")
	}
	if !f.Current.IsZero() {
		fmt.Fprintf(&b, " AND (kind = 'list' OR state IN ('pending', 'provisional', 'failed') OR kind != 'call' AND starts_at >= toDateTime(%d, 'UTC'))", f.Current.Unix())
	}
	since("starts_at >=", f.From)
	since("starts_at <", f.To)
	since("deadline <", f.DeadlineBefore)
	return b.String()
}

// Note writes entries of units that bring no rows: calls that have become known,
// lists that have been read, hours without events, what is lost. Pending ones are in
// the ledger when it returns. The others wait for the next units that are ended, or
// for Close, and are never in the ledger before units that were ended earlier.
func (w *Writer) Note(ctx context.Context, entries []call.Entry) error {
	var now []Entry
	w.mu.Lock()
	for _, e := range entries {
		if e.State == call.Pending {
			now = append(now, Entry{Entry: e})
		} else {
			w.notes = append(w.notes, Entry{Entry: e})
		}
	}
	w.mu.Unlock()
	if len(now) == 0 {
		return nil
	}
	return w.Retry(ctx, func(ctx context.Context) error { return w.insertEntries(ctx, now) })
}

// insertEndings writes one row a unit. A repeated row replaces the first one.
func (w *Writer) insertEndings(ctx context.Context, ending []*unitState, notes []Entry) error {
	return w.insertEntries(ctx, slices.Concat(notes, native.Each(ending, func(s **unitState) Entry {
		return Entry{Entry: *(*s).ending, Counts: (*s).counts}
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

func (w *Writer) insertEntries(ctx context.Context, entries []Entry) error {
	return native.Insert(ctx, w.store.conn, "ledger_units", `sdk_app_id, kind, key, state, reason, starts_at, held_until, deadline, attempts,
		failed_parts, failed_keys, failed_reasons, failed_attempts, failed_kept, run_id,
		rooms, user_sessions, quality_samples, null_samples, user_events, unusual_events, daily_scale`, func(in *native.Columns) {
		native.Add(in, entries, func(e *Entry) uint32 { return uint32(e.Unit.App) })
		native.Add(in, entries, func(e *Entry) string { return string(e.Unit.Kind) })
		native.Add(in, entries, func(e *Entry) string { return e.Unit.Key })
		native.Add(in, entries, func(e *Entry) string { return string(e.State) })
		native.Add(in, entries, func(e *Entry) string { return e.Reason })
		native.Add(in, entries, func(e *Entry) time.Time { return e.StartsAt })
		native.Add(in, entries, func(e *Entry) time.Time { return native.DateTime(e.HeldUntil) })
		native.Add(in, entries, func(e *Entry) time.Time { return native.DateTime(e.Deadline) })
		native.Add(in, entries, func(e *Entry) uint32 { return uint32(e.Attempts) })
		for _, field := range []func(*call.FailedPart) string{
			func(p *call.FailedPart) string { return string(p.Kind) },
			func(p *call.FailedPart) string { return p.Key },
			func(p *call.FailedPart) string { return p.Reason },
		} {
			native.Add(in, entries, func(e *Entry) []string { return native.Each(e.Failed, field) })
		}
		in.Add(native.Each(entries, func(e *Entry) []uint32 {
			return native.Each(e.Failed, func(p *call.FailedPart) uint32 { return uint32(p.Attempts) })
		}))
		in.Add(native.Each(entries, func(e *Entry) []bool {
			return native.Each(e.Failed, func(p *call.FailedPart) bool { return p.Kept })
		}))
		native.Add(in, entries, func(*Entry) string { return w.run })
		for _, count := range []func(*Counts) uint64{
			func(c *Counts) uint64 { return c.Rooms },
			func(c *Counts) uint64 { return c.Sessions },
			func(c *Counts) uint64 { return c.Samples },
			func(c *Counts) uint64 { return c.NullSamples },
			func(c *Counts) uint64 { return c.Events },
			func(c *Counts) uint64 { return c.Unusual },
			func(c *Counts) uint64 { return c.Days },
		} {
			native.Add(in, entries, func(e *Entry) uint64 { return count(&e.Counts) })
		}
	})
}
