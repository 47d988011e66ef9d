package load

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
)

// Steps of a load, as in hidden_loads: the greatest one counts.
const (
	stepOpened    = "opened"    // hidden: rows may be coming in
	stepCommitted = "committed" // visible
	stepReplaced  = "replaced"  // hidden: its unit was committed again
	stepAbandoned = "abandoned" // hidden for good: it was never committed and will not be
)

// hiddenNow selects the loads the views leave out; the views say the same.
const hiddenNow = "SELECT load_id FROM hidden_loads GROUP BY load_id HAVING max(step) != 'committed'"

// insertSteps inserts one block: a step of some loads and, at the same moment,
// another step of others. One block without a partition key is one part, which
// a reader sees whole or not at all.
func insertSteps(ctx context.Context, conn driver.Conn, ids []uint64, step string, others []uint64, other string) error {
	in, err := begin(ctx, conn, "hidden_loads", "load_id, step")
	if err != nil {
		return err
	}
	steps := make([]string, 0, len(ids)+len(others))
	steps = append(steps, slices.Repeat([]string{step}, len(ids))...)
	steps = append(steps, slices.Repeat([]string{other}, len(others))...)
	in.col(slices.Concat(ids, others))
	in.col(steps)
	return in.send()
}

// commitAll makes the loads of the units visible and hides what the units had
// before, in one insert that may be repeated; then it writes the ledger.
func (w *Writer) commitAll(ctx context.Context, units []*unitState) error {
	var before map[call.Unit][]uint64
	err := w.retry(ctx, func(ctx context.Context) (err error) {
		before, err = w.store.visible(ctx, units)
		return err
	})
	if err != nil {
		return err
	}
	var shown, hidden []uint64
	for _, s := range units {
		shown = append(shown, s.loads...)
		hidden = append(hidden, before[s.unit]...)
	}
	if len(shown)+len(hidden) > 0 {
		err = w.retry(ctx, func(ctx context.Context) error {
			return insertSteps(ctx, w.store.conn, shown, stepCommitted, hidden, stepReplaced)
		})
	}
	if err == nil {
		err = w.verify(ctx, units)
	}
	if err != nil {
		return fmt.Errorf("commit %d units: %w", len(units), err)
	}
	return w.retry(ctx, func(ctx context.Context) error { return w.insertLedger(ctx, units) })
}

// verify sees that the units are what was just committed: a writer that lost
// its lease unawares must not write into the ledger what was purged meanwhile.
func (w *Writer) verify(ctx context.Context, units []*unitState) error {
	return w.retry(ctx, func(ctx context.Context) error {
		now, err := w.store.visible(ctx, units)
		if err != nil {
			return err
		}
		for _, s := range units {
			got := now[s.unit]
			slices.Sort(got)
			if !slices.Equal(got, s.loads) {
				return fmt.Errorf("%w: %s %s", ErrOvertaken, s.unit.Kind, s.unit.Key)
			}
		}
		return nil
	})
}

// visible finds the visible loads of the units.
func (s *Store) visible(ctx context.Context, units []*unitState) (map[call.Unit][]uint64, error) {
	type family struct {
		app  call.AppID
		kind call.UnitKind
	}
	keys := map[family][]string{}
	for _, u := range units {
		f := family{u.unit.App, u.unit.Kind}
		keys[f] = append(keys[f], u.unit.Key)
	}
	found := map[call.Unit][]uint64{}
	for f, all := range keys {
		for chunk := range slices.Chunk(all, 1000) { // bounds the query's text
			if err := s.visibleOf(ctx, f.app, f.kind, chunk, found); err != nil {
				return nil, fmt.Errorf("look up loads: %w", err)
			}
		}
	}
	return found, nil
}

func (s *Store) visibleOf(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string, found map[call.Unit][]uint64) error {
	const q = "SELECT DISTINCT key, load_id FROM loads WHERE sdk_app_id = ? AND kind = ? AND key IN (?) AND load_id NOT IN (" + hiddenNow + ")"
	rows, err := s.conn.Query(ctx, q, uint32(app), string(kind), keys)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var id uint64
		if err := rows.Scan(&key, &id); err != nil {
			return err
		}
		u := call.Unit{App: app, Kind: kind, Key: key}
		found[u] = append(found[u], id)
	}
	return rows.Err()
}

// insertLedger writes one row a unit. A repeated row replaces the first one.
func (w *Writer) insertLedger(ctx context.Context, units []*unitState) error {
	in, err := begin(ctx, w.store.conn, "ledger", `sdk_app_id, kind, key, state, starts_at, run_id,
		rooms, user_sessions, quality_samples, null_samples, user_events, unusual_events, daily_scale`)
	if err != nil {
		return err
	}
	in.col(column(units, func(s **unitState) uint32 { return uint32((*s).unit.App) }))
	in.col(column(units, func(s **unitState) string { return string((*s).unit.Kind) }))
	in.col(column(units, func(s **unitState) string { return (*s).unit.Key }))
	in.col(column(units, func(s **unitState) string { return string((*s).commit.State) }))
	in.col(column(units, func(s **unitState) time.Time { return (*s).commit.StartsAt }))
	in.col(column(units, func(**unitState) string { return w.run }))
	for _, count := range []func(*Counts) uint64{
		func(c *Counts) uint64 { return c.Rooms },
		func(c *Counts) uint64 { return c.Sessions },
		func(c *Counts) uint64 { return c.Samples },
		func(c *Counts) uint64 { return c.NullSamples },
		func(c *Counts) uint64 { return c.Events },
		func(c *Counts) uint64 { return c.Unusual },
		func(c *Counts) uint64 { return c.Days },
	} {
		in.col(column(units, func(s **unitState) uint64 { return count(&(*s).counts) }))
	}
	return in.send()
}
