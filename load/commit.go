package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/native"
)

// commitAll makes the loads of the units visible and hides the loads that they replace. It
// does so in one insert, which may be repeated.
func (w *Writer) commitAll(ctx context.Context, ending []*unitState) error {
	units := slices.DeleteFunc(slices.Clone(ending), (*unitState).failing)
	if len(units) == 0 {
		return nil
	}
	var before map[call.Unit][]loadFact
	err := w.Retry(ctx, func(ctx context.Context) (err error) {
		before, err = w.loadsOf(ctx, units)
		return err
	})
	if err != nil {
		return err
	}
	want := make([][]uint64, len(units))
	for i, s := range units {
		want[i] = s.changes(before[s.unit], &hidden.Change{})
	}
	if err := w.summarize(ctx, units, want); err != nil {
		return err
	}
	var c hidden.Change
	for i, s := range units {
		want[i] = s.changes(before[s.unit], &c)
	}
	if !c.Empty() {
		err = w.Retry(ctx, func(ctx context.Context) error { return c.Apply(ctx, w.conn, w.opt.Guard) })
	}
	if err == nil {
		err = w.verify(ctx, units, want)
	}
	if err != nil {
		return fmt.Errorf("commit %d units: %w", len(units), err)
	}
	return nil
}

// changes adds to c what the unit's commit changes. It returns the loads that are then
// visible, sorted. before are the loads of the unit before the commit.
func (s *unitState) changes(before []loadFact, c *hidden.Change) []uint64 {
	mine := s.loads()
	c.Shown = append(c.Shown, mine...)
	visible := slices.Clone(mine)
	for _, f := range before {
		_, own := slices.BinarySearch(mine, f.id)
		switch {
		case own:
		case !f.visible:
			c.Abandoned = append(c.Abandoned, f.id) // no pass went on from it
		case f.summary:
			c.Replaced = append(c.Replaced, f.id)
		case s.resumed && (f.settled || s.keepOpen):
			visible = append(visible, f.id)
		default:
			c.Replaced = append(c.Replaced, f.id)
		}
	}
	slices.Sort(visible)
	return visible
}

// verify checks that the units show what was just committed. A Writer may have lost its
// lease without knowing it; then it must not write an entry into the ledger.
func (w *Writer) verify(ctx context.Context, units []*unitState, want [][]uint64) error {
	return w.Retry(ctx, func(ctx context.Context) error {
		now, err := w.loadsOf(ctx, units)
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
				return fmt.Errorf("%w: %s %s", hidden.ErrOvertaken, s.unit.Kind, s.unit.Key)
			}
		}
		return nil
	})
}

// loadFact describes a load that has not been given up.
type loadFact struct {
	id      uint64
	settled bool
	summary bool
	visible bool
}

// loadsOf finds the visible and the waiting loads of the units.
func (w *Writer) loadsOf(ctx context.Context, units []*unitState) (map[call.Unit][]loadFact, error) {
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
		for some := range slices.Chunk(all, 1000) { // bounds the query's text
			if err := w.loadsOfKeys(ctx, f.app, f.kind, some, found); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

func (w *Writer) loadsOfKeys(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string, found map[call.Unit][]loadFact) error {
	const q = `
		SELECT key, load_id, any(settled), any(part) = 'summary' FROM ledger_parts
		WHERE sdk_app_id = ? AND kind = ? AND key IN (?) GROUP BY key, load_id`
	facts := map[string][]loadFact{}
	var ids []uint64
	var key string
	var f loadFact
	each := func() {
		facts[key] = append(facts[key], f)
		ids = append(ids, f.id)
	}
	if err := native.Read(ctx, w.conn, "loads", q, []any{uint32(app), string(kind), keys}, each, &key, &f.id, &f.settled, &f.summary); err != nil {
		return err
	}
	steps, err := hidden.StepsOf(ctx, w.conn, ids)
	if err != nil {
		return err
	}
	for key, all := range facts {
		u := call.Unit{App: app, Kind: kind, Key: key}
		for _, f := range all {
			step := steps[f.id]
			f.visible = step == "" || step == hidden.Committed
			if f.visible || step == hidden.Opened {
				found[u] = append(found[u], f)
			}
		}
	}
	return nil
}
