package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/spf13/pflag"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/schedules"
)

func verifyArgs(args []string) (v verifyFlags, err error) {
	f, err := parseArgs(verifyJob, args, v.flags)
	if err == nil {
		err = v.check(f)
	}
	return v, err
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
	v, err := verifyArgs(r.Args)
	if err != nil {
		return err
	}
	cfg := d.set.Load().cfg
	j, err := newJob(cfg, v.narrow, time.Now())
	if err != nil {
		return err
	}
	if err := j.connect(ctx); err != nil {
		return err
	}
	store, log := d.store.Load(), d.logOf(cfg, r)
	if err := migrated(ctx, store, cfg); err != nil {
		return err
	}
	j.schedule, j.id = r.Name, r.ID
	defer d.track(r, j)()
	verifier := &verifier{job: j, store: store, flags: v, progress: extract.NoProgress{}}
	err = verifier.record(ctx, warnIn(log))
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
	j := &backupJob{cfg: cfg, store: d.store.Load(), flags: b, schedule: r.Name, id: r.ID, warn: warnIn(log), progress: func(string, uint64, uint64) {}}
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

// warnIn warns of what a run could not tell of itself: its history or its trace.
func warnIn(log *slog.Logger) func(error) {
	return func(err error) {
		log.Warn("the record of the run is incomplete; its data is not concerned", "err", err)
	}
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
