package extract_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// vault is an archive in memory, as simple as extract.Archive allows. It outlives the
// passes. Each pass writes to it through its own writer.
type vault struct {
	mu     sync.Mutex
	units  map[call.Unit]*stored
	ledger map[call.Unit]ledger.Entry
	kept   uint64            // number of responses
	bodies map[uint64][]byte // their bodies; nil: they are not kept
}

// stored is what has been inserted for a unit.
type stored struct {
	visible []*batch
	waiting []*batch // hidden batches of units that were not ended, or failed
}

// batch is a set of parts that were inserted together and become visible together.
type batch struct {
	settled bool
	parts   []part
}

type part struct {
	call.Part
	rows call.Rows
	sums sums
}

func newVault() *vault {
	return &vault{units: map[call.Unit]*stored{}, ledger: map[call.Unit]ledger.Entry{}}
}

func (v *vault) of(u call.Unit) *stored {
	s := v.units[u]
	if s == nil {
		s = &stored{}
		v.units[u] = s
	}
	return s
}

// Entries returns entries of the ledger. Waiting means that a settled part was inserted.
func (v *vault) Entries(_ context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]ledger.Row, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	held := map[string]ledger.Row{}
	for _, key := range keys {
		u := call.Unit{App: app, Kind: kind, Key: key}
		if e, ok := v.ledger[u]; ok {
			settled := func(b *batch) bool { return b.settled }
			s := v.of(u)
			held[key] = ledger.Row{Entry: e, Waiting: slices.ContainsFunc(s.visible, settled) || slices.ContainsFunc(s.waiting, settled)}
		}
	}
	return held, nil
}

// Overdue returns the entries that are not final and whose deadline has passed.
func (v *vault) Overdue(_ context.Context, app call.AppID, t time.Time) (overdue []ledger.Entry, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for u, e := range v.ledger {
		if u.App == app && !e.State.Final() && e.Deadline.Before(t) {
			overdue = append(overdue, e)
		}
	}
	return overdue, nil
}

// ListedUntil returns the latest time up to which a list is settled.
func (v *vault) ListedUntil(_ context.Context, app call.AppID) (until time.Time, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for u, e := range v.ledger {
		if u.App == app && u.Kind == call.UnitList && e.HeldUntil.After(until) {
			until = e.HeldUntil
		}
	}
	return until, nil
}

// Note writes to the ledger.
func (v *vault) Note(_ context.Context, entries []ledger.Entry) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, e := range entries {
		v.ledger[e.Unit] = e
	}
	return nil
}

// commit makes a unit visible as it was built, and drops everything else that was inserted
// for it.
func (v *vault) commit(b *building) error {
	s := v.of(b.unit)
	shown := slices.Clone(b.batches)
	for _, old := range s.visible {
		if b.resumed && (old.settled || b.keepOpen) {
			shown = append(shown, old)
		}
	}
	if twice, ok := overlap(shown); ok {
		return fmt.Errorf("commit %s %s: %s is owned twice", b.unit.Kind, b.unit.Key, twice)
	}
	s.visible, s.waiting = shown, nil
	return nil
}

// overlap finds seconds that belong to two parts. Parts of unusual events may concern
// different rooms.
func overlap(batches []*batch) (twice string, ok bool) {
	type owner struct {
		kind call.PartKind
		user string
	}
	all := map[owner][]call.Owned{}
	for _, b := range batches {
		for _, p := range b.parts {
			for _, o := range p.Owned {
				if p.Kind == call.PartUnusual {
					continue
				}
				by := owner{p.Kind, o.User}
				for _, x := range all[by] {
					if o.From <= x.To && x.From <= o.To {
						return fmt.Sprintf("%s of %q, %d-%d and %d-%d", p.Kind, o.User, o.From, o.To, x.From, x.To), true
					}
				}
				all[by] = append(all[by], o)
			}
		}
	}
	return "", false
}

// VisibleParts returns the visible parts of a unit, in the order they were added.
func (v *vault) VisibleParts(_ context.Context, u call.Unit) (parts []call.Part, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, b := range v.of(u).visible {
		for _, p := range b.parts {
			parts = append(parts, p.Part)
		}
	}
	return parts, nil
}

// Bodies returns the kept responses with these ids.
func (v *vault) Bodies(_ context.Context, ids []uint64) (map[uint64][]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	found := map[uint64][]byte{}
	for _, id := range ids {
		if body, ok := v.bodies[id]; ok {
			found[id] = body
		}
	}
	return found, nil
}

// OpenParts returns the visible parts of a unit that are not settled.
func (v *vault) OpenParts(_ context.Context, u call.Unit) (open []call.Part, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range v.open(u) {
		open = append(open, p.Part)
	}
	return open, nil
}

// open returns the visible parts of a unit that are not settled. The caller holds mu.
func (v *vault) open(u call.Unit) (open []part) {
	for _, b := range v.of(u).visible {
		if !b.settled {
			open = append(open, b.parts...)
		}
	}
	return open
}

// OpenRows returns the rows of open parts of a kind in the given seconds.
func (v *vault) OpenRows(_ context.Context, u call.Unit, kind call.PartKind, owned []call.Owned) (rows call.Rows, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	within := func(user string, at int64) bool {
		return slices.ContainsFunc(owned, func(o call.Owned) bool { return o.User == user && int64(o.From) <= at && at <= int64(o.To) })
	}
	rows.Samples = &call.Samples{}
	for _, p := range v.open(u) {
		if p.Kind != kind {
			continue
		}
		if p.rows.Room != nil {
			rows.Room = p.rows.Room
		}
		rows.Sessions, rows.Unusual = append(rows.Sessions, p.rows.Sessions...), append(rows.Unusual, p.rows.Unusual...)
		for _, e := range p.rows.Events {
			if within(e.UserID, e.Time.Unix()) {
				rows.Events = append(rows.Events, e)
			}
		}
		if s := p.rows.Samples; s != nil {
			at := 0
			for _, series := range s.Series {
				for i := at; i < at+series.Rows; i++ {
					if within(series.UserID, int64(s.Time[i])) {
						rows.Samples.Append(series, s.Time[i], s.Value[i])
					}
				}
				at += series.Rows
			}
		}
	}
	return rows, nil
}
