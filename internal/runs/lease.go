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

// UnderLease does something that writes, under the archive lease: ctx ends when
// that is lost, and nothing becomes visible unless guard, an SQL condition,
// holds. The schema must be up.
func UnderLease(ctx context.Context, store *store.Store, ttl time.Duration, do func(ctx context.Context, guard hidden.Guard) error) error {
	return UnderLeaseAs(ctx, store, ttl, lease.Holder(), do)
}

// UnderLeaseAs returns UnderLease for a holder named who.
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
	err = do(lctx, held.Guard)
	lost := context.Cause(lctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(lost, lease.ErrLost):
		err = fmt.Errorf("%w; another pass may have taken over; the next one goes on from here", lost)
	case !errors.Is(err, hidden.ErrOvertaken): // by then the lease may be lost, though it is not noticed yet
		return err
	}
	if free(ctx, store, lease.Archive, who) {
		return FreeError{err}
	}
	return err
}

// looking bounds the look at who has a lease that was lost.
const looking = 10 * time.Second

// Holder returns who holds the archive lease; nil: nobody does.
func Holder(ctx context.Context, store *store.Store) (*lease.HeldError, error) {
	return lease.Held(ctx, store.StoreConn(), lease.Archive)
}

// free reports whether nobody but who is known to hold a lease.
func free(ctx context.Context, store *store.Store, name, who string) bool {
	ctx, cancel := context.WithTimeout(ctx, looking)
	defer cancel()
	held, err := lease.Held(ctx, store.StoreConn(), name)
	return err != nil || held == nil || held.Holder == who
}

// FreeError is the loss of a lease that nobody else has taken.
type FreeError struct{ Err error }

func (e FreeError) Error() string { return e.Err.Error() }
func (e FreeError) Unwrap() error { return e.Err }

// BackupHolder begins the names of those who hold the archive lease to back up.
const BackupHolder = "the backup of "

// backupHolds is how long a backup is waited for that holds the archive lease:
// far longer than it takes to begin one.
const backupHolds = 5 * time.Minute

// Take takes a lease for who. That of a process of this machine which has died is
// waited for, since it expires, and that of a backup, since it is short.
func Take(ctx context.Context, store *store.Store, name, who string, ttl time.Duration) (*lease.Lease, error) {
	l, err := lease.Acquire(ctx, store.StoreConn(), name, who, ttl)
	held, ok := errors.AsType[*lease.HeldError](err)
	if !ok {
		return l, err
	}
	process, backup := strings.CutPrefix(held.Holder, BackupHolder)
	switch {
	case lease.Dead(process):
		return lease.AcquireWait(ctx, store.StoreConn(), name, who, ttl, ttl+5*time.Second)
	case backup:
		return lease.AcquireWait(ctx, store.StoreConn(), name, who, ttl, backupHolds)
	}
	return l, err
}
