package runs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/store"
)

// UnderLease calls do, which may write, under the archive lease. The context of do ends
// when the lease is lost. Nothing becomes visible unless guard, an SQL condition, is true.
// The schema must be up to date.
func UnderLease(ctx context.Context, store *store.Store, ttl time.Duration, do func(ctx context.Context, guard hidden.Guard) error) error {
	return UnderLeaseAs(ctx, store, ttl, lease.Holder(), do)
}

// UnderLeaseAs is UnderLease for a holder named who.
func UnderLeaseAs(ctx context.Context, store *store.Store, ttl time.Duration, who string, do func(ctx context.Context, guard hidden.Guard) error) error {
	held, err := Take(ctx, store, lease.Archive, who, ttl)
	if errors.Is(err, lease.ErrHeld) {
		return fmt.Errorf("another pass is running: %w", err)
	}
	if err != nil {
		return err
	}
	defer held.Release(context.WithoutCancel(ctx))
	lctx, cancel := held.Context(ctx)
	defer cancel()
	err = begin(lctx, store)
	if err == nil {
		err = do(lctx, held.Guard)
	}
	if err == nil {
		err = store.Cluster().Return(lctx, store.StoreConn())
	}
	lost := context.Cause(lctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(lost, lease.ErrLost):
		err = fmt.Errorf("%w; another pass may have taken over; the next one goes on from here", lost)
	case !errors.Is(err, hidden.ErrOvertaken): // the lease may be lost, although it is not noticed yet
		return err
	}
	if free(ctx, store, lease.Archive, who) {
		return FreeError{err}
	}
	return err
}

// begin prepares a cluster for changes.
func begin(ctx context.Context, store *store.Store) error {
	c := store.Cluster()
	if !c.Many() {
		return nil
	}
	if err := c.Begin(ctx, store.StoreConn()); err != nil {
		return err
	}
	floor, err := c.Floor(ctx, store.StoreConn())
	store.IDs().After(floor)
	return err
}

// looking bounds the query for the new holder of a lost lease.
const looking = 10 * time.Second

// Holder returns the holder of the archive lease, or nil if there is none.
func Holder(ctx context.Context, store *store.Store) (*lease.HeldError, error) {
	return lease.Held(ctx, store.StoreConn(), lease.Archive)
}

// free reports whether the lease has no holder except who. It returns true if that cannot
// be found out.
func free(ctx context.Context, store *store.Store, name, who string) bool {
	ctx, cancel := context.WithTimeout(ctx, looking)
	defer cancel()
	held, err := lease.Held(ctx, store.StoreConn(), name)
	return err != nil || held == nil || held.Holder == who
}

// FreeError is returned when a lease was lost and nobody else has it.
type FreeError struct{ Err error }

func (e FreeError) Error() string { return e.Err.Error() }
func (e FreeError) Unwrap() error { return e.Err }

// Holders of the archive lease that make a backup, or let replicas of a cluster answer again,
// have names that begin like this.
const (
	BackupHolder = "the backup of "
	ReturnHolder = "the return of replicas by "
)

// backupHolds is how long Take waits for a backup that has the archive lease: far longer
// than a backup needs it.
const backupHolds = 5 * time.Minute

// Take takes a lease for who. It waits for two holders: a process of this machine that has
// died, because its lease expires, and a backup or a return of replicas, because it is short.
func Take(ctx context.Context, store *store.Store, name, who string, ttl time.Duration) (*lease.Lease, error) {
	l, err := lease.Acquire(ctx, store.StoreConn(), name, who, ttl)
	held, ok := errors.AsType[*lease.HeldError](err)
	if !ok {
		return l, err
	}
	process, short := strings.CutPrefix(held.Holder, BackupHolder)
	if !short {
		process, short = strings.CutPrefix(held.Holder, ReturnHolder)
	}
	switch {
	case lease.Dead(process):
		return lease.AcquireWait(ctx, store.StoreConn(), name, who, ttl, ttl+5*time.Second)
	case short:
		return lease.AcquireWait(ctx, store.StoreConn(), name, who, ttl, backupHolds)
	}
	return l, err
}
