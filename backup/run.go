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

// ErrDiffers says that a restored backup is not what the archive was; what
// differs has been printed.
const ErrDiffers = runs.Incomplete("the backup does not hold what the archive did")

// Run makes a backup, verifies it if that is wanted, and removes old ones. The fields
// before Store come from flags and settings.
type Run struct {
	To      string
	Keys    export.Keys   // of object storage
	Fresh   time.Duration // a full backup when the last one is as old as this; 0: in any case
	Wait    time.Duration // for a pass under way
	Verify  bool
	Keep    int           // so many full backups; 0: all
	Private bool          // ClickHouse runs as this user, which makes a folder for itself
	Apps    []call.AppID  // of which it is a backup, for the history
	Lease   time.Duration // after which a lease expires whose holder has died
	Traced  bool

	runs.Origin
	Store    *store.Store
	Progress Progress

	Note        Note
	Differences []Difference
	Removed     []string
	Past        runs.Run // as the history has it, when it has ended
}

// Do makes the backup and its history.
func (j *Run) Do(ctx context.Context) error {
	if err := connect.Migrated(ctx, j.Store, ""); err != nil {
		return err
	}
	h := runs.New(j.Store, Command, j.Origin, j.Lease, j.Traced)
	h.Run.Whole = true
	h.Run.Apps = j.Apps
	h.Last = func(r *runs.Run) {
		if r.Counts.Failed = uint64(len(j.Differences)); r.Counts.Failed == 0 {
			r.Complete = r.Apps
		}
	}
	defer func() { j.Past = h.Run }()
	return h.Do(ctx, func(ctx context.Context) error {
		return j.Store.WithDisk(ctx, OneBackup(ctx, j.Store, j.Lease, j.work))
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
	if j.Verify {
		if j.Differences, err = Verify(ctx, j.Store.Conn(), p, &j.Note, TargetOf(j.Store, "", ""), j.Progress); err != nil {
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
	sch, err := connect.Schema(j.Store, "")
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
		Conn: j.Store.Conn(), Database: j.Store.Database(), Schema: is.Current, Version: j.Version, Fresh: j.Fresh, Progress: j.Progress,
		Alone: func(ctx context.Context, do func(context.Context) error) error { return j.alone(ctx, do) },
	})
	return err
}

// makeFolder makes the folder where ClickHouse runs as this user, so that nobody
// else can read what is in it.
func (j *Run) makeFolder() error {
	if !j.Private || export.IsS3(j.To) {
		return nil
	}
	if err := os.MkdirAll(j.To, 0o700); err != nil {
		return fmt.Errorf("make the folder of backups: %w; check CALLVAULT_BACKUP_TO", err)
	}
	return nil
}

// alone does something while nobody writes or migrates. A pass under way is
// waited for.
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

// passLooks is how often it is looked whether a pass goes on.
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
			return nil // runs.UnderLease says who has it
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// OneBackup does something that one process at a time may do about backups.
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
