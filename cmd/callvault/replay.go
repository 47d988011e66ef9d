package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load"
)

func (c *cli) replayCmd() *cobra.Command {
	var r replayed
	var from, to string
	var apps []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Make the tables anew from the vendor's responses, without asking it",
		Long: `Decode again the vendor's responses that the archive keeps (CALLVAULT_RAW, 30
days unless set), and replace what was made from them before: after a mistake in
decoding has been mended, or where a later version of callvault reads what an
earlier one had to set aside, also after the vendor has dropped it. Each call is
replaced in one step, as when it is archived. What was made from responses that are
no longer kept stays as it is.

Exit codes: 0 done; 3 done, but something could not be replayed, or is still set
aside (it is named); 4 a pass is running.`,
		Example: `  callvault replay
  callvault replay --app 1400353843 --from 2026-11-20 --to 2026-11-21`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if r.filter.From, err = parseTime("--from", from, time.Now()); err != nil {
				return err
			}
			if r.filter.To, err = parseTime("--to", to, time.Now()); err != nil {
				return err
			}
			for _, a := range apps {
				id, err := config.ParseAppID(a)
				if err != nil {
					return usagef("--app: %v", err)
				}
				r.apps = append(r.apps, id)
			}
			return c.replay(cmd.Context(), &r, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&apps, "app", nil, "only these SDKAppIDs (repeatable)")
	f.StringVar(&from, "from", "", "only what began at this UTC `time` or later: 2026-11-20, 2026-11-20T15:04:05Z, or an age such as 2d")
	f.StringVar(&to, "to", "", "only what began before this UTC `time`")
	f.BoolVar(&asJSON, "json", false, "print the report as JSON")
	return cmd
}

// replayed is what to replay, and what came of it.
type replayed struct {
	filter load.LedgerFilter
	apps   []call.AppID

	mu       sync.Mutex
	Calls    int             `json:"calls"`
	Others   int             `json:"others"` // hours of unusual events, days of scale
	Samples  int             `json:"samples"`
	Mended   int             `json:"mended"`     // parts that were set aside and are whole now
	Lacking  int             `json:"incomplete"` // units of which something is still set aside
	NotKept  int             `json:"not_kept"`   // units whose responses are gone; they stay as they are
	Failures []replayFailure `json:"failures"`
	Seconds  float64         `json:"seconds"`
}

type replayFailure struct {
	Unit   string `json:"unit"`
	Reason string `json:"reason"`
}

func (c *cli) replay(ctx context.Context, r *replayed, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	store, done, err := c.openArchive(ctx, cfg)
	if err != nil {
		return err
	}
	defer done()
	if err := bringUp(ctx, store, cfg); err != nil {
		return err
	}
	h := newHistory(store, cfg, "replay")
	h.warn = c.screen().Warn
	h.run.Apps, h.run.Whole, h.fill = r.apps, r.whole(), r.describe
	err = h.record(ctx, func(ctx context.Context) error {
		err := underLease(ctx, store, cfg, func(ctx context.Context, guard string) error {
			return c.replayAll(ctx, cfg, store, guard, h.run.ID, r)
		})
		if err != nil {
			return err
		}
		return r.err()
	})
	r.Seconds = time.Since(h.run.Started).Seconds()
	if err == nil || errors.Is(err, errPartial) {
		c.printReplayed(r, asJSON)
	}
	return err
}

// whole says that everything that is kept is replayed.
func (r *replayed) whole() bool {
	return len(r.apps) == 0 && r.filter.From.IsZero() && r.filter.To.IsZero()
}

// err is errPartial if something could not be replayed, or is still set aside.
func (r *replayed) err() error {
	if n := len(r.Failures) + r.NotKept; n > 0 {
		return fmt.Errorf("%w (%d could not be replayed)", errPartial, n)
	}
	if r.Lacking > 0 {
		return fmt.Errorf("%w (%d units lack what is set aside)", errPartial, r.Lacking)
	}
	return nil
}

// describe fills in the history of the run.
func (r *replayed) describe(run *load.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	run.Counts = load.RunCounts{Calls: uint64(r.Calls), Samples: uint64(r.Samples), Failed: uint64(len(r.Failures) + r.NotKept)}
}

// replaysAtOnce is how many units are read and decoded at the same time.
const replaysAtOnce = 4

// visibleStates are those of units that have something to replay. Lost ones have
// what came of them before.
var visibleStates = []call.State{call.Provisional, call.Archived, call.Empty, call.Lost}

func (c *cli) replayAll(ctx context.Context, cfg *config.Config, store *load.Store, guard, runID string, r *replayed) error {
	units, err := r.units(ctx, store)
	if err != nil {
		return err
	}
	w := store.NewWriter(runID, load.WriterOptions{Guard: guard})
	settle := time.Duration(cfg.Settle)
	watch := c.screen().Watch()
	defer watch.Close()
	watch.Add(extract.StageCalls, len(units))
	again := extract.Replay{From: store, To: w, Settle: settle}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(replaysAtOnce)
	for _, e := range units {
		g.Go(func() error {
			done, err := again.Unit(gctx, e)
			watch.Done(extract.StageCalls, 1)
			watch.Done(extract.StageSamples, done.Samples)
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
	_, err = store.Purge(ctx)
	return err
}

// units are those that the archive shows, in the order of time.
func (r *replayed) units(ctx context.Context, store *load.Store) ([]call.Entry, error) {
	var units []call.Entry
	apps := r.apps
	if len(apps) == 0 {
		apps = []call.AppID{0}
	}
	for _, app := range apps {
		f := r.filter
		f.App, f.States = app, visibleStates
		err := store.Ledger(ctx, f, func(e load.Entry) {
			if e.Unit.Kind != call.UnitList && (e.State != call.Lost || e.Counts.Rows() > 0) {
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
func (r *replayed) count(e call.Entry, done extract.Replayed, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch u := e.Unit; {
	case errors.Is(err, extract.ErrNotKept) && e.State == call.Lost:
		return // it stays lost
	case errors.Is(err, extract.ErrNotKept):
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

func (c *cli) printReplayed(r *replayed, asJSON bool) {
	switch {
	case asJSON:
		_ = c.screen().JSON(r) // what was done is done
	case !c.quiet:
		fmt.Fprintf(c.stdout, "replayed %s calls, %s samples, %s hours and days of the rest in %.1fs\n",
			words.Comma(r.Calls), words.Comma(r.Samples), words.Comma(r.Others), r.Seconds)
	}
	if r.Mended > 0 && !asJSON && !c.quiet {
		fmt.Fprintf(c.stdout, "  mended    %s parts that had been set aside\n", words.Comma(r.Mended))
	}
	if r.Lacking > 0 {
		fmt.Fprintf(c.stderr, "callvault: %s units still lack something that is set aside; callvault status names them\n", words.Comma(r.Lacking))
	}
	for _, f := range r.Failures {
		fmt.Fprintf(c.stderr, "callvault: not replayed: %s: %s\n", f.Unit, f.Reason)
	}
	if r.NotKept > 0 {
		fmt.Fprintf(c.stderr, "callvault: %s units stay as they are: %v\n", words.Comma(r.NotKept), extract.ErrNotKept)
	}
}
