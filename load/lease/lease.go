// Package lease lets one process at a time hold a named lease, by the server's clock.
//
// Claims are rows of the table lease. A process that wants a
// lease inserts a claim, waits for the acknowledgement and then reads the live claims
// of that name. The process whose insert is acknowledged second sees the claim of the
// first, so two processes never both hold the lease. If each sees the other, both
// withdraw and try again after a random pause.
//
// This is exact on one server only: a replica may not see yet what another replica has
// acknowledged. So where the table lease_keeper exists (load/schema makes it if the
// server can), a claim must be made there, too: Keeper has one row for each name, and
// changes it only if it is still in the version that was read.
package lease

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/load/retry"
)

// Names of the leases in use.
const (
	Archive = "archive" // one pass at a time, with its purge
	Migrate = "migrate" // one change of the schema at a time
	Backup  = "backup"  // one backup, or check of a backup, at a time
)

const (
	// ErrHeld is returned, as a HeldError, when another process holds the lease.
	ErrHeld = retry.Final("lease is held")
	// ErrLost is returned when the lease has expired or another process holds it.
	ErrLost = retry.Final("lease is lost")
	// ErrKeeper is returned when Keeper does not answer, after all retries.
	ErrKeeper = retry.Final("no lease without Keeper")
)

// HeldError is returned when another process holds the lease.
type HeldError struct {
	Name   string
	Holder string
	Age    time.Duration // since the last renewal, by the server's clock
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("lease %s is held by %s (renewed %s ago)", e.Name, e.Holder, e.Age.Round(time.Millisecond))
}

func (e *HeldError) Unwrap() error { return ErrHeld }

// attempts is how often Acquire claims when other processes claim at the same time.
const attempts = 4

// Lease is held until it is released or lost. Its methods are safe for concurrent use.
type Lease struct {
	claim
	places []place // all of them keep the claim

	ctx     context.Context
	lose    context.CancelCauseFunc
	stop    chan struct{} // closed by Release
	stopped chan struct{} // closed when keep has ended
	once    sync.Once
}

// Acquire acquires the lease name for holder. It does not wait: it returns a
// *HeldError when another process holds the lease. The lease renews itself every
// ttl/3 until Release, even after ctx ends.
func Acquire(ctx context.Context, conn driver.Conn, name, holder string, ttl time.Duration) (*Lease, error) {
	for i := 1; ; i++ {
		l, err := attempt(ctx, conn, name, holder, ttl)
		if err == nil || i == attempts || !errors.Is(err, ErrHeld) {
			return l, err
		}
		pause := time.Duration(20+rand.IntN(100*i)) * time.Millisecond
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// AcquireWait is Acquire, repeated until it succeeds, ctx ends or wait has passed.
func AcquireWait(ctx context.Context, conn driver.Conn, name, holder string, ttl, wait time.Duration) (*Lease, error) {
	deadline := time.Now().Add(wait)
	for {
		l, err := Acquire(ctx, conn, name, holder, ttl)
		if err == nil || !errors.Is(err, ErrHeld) || time.Now().After(deadline) {
			return l, err
		}
	}
}

// attempt makes one claim and withdraws it when another claim is live. Retries use
// the same claim: a claim with an unknown outcome must not block the next one.
func attempt(ctx context.Context, conn driver.Conn, name, holder string, ttl time.Duration) (*Lease, error) {
	l := &Lease{
		claim: claim{name: name, id: crand.Text(), holder: holder, ttl: ttl, at: new(atomic.Int64)},
		stop:  make(chan struct{}), stopped: make(chan struct{}),
	}
	var started time.Time
	err := retry.Patience{Timeout: ttl}.Do(ctx, func(ctx context.Context) (err error) {
		if l.places, err = placesOf(ctx, conn); err != nil {
			return err
		}
		started = time.Now()
		for _, p := range l.places {
			if err := p.take(ctx, l.claim); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		l.withdraw(ctx)
		if errors.Is(err, errInKeeper) {
			err = fmt.Errorf("%w: %w", ErrKeeper, err)
		}
		return nil, err
	}
	if time.Since(started) >= ttl {
		l.withdraw(ctx)
		return nil, fmt.Errorf("acquire lease %s: %w: the server took longer than %s", name, ErrLost, ttl)
	}
	l.ctx, l.lose = context.WithCancelCause(context.Background())
	go l.keep(started)
	return l, nil
}

// Guard is an SQL condition that is true while the lease is held, by the server's
// clock, as the server sees it and, where Keeper is used, as Keeper sees it. It is to be
// asked for each time: each renewal makes it hold for longer.
func (l *Lease) Guard() string {
	var all []string
	for _, p := range l.places {
		all = append(all, p.guard(l.claim))
	}
	return "(" + strings.Join(all, " AND ") + ")"
}

// withdraw ends the claim. A claim that it cannot end expires.
func (l *Lease) withdraw(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(l.ttl, 5*time.Second))
	defer cancel()
	var all error
	for _, p := range l.places {
		err := retry.Patience{}.Do(ctx, func(ctx context.Context) error { return p.end(ctx, l.claim) })
		all = errors.Join(all, err)
	}
	return all
}

// Held returns the holder of a lease, nil if it is free.
func Held(ctx context.Context, conn driver.Conn, name string) (*HeldError, error) {
	places, err := placesOf(ctx, conn)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		err := p.others(ctx, claim{name: name})
		if held, ok := errors.AsType[*HeldError](err); ok {
			return held, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}
