// Package lease lets one process at a time do something, by the server's clock.
//
// A claim is kept in the table lease, a plain MergeTree one: who wants a lease
// inserts a claim, waits for the acknowledgement and reads the live claims of
// that name. Whoever's insert is acknowledged second sees the first one, so two
// can never both believe they are alone; two at the same moment may both see the
// other, withdraw, and try again after a random pause.
//
// That is exact on one server. A replica need not see yet what another one has
// acknowledged, so where there is the table Keeper as well (load/schema makes it,
// where the server can), a claim must be kept there, too: Keeper has one row a
// name, which changes hands only if it is as it was read.
package lease

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/load/retry"
)

// Names of the leases in use.
const (
	Archive = "archive" // one pass at a time; purging belongs to it
	Migrate = "migrate" // one change of the schema at a time
	Backup  = "backup"  // one backup, or verification of one, at a time
)

const (
	ErrHeld = retry.Final("lease is held") // what a HeldError matches
	ErrLost = retry.Final("lease is lost") // cause of a lease's cancelled context

	// ErrKeeper: Keeper has been tried for long enough, whoever asks.
	ErrKeeper = retry.Final("leases cannot be had without Keeper")
)

// HeldError says who holds the lease.
type HeldError struct {
	Name   string
	Holder string
	Age    time.Duration // since the holder last renewed it, by the server's clock
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("lease %s is held by %s (renewed %s ago)", e.Name, e.Holder, e.Age.Round(time.Millisecond))
}

func (e *HeldError) Unwrap() error { return ErrHeld }

// attempts to be alone among simultaneous claimants.
const attempts = 4

// Lease is held until Release, or until it is lost. Its methods are safe for
// concurrent use.
type Lease struct {
	claim
	places []place // all of them must keep the claim

	ctx     context.Context
	lose    context.CancelCauseFunc
	stop    chan struct{} // closed by Release
	stopped chan struct{} // closed when keep has ended
	once    sync.Once
}

// Acquire claims name for holder, without waiting: when somebody else holds it
// the error is a *HeldError. The lease renews itself every ttl/3 until Release,
// whatever becomes of ctx.
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

// AcquireWait is Acquire, tried again until ctx is done or wait has passed.
func AcquireWait(ctx context.Context, conn driver.Conn, name, holder string, ttl, wait time.Duration) (*Lease, error) {
	deadline := time.Now().Add(wait)
	for {
		l, err := Acquire(ctx, conn, name, holder, ttl)
		if err == nil || !errors.Is(err, ErrHeld) || time.Now().After(deadline) {
			return l, err
		}
	}
}

// attempt makes one claim and withdraws it when it is not the only one. What
// ClickHouse could not do is done again for the same claim: one of which nobody
// knows whether it was made must not stand in the way of the next.
func attempt(ctx context.Context, conn driver.Conn, name, holder string, ttl time.Duration) (*Lease, error) {
	l := &Lease{
		claim: claim{name: name, id: crand.Text(), holder: holder, ttl: ttl},
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

// Guard is an SQL condition that holds as long as the lease does, by the
// server's clock and in its own view; where there is Keeper, in Keeper's, too.
func (l *Lease) Guard() string {
	var all []string
	for _, p := range l.places {
		all = append(all, p.guard(l.claim))
	}
	return "(" + strings.Join(all, " AND ") + ")"
}

// withdraw ends a claim as well as it can; what it cannot end expires.
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

// Held says who holds a lease now: nil, or a HeldError that is not returned.
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
