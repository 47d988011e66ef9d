package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/schedules"
	"github.com/callvault/callvault/verify"
)

func verifyArgs(cfg *config.Config, args []string) (s archive.Scope, _ verify.Options, err error) {
	var flags verifyFlags
	f, err := parseArgs(verify.Command, args, flags.flags)
	if err == nil {
		err = flags.check(f)
	}
	if err == nil {
		s, err = flags.narrow.scope(cfg, time.Now())
	}
	return s, flags.Options, err
}

// backupArgs reads the arguments of a scheduled backup; Off says that neither they nor
// the settings name a place.
func backupArgs(cfg *config.Config, args []string) (o backup.RunOptions, err error) {
	var b backing
	if _, err := parseArgs(backup.Command, args, b.flags); err != nil || b.whereIn(cfg) == "" {
		return o, err
	}
	if o, err = b.options(cfg); err == nil {
		err = b.check(cfg)
	}
	return o, err
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
	verifier := &verify.Run{Job: j, Store: store, Options: v, Progress: extract.NoProgress{}}
	err = verifier.Do(ctx)
	d.meters.over(j)
	d.finished(log, verifier.Past)
	for _, line := range verifier.Report.Lines() {
		log.Error("differs", "what", line)
	}
	return d.orSkipped(log, err)
}

// backUp makes a backup once. One of another process is no failure of this one.
func (d *daemon) backUp(ctx context.Context, r schedules.Run) error {
	cfg := d.set.Load().cfg
	o, err := backupArgs(cfg, r.Args)
	if err != nil {
		return err
	}
	log := d.logOf(cfg, r)
	j := newBackup(cfg, d.store.Load(), o, d.origin(r, log), func(string, uint64, uint64) {})
	defer d.track(r, nil)()
	err = j.Do(ctx)
	d.finished(log, j.Past)
	for _, x := range j.Differences {
		log.Error("differs", "backup", j.Note.Name, "what", x.String())
	}
	if err == nil {
		log.Info("backed up", "backup", j.Note.Name, "bytes", j.Note.Bytes, "verified", j.Note.Verified != nil, "removed", len(j.Removed))
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
