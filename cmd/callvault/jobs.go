package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/schedules"
)

// archiveJob is the job that makes passes.
const archiveJob = "archive"

// work is what schedules may name.
func (d *daemon) work() map[string]schedules.Job {
	return map[string]schedules.Job{archiveJob: d.pass}
}

// checkSchedule sees that there is such a job and that it takes the arguments.
func checkSchedule(cfg *config.Config, e schedules.Entry) error {
	if e.Job != archiveJob {
		return fmt.Errorf("schedule %s.cron: there is no job %q; there is %s", e.Name, e.Job, archiveJob)
	}
	n, err := archiveArgs(e.Args)
	if err == nil {
		j := &job{cfg: cfg, accounts: append([]config.Account(nil), cfg.Accounts...)}
		err = j.narrowTo(n, time.Now())
	}
	if err != nil {
		return fmt.Errorf("schedule %s.cron: args: %w", e.Name, err)
	}
	return nil
}

// archiveArgs reads what narrows a scheduled pass.
func archiveArgs(args []string) (n narrow, err error) {
	f := pflag.NewFlagSet(archiveJob, pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	n.flags(f)
	if err = f.Parse(args); err == nil && f.NArg() > 0 {
		err = fmt.Errorf("%q is not a flag", f.Arg(0))
	}
	return n, err
}

// lastRun is when a schedule last ran; now, if it is running. Passes of other
// processes over everything count as well; the ledger knows of them.
func (d *daemon) lastRun(ctx context.Context, e schedules.Entry) (time.Time, error) {
	d.mu.Lock()
	began, running := d.underway[e.Name]
	d.mu.Unlock()
	if running {
		return began, nil
	}
	runs, err := d.runs.read()
	last := runs[e.Name].Began
	if e.Job != archiveJob || len(e.Args) > 0 {
		return last, err
	}
	listed, lerr := d.listedUntil(ctx)
	if listed.After(last) {
		last = listed
	}
	return last, errors.Join(err, lerr)
}

// listedUntil is when the last pass over everything was, zero if some
// application has not had one.
func (d *daemon) listedUntil(ctx context.Context) (until time.Time, err error) {
	store, cfg := d.store.Load(), d.set.Load().cfg
	sch, err := schemaOf(store, cfg)
	if err != nil {
		return until, err
	}
	version, err := sch.Status(ctx)
	if err != nil || version.Current <= 0 || version.Pending() > 0 {
		return until, err
	}
	for _, a := range cfg.Accounts {
		for _, app := range a.Apps {
			t, err := (&archive{store: store}).ListedUntil(ctx, call.AppID(app))
			if err != nil || t.IsZero() {
				return time.Time{}, err
			}
			if until.IsZero() || t.Before(until) {
				until = t
			}
		}
	}
	return until, nil
}

// ended remembers a run. The runners of old and new settings tell of theirs.
func (d *daemon) ended(e schedules.Ended) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.runs.note(e); err != nil {
		d.log.Error("the run is not remembered; it would be caught up after a restart", "schedule", e.Name, "run_id", e.ID, "err", err)
	}
}

// pass archives once. A pass of another process is no failure of this one.
func (d *daemon) pass(ctx context.Context, r schedules.Run) error {
	n, err := archiveArgs(r.Args)
	if err != nil {
		return err
	}
	j, err := newJob(d.set.Load().cfg, n, time.Now())
	if err != nil {
		return err
	}
	log := d.log.With("schedule", r.Name, "run_id", r.ID)
	j.schedule, j.id = r.Name, r.ID
	j.warn = func(err error) { log.Warn("the run's history is not kept", "err", err) }
	j.onRetry = func(err error, pause time.Duration) {
		d.meters.retries.Inc()
		log.Warn("insert is tried again", "in", pause, "err", err)
	}
	defer d.track(r, j)()
	sum, err := j.run(ctx, d.store.Load(), extract.NoProgress{})
	d.meters.ended(j, sum)
	d.tellOf(log, j.cfg, sum.past)
	if errors.Is(err, lease.ErrHeld) {
		log.Warn("pass skipped", "reason", err)
		return nil
	}
	sum.log(log)
	return err
}

// track counts a run as one that goes on, until it is told that it is over.
func (d *daemon) track(r schedules.Run, j *job) (over func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.underway[r.Name], d.jobs[j] = time.Now(), true
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.underway, r.Name)
		delete(d.jobs, j)
	}
}
