package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/traces"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/schedules"
	"github.com/callvault/callvault/verify"
)

// work lists the jobs that schedules may name.
func (d *daemon) work() map[string]schedules.Job {
	return map[string]schedules.Job{archive.Command: d.pass, verify.Command: d.verify, backup.Command: d.backUp}
}

// asks returns a scheduled run that asks the vendor, and its log.
func (d *daemon) asks(cfg *config.Config, s archive.Scope, r schedules.Run) (*archive.Run, *slog.Logger, error) {
	log := d.logOf(cfg, r)
	j, err := archive.New(archive.OptionsOf(cfg), s, d.origin(r, log))
	return j, log, err
}

// pass archives once. It is no failure if another process is making a pass.
func (d *daemon) pass(ctx context.Context, r schedules.Run) error {
	cfg := d.set.Load().cfg
	scope, err := d.Args.Archive(cfg, r.Args)
	if err != nil {
		return err
	}
	j, log, err := d.asks(cfg, scope, r)
	if err != nil {
		return err
	}
	j.Patience = time.Duration(cfg.Patience)
	j.Waits = func(err error, until time.Time) {
		log.Warn("the vendor does not answer; trying again", "until", until.UTC().Truncate(time.Second), "err", err)
	}
	j.OnRetry = func(err error, pause time.Duration) {
		d.meters.retries.Inc()
		log.Warn("insert is tried again", "in", pause, "err", err)
	}
	defer d.track(r, j)()
	defer archive.BoundMemory(int64(cfg.Memory))()
	sum, err := j.Do(ctx, d.serving(ctx), extract.NoProgress{})
	d.meters.ended(j, sum)
	d.tellOf(log, cfg, sum.Run)
	if !errors.Is(err, lease.ErrHeld) {
		logReport(log, sum)
	}
	return skipped(err)
}

// again reports whether a failed run is tried again before the next one: a pass that failed
// for a passing fault.
func again(r schedules.Run, err error) bool { return r.Job == archive.Command && archive.Passing(err) }

// track counts a run as running until the returned function is called. j is nil if the run
// does not ask the vendor.
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

// verify compares the archive with the vendor once. A difference is a failure.
func (d *daemon) verify(ctx context.Context, r schedules.Run) error {
	cfg := d.set.Load().cfg
	scope, v, err := d.Args.Verify(cfg, r.Args)
	if err != nil {
		return err
	}
	j, log, err := d.asks(cfg, scope, r)
	if err != nil {
		return err
	}
	if err := j.Connect(ctx); err != nil {
		return err
	}
	store := d.serving(ctx)
	if err := connect.Migrated(ctx, store); err != nil {
		return err
	}
	defer d.track(r, j)()
	verifier := &verify.Run{Job: j, Store: store, Options: v, Progress: extract.NoProgress{}}
	err = verifier.Do(ctx)
	d.meters.over(j)
	d.finished(log, verifier.Past)
	for _, line := range verifier.Report.Lines() {
		log.Error("differs", "what", line)
	}
	return skipped(err)
}

// backUp makes a backup once. It is no failure if another process is making one.
func (d *daemon) backUp(ctx context.Context, r schedules.Run) error {
	cfg := d.set.Load().cfg
	j, err := d.Args.Backup(cfg, r.Args)
	if err != nil {
		return err
	}
	log := d.logOf(cfg, r)
	j.Store, j.Origin, j.Progress = d.serving(ctx), d.origin(r, log), func(string, uint64, uint64) {}
	defer d.track(r, nil)()
	err = j.Do(ctx)
	d.finished(log, j.Past)
	for _, x := range j.Differences {
		log.Error("differs", "backup", j.Note.Name, "what", x.String())
	}
	if j.Note.Lost != "" {
		log.Warn("the files of a backup were removed", "backup", j.Note.Lost, "instead", j.Note.Name)
	}
	if err == nil {
		log.Info("backed up", "backup", j.Note.Name, "bytes", j.Note.Bytes, "verified", j.Note.Verified != nil, "removed", len(j.Removed))
	}
	return skipped(err)
}

// origin returns the origin of a scheduled run.
func (d *daemon) origin(r schedules.Run, log *slog.Logger) runs.Origin {
	return runs.Origin{ID: r.ID, Schedule: r.Name, Version: d.Version, Warn: func(err error) {
		log.Warn("the record of the run is incomplete; its data is complete", "err", err)
	}}
}

// finished counts a run that has ended and sends its notifications, if the run began.
func (d *daemon) finished(log *slog.Logger, past runs.Run) {
	if past.ID == "" {
		return
	}
	d.meters.ran(past)
	d.tellOf(log, d.set.Load().cfg, past)
}

// skipped logs that a run was skipped, if another process held the lease.
func skipped(err error) error {
	if errors.Is(err, lease.ErrHeld) {
		return fmt.Errorf("%w: %w", schedules.ErrSkipped, err)
	}
	return err
}

// logOf returns the log of one run.
func (d *daemon) logOf(cfg *config.Config, r schedules.Run) *slog.Logger {
	log := d.Log.With("schedule", r.Name, "run_id", r.ID)
	if cfg.Traces.On() {
		log = log.With("trace_id", traces.ID(r.ID).String())
	}
	return log
}

// logReport logs what the pass archived and what it could not archive.
func logReport(log *slog.Logger, s *archive.Report) {
	for _, r := range s.Refused {
		log.Error("not archived", "reason", r.Reason)
	}
	t := s.Total()
	for _, f := range t.Failures {
		log.Error("not archived", "call", f.CommID, "room", f.RoomID, "what", f.What, "reason", f.Reason)
	}
	for _, r := range s.Apps {
		for _, note := range r.Notes {
			log.Warn("note", "app", r.App, "note", note)
		}
	}
	log.Info("pass ended", "calls", t.Archived, "held", t.Held, "provisional", t.Provisional, "waiting", t.Waiting, "users", t.Users,
		"samples", t.Samples, "failures", t.FailureCount, "lost", t.Lost, "requests", s.Counts.Total())
}
