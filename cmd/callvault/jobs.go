package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/schedules"
	"github.com/callvault/callvault/verify"
)

// work is what schedules may name.
func (d *daemon) work() map[string]schedules.Job {
	return map[string]schedules.Job{archive.Command: d.pass, verify.Command: d.verify, backup.Command: d.backUp}
}

// checkSchedule sees that there is such a job and that it takes the arguments.
func checkSchedule(cfg *config.Config, e schedules.Entry) (err error) {
	switch e.Job {
	case archive.Command:
		_, err = archiveArgs(cfg, e.Args)
	case verify.Command:
		_, _, err = verifyArgs(cfg, e.Args)
	case backup.Command:
		_, err = backupArgs(cfg, e.Args)
	default:
		return fmt.Errorf("schedule %s.cron: there is no job %q; there are %s, %s and %s", e.Name, e.Job, archive.Command, verify.Command, backup.Command)
	}
	if err != nil {
		return fmt.Errorf("schedule %s.cron: args: %w", e.Name, err)
	}
	return nil
}

// parseArgs reads the arguments of a scheduled job.
func parseArgs(job string, args []string, flags func(*pflag.FlagSet)) (*pflag.FlagSet, error) {
	f := pflag.NewFlagSet(job, pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	flags(f)
	err := f.Parse(args)
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("%q is not a flag", f.Arg(0))
	}
	return f, err
}

// archiveArgs reads what narrows a scheduled pass.
func archiveArgs(cfg *config.Config, args []string) (s archive.Scope, err error) {
	var n narrow
	if _, err = parseArgs(archive.Command, args, n.flags); err != nil {
		return s, err
	}
	return n.scope(cfg, time.Now())
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
	switch {
	case e.Job != archive.Command && last.IsZero():
		since, serr := d.archivedSince(ctx)
		return since, errors.Join(err, serr)
	case e.Job != archive.Command, len(e.Args) > 0:
		return last, err
	}
	listed, lerr := d.listedUntil(ctx)
	if listed.After(last) {
		last = listed
	}
	return last, errors.Join(err, lerr)
}

// archivedSince is when the first run was of which the history knows; now, if it
// knows of none. What has never been verified or backed up is due from then on.
func (d *daemon) archivedSince(ctx context.Context) (time.Time, error) {
	store := d.store.Load()
	err := connect.Migrated(ctx, store, d.set.Load().cfg.Cluster)
	if errors.Is(err, connect.ErrNoArchive) {
		return time.Now(), nil
	}
	if err != nil {
		return time.Time{}, err
	}
	first, err := store.FirstRun(ctx)
	if err == nil && first.IsZero() {
		first = time.Now()
	}
	return first, err
}

// listedUntil is when the last pass over everything was, zero if some
// application has not had one.
func (d *daemon) listedUntil(ctx context.Context) (until time.Time, err error) {
	store, cfg := d.store.Load(), d.set.Load().cfg
	sch, err := connect.Schema(store, cfg.Cluster)
	if err != nil {
		return until, err
	}
	version, err := sch.Status(ctx)
	if err != nil || version.Current <= 0 || version.Pending() > 0 {
		return until, err
	}
	for _, a := range cfg.Accounts {
		for _, app := range a.Apps {
			t, err := store.HeldUntil(ctx, call.AppID(app), call.UnitList)
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
	cfg := d.set.Load().cfg
	scope, err := archiveArgs(cfg, r.Args)
	if err != nil {
		return err
	}
	log := d.logOf(cfg, r)
	j, err := archive.New(cfg, scope, d.origin(r, log))
	if err != nil {
		return err
	}
	j.Patience = time.Duration(j.Cfg.Patience)
	j.Waits = func(err error, until time.Time) {
		log.Warn("the vendor does not answer; it is asked again", "until", until.UTC().Truncate(time.Second), "err", err)
	}
	j.OnRetry = func(err error, pause time.Duration) {
		d.meters.retries.Inc()
		log.Warn("insert is tried again", "in", pause, "err", err)
	}
	defer d.track(r, j)()
	defer archive.BoundMemory(int64(cfg.Memory))()
	sum, err := j.Do(ctx, d.store.Load(), extract.NoProgress{})
	d.meters.ended(j, sum)
	d.tellOf(log, j.Cfg, sum.Run)
	if errors.Is(err, lease.ErrHeld) {
		log.Warn("pass skipped", "reason", err)
		return nil
	}
	logReport(log, sum)
	return err
}

// again says whether a run that failed is tried again before the next one: a pass
// for which time mends what was wrong.
func again(r schedules.Run, err error) bool { return r.Job == archive.Command && archive.Passing(err) }

// track counts a run as one that goes on, until it is told that it is over. j is
// what asks the vendor; nil: nothing does.
func (d *daemon) track(r schedules.Run, j *archive.Run) (over func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.underway[r.Name] = time.Now()
	if j != nil {
		d.jobs[j] = true
		d.meters.begun(j)
	}
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.underway, r.Name)
		delete(d.jobs, j)
	}
}
