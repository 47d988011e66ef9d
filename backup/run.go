package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/store"
)

// Command is the name of the command, in the history and in schedules.
const Command = "backup"

// ErrDiffers is returned when a restored backup differs from the archive. The differences
// have been printed.
const ErrDiffers = runs.Incomplete("the backup differs from the archive")

// Run makes a backup, verifies it if asked to, and removes old ones. The fields before
// Store come from flags and settings.
type Run struct {
	To      string
	Keys    export.Keys   // of object storage
	Fresh   time.Duration // make a full backup when the last one is as old as this; 0: always
	Wait    time.Duration // how long to wait for a running pass
	Verify  bool
	Keep    int           // how many full backups to keep; 0: all
	Private bool          // whether ClickHouse runs as this user; then the folder is private
	Apps    []call.AppID  // the applications in the archive, for the history
	Lease   time.Duration // how long a lease lives after its holder has died
	Traces  runs.Traces

	runs.Origin
	Store    *store.Store
	Progress Progress

	Note        Note
	Differences []Difference
	Removed     []string
	Past        runs.Run // the entry in the history, when the run has ended
}

// Do makes the backup and writes the history of runs.
func (j *Run) Do(ctx context.Context) error {
	if err := connect.Migrated(ctx, j.Store); err != nil {
		return err
	}
	h := runs.New(j.Store, Command, j.Origin, j.Lease, j.Traces)
	h.Run.Whole = true
	h.Run.Apps = j.Apps
	h.Last = func(r *runs.Run) {
		if r.Counts.Failed = uint64(len(j.Differences)); r.Counts.Failed == 0 {
			r.Complete = r.Apps
		}
	}
	defer func() { j.Past = h.Run }()
	return h.Do(ctx, func(ctx context.Context) error {
		return j.Store.WithHint(ctx, OneBackup(ctx, j.Store, j.Lease, j.work))
	})
}

func (j *Run) work(ctx context.Context) error {
	p, err := Open(j.Store.Conn(), j.To, j.Keys)
	if err != nil {
		return err
	}
	if err := j.make(ctx, p); err != nil {
		return err
	}
	if err := TellErased(ctx, p, j.Store); err != nil {
		return err
	}
	if j.Verify {
		if j.Differences, err = Verify(ctx, j.Store.Conn(), p, &j.Note, TargetOf(j.Store, ""), j.Progress); err != nil {
			return err
		}
		if n := len(j.Differences); n > 0 {
			return fmt.Errorf("%w: %s: %s", ErrDiffers, j.Note.Name, j.Note.Differs[0])
		}
	}
	if j.Keep > 0 {
		j.Removed, err = Prune(ctx, p, j.Keep, time.Now())
	}
	return err
}

func (j *Run) make(ctx context.Context, p Place) error {
	sch, err := connect.Schema(j.Store)
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
	j.Note, err = Make(ctx, p, Options{
		Conn: j.Store.Conn(), Cluster: j.Store.Cluster(), Database: j.Store.Database(), Schema: is.Current, Version: j.Version, Fresh: j.Fresh, Progress: j.Progress,
		Alone: func(ctx context.Context, do func(context.Context) error) error { return j.alone(ctx, do) },
	})
	return err
}

// makeFolder makes the folder if ClickHouse runs as this user, so that no other user can
// read its files.
func (j *Run) makeFolder() error {
	if !j.Private || export.IsS3(j.To) {
		return nil
	}
	if err := os.MkdirAll(j.To, 0o700); err != nil {
		return fmt.Errorf("make the folder of backups: %w; check CALLVAULT_BACKUP_TO", err)
	}
	return nil
}

// alone calls a function while no other process writes or migrates. It waits for a running
// pass.
func (j *Run) alone(ctx context.Context, do func(context.Context) error) error {
	if err := j.untilFree(ctx, j.Wait); err != nil {
		return err
	}
	return runs.UnderLeaseAs(ctx, j.Store, j.Lease, runs.BackupHolder+lease.Holder(), func(ctx context.Context, _ hidden.Guard) error {
		held, err := lease.AcquireWait(ctx, j.Store.StoreConn(), lease.Migrate, lease.Holder(), j.Lease, time.Minute)
		if err != nil {
			return err
		}
		return held.While(ctx, do)
	})
}

// passLooks is how often untilFree checks whether a pass is running.
const passLooks = time.Second

// untilFree waits until no pass is running, or wait is over.
func (j *Run) untilFree(ctx context.Context, wait time.Duration) error {
	if wait == 0 {
		return nil
	}
	until := time.After(wait)
	tick := time.NewTicker(passLooks)
	defer tick.Stop()
	for {
		running, err := runs.Holder(ctx, j.Store)
		if err != nil || running == nil {
			return err
		}
		j.Progress("waiting for the pass under way", 0, 0)
		select {
		case <-tick.C:
		case <-until:
			return nil // runs.UnderLease names the holder
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// OneBackup calls a function that only one process at a time may run, under the lease of backups.
func OneBackup(ctx context.Context, store *store.Store, ttl time.Duration, do func(context.Context) error) error {
	held, err := runs.Take(ctx, store, lease.Backup, lease.Holder(), ttl)
	if errors.Is(err, lease.ErrHeld) {
		return fmt.Errorf("another backup is running: %w", err)
	}
	if err != nil {
		return err
	}
	return held.While(ctx, do)
}
