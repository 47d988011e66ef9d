package main

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/verify"
)

// verifyJob is the name of the command, in the history and in schedules.
const verifyJob = "verify"

// verifier makes one verification over all accounts and applications.
type verifier struct {
	job      *archive.Run
	store    *load.Store
	flags    verifyFlags
	progress extract.Progress
	report   verification
	apps     []verifiedApp
	looked   []verifiedApp // apps, but for a repair
	past     load.Run      // as the history has it, when it has ended
}

type verifiedApp struct {
	client *archive.Account
	check  *verify.Check
}

// record makes the verification and its history. The error matches errDifferent
// when it went to its end and did not find the archive to be what it should.
func (v *verifier) record(ctx context.Context) error {
	h := runs.New(v.store, verifyJob, v.job.Origin, time.Duration(v.job.Cfg.Lease), v.job.Cfg.Traces.On())
	h.Run.Apps, h.Run.Whole = v.job.Apps(), v.job.Whole()
	h.Fill = func(r *load.Run) {
		counts := v.job.Counts()
		r.Requests, r.Errors, r.Bytes = runs.UintsOf(counts.Requests), runs.UintsOf(counts.Errors), uint64(counts.Bytes)
	}
	v.report.RunID = h.Run.ID
	defer func() { v.past = h.Run }()
	return h.Do(ctx, func(ctx context.Context) error {
		if err := v.detect(ctx); err != nil {
			return err
		}
		if err := v.run(ctx); err != nil {
			return err
		}
		h.Last = v.report.describe
		return v.report.err()
	})
}

// detect is an error unless all accounts can be asked.
func (v *verifier) detect(ctx context.Context) error {
	if err := v.job.Detect(ctx); err != nil {
		return err
	}
	if len(v.job.Refused) > 0 {
		return v.job.Refused[0]
	}
	return nil
}

// run makes the verification, and the repair if one is wanted.
func (v *verifier) run(ctx context.Context) error {
	v.report = verification{RunID: v.report.RunID, Seed: v.flags.seed, All: v.flags.all, Started: time.Now().UTC(), Repaired: v.flags.repair, strict: v.flags.strict, demo: v.flags.demo}
	err := v.look(ctx)
	if err == nil {
		err = v.weigh(ctx)
	}
	if err == nil && v.flags.repair && v.report.mendable() {
		err = v.repair(ctx)
	}
	v.report.Ended = time.Now().UTC()
	v.report.setCounts(v.job.Counts())
	return err
}

// look compares everything that is wanted.
func (v *verifier) look(ctx context.Context) (err error) {
	if err := v.begin(ctx); err != nil {
		return err
	}
	if err := v.each(ctx, func(ctx context.Context, a verifiedApp) error { return a.check.Look(ctx, v.flags.all) }); err != nil {
		return err
	}
	if !v.flags.all {
		if err := v.askSample(ctx); err != nil {
			return err
		}
	}
	v.looked = v.apps
	v.report.Apps, err = v.results(ctx)
	return err
}

// begin makes a check for each application.
func (v *verifier) begin(ctx context.Context) error {
	running, err := lease.Held(ctx, v.store.Conn(), lease.Archive)
	if err != nil {
		return err
	}
	v.apps = nil
	for _, c := range v.job.Clients {
		for _, app := range c.Account.Apps {
			v.apps = append(v.apps, verifiedApp{c, &verify.Check{
				App: call.AppID(app), Ledger: archive.ReadOnly(v.store), Store: v.store, Now: v.job.Now, Running: running != nil,
				Retention: time.Duration(c.Account.Retention), Settle: time.Duration(v.job.Cfg.Settle),
				Pass: func(a extract.Archive) *extract.Pass { return v.job.PassOver(c, call.AppID(app), a, v.progress) },
			}})
		}
	}
	return nil
}

// each does something for all applications at once.
func (v *verifier) each(ctx context.Context, do func(context.Context, verifiedApp) error) error {
	g, gctx := errgroup.WithContext(ctx)
	for _, a := range v.apps {
		g.Go(func() error { return do(gctx, a) })
	}
	return g.Wait()
}

// askSample asks for a sample of the calls of all applications together.
func (v *verifier) askSample(ctx context.Context) error {
	var all []call.Room
	for _, a := range v.apps {
		all = append(all, a.check.Candidates()...)
	}
	chosen := map[call.AppID][]call.Room{}
	for _, room := range verify.Sample(all, v.flags.sample, v.flags.seed) {
		chosen[room.App] = append(chosen[room.App], room)
	}
	return v.each(ctx, func(ctx context.Context, a verifiedApp) error { return a.check.Ask(ctx, chosen[a.check.App]) })
}

func (v *verifier) results(ctx context.Context) ([]*verify.Result, error) {
	var all []*verify.Result
	for _, a := range v.apps {
		r, err := a.check.Result(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// weigh holds the vendor's daily counts against the archive's rows, and names what
// the archive knows to lack.
func (v *verifier) weigh(ctx context.Context) error {
	v.report.Warnings, v.report.ScaleDays, v.report.Lacking = []verify.Warning{}, 0, []verify.Lack{}
	for _, a := range v.looked {
		lacking, err := a.check.Lacking(ctx)
		if err != nil {
			return err
		}
		v.report.Lacking = append(v.report.Lacking, lacking...)
		if v.job.Room != "" || v.job.Cfg.Skips("daily_scale") {
			continue
		}
		warnings, days, err := a.check.Scale(ctx)
		if err != nil {
			return err
		}
		v.report.Warnings = append(v.report.Warnings, warnings...)
		v.report.ScaleDays += days
	}
	return nil
}

// repair fetches anew what differs, under the archive lease, and compares it
// again.
func (v *verifier) repair(ctx context.Context) error {
	if err := runs.UnderLease(ctx, v.store, time.Duration(v.job.Cfg.Lease), v.fetch); err != nil {
		return err
	}
	targets := map[call.AppID]verify.Targets{}
	for _, r := range v.report.Apps {
		targets[r.App] = r.Targets()
	}
	if err := v.begin(ctx); err != nil {
		return err
	}
	err := v.each(ctx, func(ctx context.Context, a verifiedApp) error { return a.check.AskAgain(ctx, targets[a.check.App]) })
	if err != nil {
		return err
	}
	if v.report.AfterRepair, err = v.results(ctx); err != nil {
		return err
	}
	return v.weigh(ctx)
}

// fetch archives what differs.
func (v *verifier) fetch(ctx context.Context, guard string) error {
	if _, err := v.store.Purge(ctx); err != nil {
		return err
	}
	w := v.job.Writer(ctx, v.store, v.report.RunID, guard)
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
	if _, err := v.store.HideStrays(ctx, guard, units); err != nil {
		return err
	}
	_, err = v.store.Purge(ctx)
	return err
}

func (v *verifier) fetchInto(ctx context.Context, w *archive.Target) error {
	var mu sync.Mutex
	return v.each(ctx, func(ctx context.Context, a verifiedApp) error {
		r := v.report.of(a.check.App)
		for _, p := range r.Targets().Passes(w, true, a.check.Pass) {
			report, err := p.Run(ctx)
			mu.Lock()
			v.report.Failures = append(v.report.Failures, report.Failures...)
			mu.Unlock()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// replaced are the units with differences that have been archived anew.
func (v *verifier) replaced(ctx context.Context, w *archive.Target) ([]call.Unit, error) {
	var all []call.Unit
	for _, r := range v.report.Apps {
		for _, d := range r.Differences {
			if !d.Mendable {
				continue
			}
			held, err := w.Entries(ctx, r.App, d.Kind, []string{d.Key})
			if err != nil {
				return nil, err
			}
			if s := held[d.Key].State; s.Final() || s == call.Provisional {
				all = append(all, call.Unit{App: r.App, Kind: d.Kind, Key: d.Key})
			}
		}
	}
	return all, nil
}
