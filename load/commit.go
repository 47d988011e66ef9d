package load

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/native"
)

// Steps of a load, as in hidden_loads: the greatest one counts.
const (
	stepOpened    = "opened"    // hidden: rows may be coming in, or wait for the rest of their unit
	stepCommitted = "committed" // visible
	stepReplaced  = "replaced"  // hidden: its unit was committed again
	stepAbandoned = "abandoned" // hidden for good: it was never committed and will not be
)

// insertSteps inserts one step of some loads as one block. One block without a
// partition key is one part, which a reader sees whole or not at all.
func insertSteps(ctx context.Context, conn driver.Conn, ids []uint64, step string) error {
	return native.Insert(ctx, conn, "hidden_loads", "load_id, step", func(in *native.Columns) {
		in.Add(ids)
		in.Add(slices.Repeat([]string{step}, len(ids)))
	})
}

// change is what a commit does to loads, all at the same moment.
type change struct {
	shown     []uint64 // becomes visible
	replaced  []uint64 // was visible and is no longer
	abandoned []uint64 // was never visible and never will be
}

func (c *change) empty() bool { return len(c.shown)+len(c.replaced)+len(c.abandoned) == 0 }

// apply makes the change in one block, if guard holds at the server then. It
// may be repeated.
func (c *change) apply(ctx context.Context, conn driver.Conn, guard string) error {
	var ids, steps strings.Builder
	add := func(list []uint64, step string) {
		for _, id := range list {
			if ids.Len() > 0 {
				ids.WriteByte(',')
				steps.WriteByte(',')
			}
			ids.WriteString(strconv.FormatUint(id, 10))
			steps.WriteString("'" + step + "'")
		}
	}
	add(c.shown, stepCommitted)
	add(c.replaced, stepReplaced)
	add(c.abandoned, stepAbandoned)
	q := "INSERT INTO hidden_loads (load_id, step) SELECT pair.1, pair.2 FROM (SELECT arrayJoin(arrayZip([" +
		ids.String() + "]::Array(UInt64), [" + steps.String() + "])) AS pair) WHERE " + guard
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"max_query_size": len(q) + 1<<10, "max_threads": 1, // one thread makes one block
	}))
	if err := conn.Exec(ctx, q); err != nil {
		return fmt.Errorf("change loads: %w", err)
	}
	return nil
}

// commitAll makes the loads of the units visible and hides what they replace,
// in one insert that may be repeated.
func (w *Writer) commitAll(ctx context.Context, ending []*unitState) error {
	units := slices.DeleteFunc(slices.Clone(ending), (*unitState).failing)
	if len(units) == 0 {
		return nil
	}
	var before map[call.Unit][]loadFact
	err := w.Retry(ctx, func(ctx context.Context) (err error) {
		before, err = w.store.loadsOf(ctx, units)
		return err
	})
	if err != nil {
		return err
	}
	want := make([][]uint64, len(units))
	for i, s := range units {
		want[i] = s.changes(before[s.unit], &change{})
	}
	if err := w.summarize(ctx, units, want); err != nil {
		return err
	}
	var c change
	for i, s := range units {
		want[i] = s.changes(before[s.unit], &c)
	}
	if !c.empty() {
		err = w.Retry(ctx, func(ctx context.Context) error { return c.apply(ctx, w.store.conn, w.opt.Guard) })
	}
	if err == nil {
		err = w.verify(ctx, units, want)
	}
	if err != nil {
		return fmt.Errorf("commit %d units: %w", len(units), err)
	}
	return nil
}

// changes adds to c what committing the unit changes, and returns the loads
// that are visible then, sorted.
func (s *unitState) changes(before []loadFact, c *change) []uint64 {
	mine := s.loads()
	c.shown = append(c.shown, mine...)
	visible := slices.Clone(mine)
	for _, f := range before {
		_, own := slices.BinarySearch(mine, f.id)
		switch {
		case own:
		case !f.visible:
			c.abandoned = append(c.abandoned, f.id) // nobody went on from it
		case f.summary:
			c.replaced = append(c.replaced, f.id)
		case s.resumed && (f.settled || s.keepOpen):
			visible = append(visible, f.id)
		default:
			c.replaced = append(c.replaced, f.id)
		}
	}
	slices.Sort(visible)
	return visible
}

// verify sees that the units are what was just committed: a writer that lost
// its lease unawares must not write into the ledger what was not done.
func (w *Writer) verify(ctx context.Context, units []*unitState, want [][]uint64) error {
	return w.Retry(ctx, func(ctx context.Context) error {
		now, err := w.store.loadsOf(ctx, units)
		if err != nil {
			return err
		}
		for i, s := range units {
			var got []uint64
			for _, f := range now[s.unit] {
				if f.visible {
					got = append(got, f.id)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want[i]) {
				return fmt.Errorf("%w: %s %s", ErrOvertaken, s.unit.Kind, s.unit.Key)
			}
		}
		return nil
	})
}

// loadFact is what is known about a load that has not been given up.
type loadFact struct {
	id      uint64
	settled bool
	summary bool
	visible bool
}

// loadsOf finds the loads of the units: visible ones, and those that wait.
func (s *Store) loadsOf(ctx context.Context, units []*unitState) (map[call.Unit][]loadFact, error) {
	type family struct {
		app  call.AppID
		kind call.UnitKind
	}
	keys := map[family][]string{}
	for _, u := range units {
		f := family{u.unit.App, u.unit.Kind}
		keys[f] = append(keys[f], u.unit.Key)
	}
	found := map[call.Unit][]loadFact{}
	for f, all := range keys {
		for chunk := range slices.Chunk(all, 1000) { // bounds the query's text
			if err := s.loadsOfKeys(ctx, f.app, f.kind, chunk, found); err != nil {
				return nil, fmt.Errorf("look up loads: %w", err)
			}
		}
	}
	return found, nil
}

func (s *Store) loadsOfKeys(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string, found map[call.Unit][]loadFact) error {
	const q = `
		SELECT key, load_id, any(settled), any(part) = 'summary' FROM ledger_parts
		WHERE sdk_app_id = ? AND kind = ? AND key IN (?) GROUP BY key, load_id`
	rows, err := s.conn.Query(ctx, q, uint32(app), string(kind), keys)
	if err != nil {
		return err
	}
	defer rows.Close()
	facts := map[string][]loadFact{}
	var ids []uint64
	for rows.Next() {
		var key string
		var f loadFact
		if err := rows.Scan(&key, &f.id, &f.settled, &f.summary); err != nil {
			return err
		}
		facts[key] = append(facts[key], f)
		ids = append(ids, f.id)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	steps, err := s.stepsOf(ctx, ids)
	if err != nil {
		return err
	}
	for key, all := range facts {
		u := call.Unit{App: app, Kind: kind, Key: key}
		for _, f := range all {
			step := steps[f.id]
			f.visible = step == "" || step == stepCommitted
			if f.visible || step == stepOpened {
				found[u] = append(found[u], f)
			}
		}
	}
	return nil
}

// stepsOf finds the greatest steps of loads; those that hidden_loads does not
// mention are missing. Asked for by their ids, they cost the same whatever else
// it mentions.
func (s *Store) stepsOf(ctx context.Context, ids []uint64) (map[uint64]string, error) {
	steps := make(map[uint64]string, len(ids))
	for some := range slices.Chunk(ids, chunk) { // bounds the query's text
		rows, err := s.conn.Query(ctx, "SELECT load_id, toString(max(step)) FROM hidden_loads WHERE load_id IN "+sqltext.IDs(some)+" GROUP BY load_id")
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var id uint64
			var step string
			if err := rows.Scan(&id, &step); err != nil {
				return nil, err
			}
			steps[id] = step
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return steps, nil
}
