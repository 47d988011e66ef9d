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

// jobs are the jobs that schedules may name.
func (d *daemon) jobs() map[string]schedules.Job {
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

// lastRun is when a schedule last ran. Passes of other processes over
// everything count as well; the ledger knows of them.
func (d *daemon) lastRun(ctx context.Context, e schedules.Entry) (time.Time, error) {
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
	sch, err := schemaOf(d.store, d.cfg)
	if err != nil {
		return until, err
	}
	version, err := sch.Status(ctx)
	if err != nil || version.Current == 0 {
		return until, err
	}
	for _, a := range d.cfg.Accounts {
		for _, app := range a.Apps {
			t, err := (&archive{store: d.store}).ListedUntil(ctx, call.AppID(app))
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

// ended remembers a run.
func (d *daemon) ended(e schedules.Ended) {
	if err := d.runs.note(e); err != nil {
		d.log.Error("the run is not remembered; it would be caught up after a restart", "schedule", e.Name, "err", err)
	}
}

// pass archives once. A pass of another process is no failure of this one.
func (d *daemon) pass(ctx context.Context, r schedules.Run) error {
	n, err := archiveArgs(r.Args)
	if err != nil {
		return err
	}
	j, err := newJob(d.cfg, n, time.Now())
	if err != nil {
		return err
	}
	if err := j.connect(ctx); err != nil {
		return err
	}
	sum, err := j.run(ctx, d.store, extract.NoProgress{})
	if errors.Is(err, lease.ErrHeld) {
		d.log.Warn("pass skipped", "schedule", r.Name, "reason", err)
		return nil
	}
	t := sum.total()
	for _, f := range t.Failures {
		d.log.Error("not archived", "call", f.CommID, "room", f.RoomID, "what", f.What, "reason", f.Reason)
	}
	if err == nil {
		err = sum.err()
	}
	d.log.Info("pass ended", "schedule", r.Name, "calls", t.Archived, "held", t.Held, "provisional", t.Provisional, "users", t.Users,
		"samples", t.Samples, "failures", t.FailureCount, "requests", sum.Counts.Total())
	d.last.Store(&outcome{time.Now(), err})
	return err
}
