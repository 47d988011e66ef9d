package verify

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
)

// Command is the name of the command, in the history and in schedules.
const Command = "verify"

// Options are the options of a verification.
type Options struct {
	Sample int    // how many calls to compare row by row
	Seed   uint64 // chooses these calls
	All    bool   // compare all calls instead
	Repair bool   // fetch again what differs, and compare it once more
	Strict bool   // any difference of daily counts counts as a difference
	Demo   bool   // the archive is the demo's; it changes the hints
}

// Run makes one verification over all accounts and applications.
type Run struct {
	Job      *archive.Run
	Store    *store.Store
	Options  Options
	Progress extract.Progress
	Report   Report
	apps     []verifiedApp
	looked   []verifiedApp // the applications as compared before a repair
	Past     runs.Run      // the entry in the history, when the run has ended
}

type verifiedApp struct {
	account *archive.Account
	check   *Check
}

// Do makes the verification and writes the history of runs. ErrDifferent is returned when
// the verification ended and the archive differs.
func (v *Run) Do(ctx context.Context) error {
	h := runs.New(v.Store, Command, v.Job.Origin, v.Job.Options.Lease, v.Job.Options.Traces)
	h.Run.Apps, h.Run.Whole = v.Job.Apps(), v.Job.Whole()
	h.Fill = func(r *runs.Run) {
		counts := v.Job.Counts()
		r.Requests, r.Errors, r.Bytes = runs.UintsOf(counts.Requests), runs.UintsOf(counts.Errors), uint64(counts.Bytes)
	}
	v.Report.RunID = h.Run.ID
	defer func() { v.Past = h.Run }()
	return h.Do(ctx, func(ctx context.Context) error {
		if err := v.detect(ctx); err != nil {
			return err
		}
		if err := v.run(ctx); err != nil {
			return err
		}
		h.Last = v.Report.describe
		return v.Report.err()
	})
}

// detect returns an error unless all accounts can be asked.
func (v *Run) detect(ctx context.Context) error {
	if err := v.Job.Detect(ctx); err != nil {
		return err
	}
	if len(v.Job.Refused) > 0 {
		return v.Job.Refused[0]
	}
	return nil
}

// run makes the verification, and the repair if asked to.
func (v *Run) run(ctx context.Context) error {
	v.Report = Report{RunID: v.Report.RunID, Seed: v.Options.Seed, All: v.Options.All, Started: time.Now().UTC(), Repaired: v.Options.Repair, strict: v.Options.Strict, demo: v.Options.Demo}
	err := v.look(ctx)
	if err == nil {
		err = v.weigh(ctx)
	}
	if err == nil && v.Options.Repair && v.Report.mendable() {
		err = v.repair(ctx)
	}
	v.Report.Ended = time.Now().UTC()
	v.Report.setCounts(v.Job.Counts())
	return err
}

// look compares everything that the options ask for.
func (v *Run) look(ctx context.Context) (err error) {
	if err := v.begin(ctx); err != nil {
		return err
	}
	if err := v.each(ctx, func(ctx context.Context, a verifiedApp) error { return a.check.Look(ctx, v.Options.All) }); err != nil {
		return err
	}
	if !v.Options.All {
		if err := v.askSample(ctx); err != nil {
			return err
		}
	}
	v.looked = v.apps
	v.Report.Apps, err = v.results(ctx)
	return err
}

// begin makes a check for each application.
func (v *Run) begin(ctx context.Context) error {
	running, err := runs.Holder(ctx, v.Store)
	if err != nil {
		return err
	}
	if err := v.Job.ReadErased(ctx, v.Store); err != nil {
		return err
	}
	v.apps = nil
	known := archive.LedgerOf(v.Store)
	for _, c := range v.Job.Clients {
		for _, app := range c.Settings.Apps {
			v.apps = append(v.apps, verifiedApp{c, &Check{
				App: call.AppID(app), Gone: v.Job.Gone(), Ledger: known, Store: v.Store, Now: v.Job.Now, Running: running != nil,
				Retention: time.Duration(c.Settings.Retention), Settle: v.Job.Options.Settle,
				Pass: func() *extract.Pass { return v.Job.PassOver(c, call.AppID(app), known, v.Progress) },
			}})
		}
	}
	return nil
}

// each calls do for all applications at once.
func (v *Run) each(ctx context.Context, do func(context.Context, verifiedApp) error) error {
	g, gctx := errgroup.WithContext(ctx)
	for _, a := range v.apps {
		g.Go(func() error { return do(gctx, a) })
	}
	return g.Wait()
}

// askSample asks for a sample of the calls of all applications together.
func (v *Run) askSample(ctx context.Context) error {
	var all []call.Room
	for _, a := range v.apps {
		all = append(all, a.check.Candidates()...)
	}
	chosen := map[call.AppID][]call.Room{}
	for _, room := range Sample(all, v.Options.Sample, v.Options.Seed) {
		chosen[room.App] = append(chosen[room.App], room)
	}
	return v.each(ctx, func(ctx context.Context, a verifiedApp) error { return a.check.Ask(ctx, chosen[a.check.App]) })
}

func (v *Run) results(ctx context.Context) ([]*Result, error) {
	var all []*Result
	for _, a := range v.apps {
		r, err := a.check.Result(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// weigh compares the vendor's daily counts with the archive's rows, and names what the
// ledger knows to be missing.
func (v *Run) weigh(ctx context.Context) error {
	v.Report.Warnings, v.Report.ScaleDays, v.Report.Lacking = []Warning{}, 0, []Lack{}
	for _, a := range v.looked {
		lacking, err := a.check.Lacking(ctx)
		if err != nil {
			return err
		}
		v.Report.Lacking = append(v.Report.Lacking, lacking...)
		if v.Job.Room != "" || v.Job.Options.Skip.DailyScale {
			continue
		}
		warnings, days, err := a.check.Scale(ctx)
		if err != nil {
			return err
		}
		v.Report.Warnings = append(v.Report.Warnings, warnings...)
		v.Report.ScaleDays += days
	}
	return nil
}

// repair fetches again what differs, under the archive lease, and compares it once more.
func (v *Run) repair(ctx context.Context) error {
	if err := runs.UnderLease(ctx, v.Store, v.Job.Options.Lease, v.fetch); err != nil {
		return err
	}
	targets := map[call.AppID]Targets{}
	for _, r := range v.Report.Apps {
		targets[r.App] = r.Targets()
	}
	if err := v.begin(ctx); err != nil {
		return err
	}
	err := v.each(ctx, func(ctx context.Context, a verifiedApp) error { return a.check.AskAgain(ctx, targets[a.check.App]) })
	if err != nil {
		return err
	}
	if v.Report.AfterRepair, err = v.results(ctx); err != nil {
		return err
	}
	return v.weigh(ctx)
}

// fetch archives what differs.
func (v *Run) fetch(ctx context.Context, guard hidden.Guard) error {
	if err := upkeep.PurgeSoon(ctx, v.Store); err != nil {
		return err
	}
	w := v.Job.Writer(ctx, v.Store, v.Report.RunID, guard)
	err := v.fetchInto(ctx, w)
	if cerr := w.Close(context.WithoutCancel(ctx)); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	units, err := v.replaced(ctx, w)
	if err != nil {
		return err
	}
	if _, err := upkeep.HideStrays(ctx, v.Store, guard, units); err != nil {
		return err
	}
	return upkeep.PurgeSoon(ctx, v.Store)
}

func (v *Run) fetchInto(ctx context.Context, w *archive.Target) error {
	var mu sync.Mutex
	return v.each(ctx, func(ctx context.Context, a verifiedApp) error {
		r := v.Report.of(a.check.App)
		for _, p := range r.Targets().Passes(true, a.check.Pass) {
			p.Archive = w
			report, err := p.Run(ctx)
			mu.Lock()
			v.Report.Failures = append(v.Report.Failures, report.Failures...)
			mu.Unlock()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// replaced returns the units with differences that have been archived again.
func (v *Run) replaced(ctx context.Context, w *archive.Target) ([]call.Unit, error) {
	var all []call.Unit
	for _, r := range v.Report.Apps {
		for _, d := range r.Differences {
			if !d.Mendable {
				continue
			}
			held, err := w.Entries(ctx, r.App, d.Kind, []string{d.Key})
			if err != nil {
				return nil, err
			}
			if s := held[d.Key].State; s.Final() || s == ledger.Provisional {
				all = append(all, call.Unit{App: r.App, Kind: d.Kind, Key: d.Key})
			}
		}
	}
	return all, nil
}
