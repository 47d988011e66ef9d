package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/spf13/pflag"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/schedules"
)

func verifyArgs(cfg *config.Config, args []string) (s archive.Scope, v verifyFlags, err error) {
	f, err := parseArgs(verifyJob, args, v.flags)
	if err == nil {
		err = v.check(f)
	}
	if err == nil {
		s, err = v.narrow.scope(cfg, time.Now())
	}
	return s, v, err
}

func backupArgs(args []string) (b backing, err error) {
	if _, err = parseArgs(backupsJob, args, b.flags); err == nil {
		_, _, err = b.durations()
	}
	return b, err
}

// backsUp says that the arguments of a scheduled backup, or else the settings,
// name a place.
func backsUp(e schedules.Entry, to string) bool {
	var b backing
	_, err := parseArgs(backupsJob, e.Args, func(f *pflag.FlagSet) { b.flags(f) })
	return err != nil || b.to != "" || to != ""
}

// verify holds the archive against the vendor once. What differs is a failure.
func (d *daemon) verify(ctx context.Context, r schedules.Run) error {
	cfg := d.set.Load().cfg
	scope, v, err := verifyArgs(cfg, r.Args)
	if err != nil {
		return err
	}
	log := d.logOf(cfg, r)
	j, err := archive.New(cfg, scope, d.origin(r, log))
	if err != nil {
		return err
	}
	if err := j.Connect(ctx); err != nil {
		return err
	}
	store := d.store.Load()
	if err := connect.Migrated(ctx, store, cfg.Cluster); err != nil {
		return err
	}
	defer d.track(r, j)()
	verifier := &verifier{job: j, store: store, flags: v, progress: extract.NoProgress{}}
	err = verifier.record(ctx)
	d.meters.over(j)
	d.finished(log, verifier.past)
	for _, line := range verifier.report.lines() {
		log.Error("differs", "what", line)
	}
	return d.orSkipped(log, err)
}

// backUp makes a backup once. One of another process is no failure of this one.
func (d *daemon) backUp(ctx context.Context, r schedules.Run) error {
	b, err := backupArgs(r.Args)
	if err != nil {
		return err
	}
	cfg := d.set.Load().cfg
	if err := b.check(cfg); err != nil {
		return err
	}
	log := d.logOf(cfg, r)
	j := &backupJob{cfg: cfg, store: d.store.Load(), flags: b, Origin: d.origin(r, log), progress: func(string, uint64, uint64) {}}
	defer d.track(r, nil)()
	err = j.run(ctx)
	d.finished(log, j.past)
	for _, x := range j.differences {
		log.Error("differs", "backup", j.note.Name, "what", x.String())
	}
	if err == nil {
		log.Info("backed up", "backup", j.note.Name, "bytes", j.note.Bytes, "verified", j.note.Verified != nil, "removed", len(j.removed))
	}
	return d.orSkipped(log, err)
}

// origin is that of a scheduled run.
func (d *daemon) origin(r schedules.Run, log *slog.Logger) runs.Origin {
	return runs.Origin{ID: r.ID, Schedule: r.Name, Version: version, Warn: func(err error) {
		log.Warn("the record of the run is incomplete; its data is not concerned", "err", err)
	}}
}

// finished counts a run that has ended and tells of it, if it began at all.
func (d *daemon) finished(log *slog.Logger, past load.Run) {
	if past.ID == "" {
		return
	}
	d.meters.ran(past)
	d.tellOf(log, d.set.Load().cfg, past)
}

// orSkipped is nil for a run that another process kept from its work.
func (d *daemon) orSkipped(log *slog.Logger, err error) error {
	if errors.Is(err, lease.ErrHeld) {
		log.Warn("run skipped", "reason", err)
		return nil
	}
	return err
}
