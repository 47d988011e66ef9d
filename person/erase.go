package person

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/upkeep"
)

// Erasure erases a person, or rooms.
type Erasure struct {
	Who
	Store Store
	Guard hidden.Guard // that the lease is held
	RunID string
	Wait  bool              // until the bytes are gone from the disk
	Step  func(name string) // called before each step; it may be nil

	Done Done
}

// Done is what an erasure did.
type Done struct {
	Calls     int `json:"calls"`     // made anew, or removed with their room
	Hours     int `json:"hours"`     // of unusual events, made anew
	Days      int `json:"days"`      // of usage by room, made anew
	Waiting   int `json:"waiting"`   // loads that waited for a commit, given up
	Strays    int `json:"strays"`    // rows deleted that the ledger did not know
	Entries   int `json:"entries"`   // of the ledger, whose texts lost an id
	Answers   int `json:"answers"`   // kept responses deleted
	Rewritten int `json:"rewritten"` // lists of rooms kept without what was erased
}

// Do erases. It may be repeated after any end. The caller holds the archive lease, and has no
// Writer open.
func (e *Erasure) Do(ctx context.Context) error {
	if _, err := e.Store.Cluster().Whole(ctx, e.Store.StoreConn()); err != nil {
		return fmt.Errorf("nothing is erased: %w", err)
	}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"remember", e.remember},
		{"write calls anew", e.rewrite},
		{"delete what is hidden", e.purge},
		{"delete what the ledger does not know", e.strays},
		{"texts of the ledger", e.texts},
		{"kept responses", e.answers},
		{"bytes on disk", e.bytes},
	} {
		if e.Step != nil {
			e.Step(step.name)
		}
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("erase (%s): %w; nothing of it comes back, run the same command again", step.name, err)
		}
	}
	return nil
}

// remember remembers the ids that are not remembered yet.
func (e *Erasure) remember(ctx context.Context) error {
	gone, err := e.gone(ctx)
	if err != nil {
		return err
	}
	key, before := gone.Key(), e.Before
	if before.IsZero() {
		before = erased.Always()
	}
	var rows []erased.Row
	add := func(app call.AppID, kind erased.Kind, ids []string) {
		for _, id := range ids {
			if !gone.Has(app, kind, id, before.Add(-time.Second)) {
				rows = append(rows, erased.Row{App: app, Kind: kind, Key: key, Hash: erased.Hash(key, app, kind, id), Before: before, At: time.Now()})
			}
		}
	}
	for _, app := range e.apps() {
		add(app, erased.User, e.Users)
		add(app, erased.Room, e.Rooms)
	}
	return e.Store.Retry(ctx, func(ctx context.Context) error {
		if err := erased.Remember(ctx, e.Store, rows); err != nil {
			return err
		}
		return e.Store.Cluster().Copied(ctx, e.Store.StoreConn(), catalogue.Erased)
	})
}

func (e *Erasure) gone(ctx context.Context) (gone *erased.Set, err error) {
	err = e.Store.Retry(ctx, func(ctx context.Context) (err error) {
		gone, err = erased.Read(ctx, e.Store)
		return err
	})
	return gone, err
}

// unitsAtATime is how many units are read at the same time.
const unitsAtATime = 4

// rewrite writes the units once more, and commits all of them in one step.
func (e *Erasure) rewrite(ctx context.Context) error {
	waits, err := e.waitingLoads(ctx, e.Store)
	if err != nil {
		return err
	}
	units, err := e.units(ctx, e.Store)
	if err != nil {
		return err
	}
	rows, err := e.entries(ctx, e.Store, units)
	if err != nil {
		return err
	}
	e.Done.Waiting = len(waits)
	if err := e.abandon(ctx, waits); err != nil {
		return err
	}
	w := load.NewWriter(e.Store, e.RunID, load.WriterOptions{Guard: e.Guard, Together: true})
	inRooms, err := e.callsOfRooms(ctx, units)
	if err != nil {
		return err
	}
	if err := e.mark(ctx, w, rows, inRooms); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(unitsAtATime)
	for _, r := range rows {
		switch r.Unit.Kind {
		case call.UnitCall:
			e.Done.Calls++
		case call.UnitRoomUsage:
			e.Done.Days++
		default:
			e.Done.Hours++
		}
		g.Go(func() error {
			if inRooms[r.Unit] {
				return w.End(gctx, removedEntry(r))
			}
			return w.Again(gctx, r.Entry)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return w.Close(ctx)
}

// removed is the reason in the entry of a call that goes with its room, until the entry goes.
const removed = "(erased)"

func removedEntry(r ledger.Row) ledger.Entry {
	return ledger.Entry{Unit: r.Unit, State: ledger.Expired, Reason: removed, StartsAt: r.StartsAt}
}

// mark marks the entries of the calls that go with their room: when their rows are gone,
// nothing else tells which these are.
func (e *Erasure) mark(ctx context.Context, w *load.Writer, rows []ledger.Row, inRooms map[call.Unit]bool) error {
	var marks []ledger.Row
	for _, r := range rows {
		if inRooms[r.Unit] {
			marks = append(marks, ledger.Row{Entry: removedEntry(r)})
		}
	}
	return w.Correct(ctx, marks)
}

// abandon gives up loads that wait for a commit.
func (e *Erasure) abandon(ctx context.Context, loads []uint64) error {
	return e.Store.Retry(ctx, func(ctx context.Context) error {
		return (&hidden.Change{Abandoned: loads}).Apply(ctx, e.Store.StoreConn(), e.Guard)
	})
}

// callsOfRooms returns those of the units that are calls of the rooms.
func (e *Erasure) callsOfRooms(ctx context.Context, units []call.Unit) (map[call.Unit]bool, error) {
	in := map[call.Unit]bool{}
	if len(e.Rooms) == 0 {
		return in, nil
	}
	if len(e.Users) == 0 {
		for _, u := range units {
			in[u] = u.Kind == call.UnitCall
		}
		return in, nil
	}
	all, err := Who{Rooms: e.Rooms, Apps: e.Apps}.units(ctx, e.Store)
	for _, u := range all {
		in[u] = u.Kind == call.UnitCall
	}
	return in, err
}

// purge deletes the rows of hidden loads.
func (e *Erasure) purge(ctx context.Context) error {
	_, err := upkeep.Purge(ctx, e.Store)
	return err
}
