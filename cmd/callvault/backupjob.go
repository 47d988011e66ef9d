package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/lease"
)

// backupsJob is the name of the command, in the history and in schedules.
const backupsJob = "backup"

// errBackup says that a restored backup is not what the archive was; what
// differs has been printed.
const errBackup = runs.Incomplete("the backup does not hold what the archive did")

// backupJob makes a backup, verifies it if that is wanted, and removes old ones.
type backupJob struct {
	cfg   *config.Config
	store *load.Store
	flags backing
	runs.Origin
	progress backup.Progress

	note        backup.Note
	differences []backup.Difference
	removed     []string
	past        load.Run // as the history has it, when it has ended
}

// run makes the backup and its history.
func (j *backupJob) run(ctx context.Context) error {
	if err := connect.Migrated(ctx, j.store, j.cfg.Cluster); err != nil {
		return err
	}
	h := runs.New(j.store, backupsJob, j.Origin, time.Duration(j.cfg.Lease), j.cfg.Traces.On())
	h.Run.Whole = true
	h.Run.Apps = archive.AppsOf(j.cfg.Accounts)
	h.Last = func(r *load.Run) {
		if r.Counts.Failed = uint64(len(j.differences)); r.Counts.Failed == 0 {
			r.Complete = r.Apps
		}
	}
	defer func() { j.past = h.Run }()
	return h.Do(ctx, func(ctx context.Context) error { return oneBackup(ctx, j.store, j.cfg, j.work) })
}

func (j *backupJob) work(ctx context.Context) error {
	p, err := j.flags.open(j.cfg, j.store.Conn())
	if err != nil {
		return err
	}
	if err := j.make(ctx, p); err != nil {
		return err
	}
	if j.flags.verify {
		if j.differences, err = backup.Verify(ctx, j.store.Conn(), p, &j.note, backup.Target{Database: j.store.Database()}, j.progress); err != nil {
			return err
		}
		if n := len(j.differences); n > 0 {
			return fmt.Errorf("%w: %s: %s", errBackup, j.note.Name, j.note.Differs[0])
		}
	}
	if j.cfg.BackupKeep > 0 {
		j.removed, err = backup.Prune(ctx, p, j.cfg.BackupKeep, time.Now())
	}
	return err
}

func (j *backupJob) make(ctx context.Context, p backup.Place) error {
	fresh, wait, err := j.flags.durations()
	if err != nil {
		return err
	}
	sch, err := connect.Schema(j.store, j.cfg.Cluster)
	if err != nil {
		return err
	}
	is, err := sch.Status(ctx)
	if err != nil {
		return err
	}
	if err := j.makeFolder(); err != nil {
		return err
	}
	j.note, err = backup.Make(ctx, p, backup.Options{
		Conn: j.store.Conn(), Database: j.store.Database(), Schema: is.Current, Version: version, Fresh: fresh, Progress: j.progress,
		Alone: func(ctx context.Context, do func(context.Context) error) error { return j.alone(ctx, wait, do) },
	})
	return err
}

// makeFolder makes the folder where ClickHouse runs as this user, so that nobody
// else can read what is in it.
func (j *backupJob) makeFolder() error {
	to := j.flags.whereIn(j.cfg)
	if j.cfg.DSN != "" || export.IsS3(to) {
		return nil
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return fmt.Errorf("make the folder of backups: %w; check CALLVAULT_BACKUP_TO", err)
	}
	return nil
}

// alone does something while nobody writes or migrates. A pass under way is
// waited for.
func (j *backupJob) alone(ctx context.Context, wait time.Duration, do func(context.Context) error) error {
	if err := j.untilFree(ctx, wait); err != nil {
		return err
	}
	return runs.UnderLeaseAs(ctx, j.store, time.Duration(j.cfg.Lease), runs.BackupHolder+lease.Holder(), func(ctx context.Context, _ string) error {
		held, err := lease.AcquireWait(ctx, j.store.Conn(), lease.Migrate, lease.Holder(), time.Duration(j.cfg.Lease), time.Minute)
		if err != nil {
			return err
		}
		defer held.Release(context.WithoutCancel(ctx))
		ctx, cancel := held.Context(ctx)
		defer cancel()
		return do(ctx)
	})
}

// passLooks is how often it is looked whether a pass goes on.
const passLooks = time.Second

// untilFree waits until no pass is running, or wait is over.
func (j *backupJob) untilFree(ctx context.Context, wait time.Duration) error {
	if wait == 0 {
		return nil
	}
	until := time.After(wait)
	tick := time.NewTicker(passLooks)
	defer tick.Stop()
	for {
		running, err := lease.Held(ctx, j.store.Conn(), lease.Archive)
		if err != nil || running == nil {
			return err
		}
		j.progress("waiting for the pass under way", 0, 0)
		select {
		case <-tick.C:
		case <-until:
			return nil // underLease says who has it
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// oneBackup does something that one process at a time may do about backups.
func oneBackup(ctx context.Context, store *load.Store, cfg *config.Config, do func(context.Context) error) error {
	held, err := runs.Take(ctx, store, lease.Backup, lease.Holder(), time.Duration(cfg.Lease))
	if errors.Is(err, lease.ErrHeld) {
		return fmt.Errorf("another backup is running: %w", err)
	}
	if err != nil {
		return err
	}
	defer held.Release(context.WithoutCancel(ctx))
	ctx, cancel := held.Context(ctx)
	defer cancel()
	return do(ctx)
}
