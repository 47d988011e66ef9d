package archive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/replay"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
)

// Replay is one replay: its scope and its result.
type Replay struct {
	From, To time.Time    `json:"-"` // units that began within; zero: no bound
	Apps     []call.AppID `json:"-"` // none: all

	mu       sync.Mutex
	Calls    int             `json:"calls"`
	Others   int             `json:"others"` // hours of unusual events, days of scale
	Samples  int             `json:"samples"`
	Mended   int             `json:"mended"`     // parts that were set aside and are now whole
	Lacking  int             `json:"incomplete"` // units with parts that are still set aside
	Erased   int             `json:"erased"`     // units of which responses went when somebody was erased; they stay as they are
	NotKept  int             `json:"not_kept"`   // units whose responses are gone; they are unchanged
	Failures []replayFailure `json:"failures"`
	Seconds  float64         `json:"seconds"`
}

type replayFailure struct {
	Unit   string `json:"unit"`
	Reason string `json:"reason"`
}

// whole reports whether everything that is kept is replayed.
func (r *Replay) whole() bool {
	return len(r.Apps) == 0 && r.From.IsZero() && r.To.IsZero()
}

// err returns ErrPartial if something could not be replayed or is still set aside.
func (r *Replay) err() error {
	if n := len(r.Failures) + r.NotKept; n > 0 {
		return fmt.Errorf("%w (%d could not be replayed)", ErrPartial, n)
	}
	if r.Lacking > 0 {
		return fmt.Errorf("%w (%d units have parts set aside)", ErrPartial, r.Lacking)
	}
	return nil
}

// describe fills in the history of the run.
func (r *Replay) describe(run *runs.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	run.Counts = runs.Counts{Calls: uint64(r.Calls), Samples: uint64(r.Samples), Failed: uint64(len(r.Failures) + r.NotKept)}
}

// replaysAtOnce is how many units are read and decoded at the same time.
const replaysAtOnce = 4

// visibleStates are the states of units that have something to replay. A lost unit has the
// rows that came before its loss.
var visibleStates = []ledger.State{ledger.Provisional, ledger.Archived, ledger.Empty, ledger.Lost}

// Do replays under the archive lease and writes the history of runs. The schema must be up to date.
// ErrPartial is returned when the replay ended and could not replay everything.
func (r *Replay) Do(ctx context.Context, store *store.Store, o Options, from runs.Origin, progress extract.Progress) error {
	h := runs.New(store, "replay", from, o.Lease, o.Traces)
	h.Run.Apps, h.Run.Whole, h.Fill = r.Apps, r.whole(), r.describe
	err := h.Do(ctx, func(ctx context.Context) error {
		err := runs.UnderLease(ctx, store, o.Lease, func(ctx context.Context, guard hidden.Guard) error {
			return r.all(ctx, store, load.NewWriter(store, h.Run.ID, load.WriterOptions{Guard: guard}), o.Settle, progress)
		})
		if err != nil {
			return err
		}
		return r.err()
	})
	r.Seconds = time.Since(h.Run.Started).Seconds()
	return err
}

// all replays all units.
func (r *Replay) all(ctx context.Context, store *store.Store, w *load.Writer, settle time.Duration, progress extract.Progress) error {
	units, err := r.units(ctx, store)
	if err != nil {
		return err
	}
	progress.Add(extract.StageCalls, len(units))
	again := replay.Replayer{From: recorded{ledger.Of(store), store}, To: w, Settle: settle}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(replaysAtOnce)
	for _, e := range units {
		g.Go(func() error {
			done, err := again.Unit(gctx, e)
			progress.Done(extract.StageCalls, 1)
			progress.Done(extract.StageSamples, done.Samples)
			if gctx.Err() != nil {
				return context.Cause(gctx)
			}
			r.count(e, done, err)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := w.Close(ctx); err != nil {
		return err
	}
	return upkeep.PurgeSoon(ctx, store)
}

// recorded is the archive as a replay reads it.
type recorded struct {
	ledger.Ledger
	store *store.Store
}

func (r recorded) Bodies(ctx context.Context, ids []uint64) (map[uint64][]byte, error) {
	return load.Bodies(ctx, r.store, ids)
}

// units returns the units that have visible rows or lack parts, in order of time. No answer
// is kept for hours without events.
func (r *Replay) units(ctx context.Context, store *store.Store) ([]ledger.Entry, error) {
	var units []ledger.Entry
	apps := r.Apps
	if len(apps) == 0 {
		apps = []call.AppID{0}
	}
	for _, app := range apps {
		f := ledger.Filter{App: app, States: visibleStates, From: r.From, To: r.To}
		err := ledger.Of(store).Rows(ctx, f, func(e ledger.Row) {
			if e.Unit.Kind != call.UnitList && (e.Counts.Rows() > 0 || len(e.Failed) > 0 && e.State != ledger.Lost) {
				units = append(units, e.Entry)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return units, nil
}

// count notes how the replay of a unit ended.
func (r *Replay) count(e ledger.Entry, done replay.Done, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch u := e.Unit; {
	case errors.Is(err, replay.ErrNotKept) && e.State == ledger.Lost:
		return // it remains lost
	case errors.Is(err, replay.ErrErased):
		r.Erased++
		return
	case errors.Is(err, replay.ErrNotKept):
		r.NotKept++
		return
	case err != nil:
		r.Failures = append(r.Failures, replayFailure{fmt.Sprintf("%s %s", u.Kind, u.Key), err.Error()})
		return
	case u.Kind == call.UnitCall:
		r.Calls++
		r.Samples += done.Samples
	default:
		r.Others++
	}
	if r.Mended += done.Mended; done.Lacks > 0 {
		r.Lacking++
	}
}
