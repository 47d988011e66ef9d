// Package lease lets one process at a time do something, with nothing but a
// plain MergeTree table and the server's clock.
//
// Who wants a lease inserts a claim, waits for the acknowledgement and reads
// the live claims of that name. Whoever's insert is acknowledged second sees
// the first one, so two can never both believe they are alone; two at the same
// moment may both see the other, withdraw, and try again after a random pause.
//
// On a replicated cluster the insert must be seen by every later read: there
// the sessions need insert_quorum and select_sequential_consistency = 1.
package lease

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
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
	conn   driver.Conn
	name   string
	claim  string
	holder string
	ttl    time.Duration

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
		l, err := claim(ctx, conn, name, holder, ttl)
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

// claim makes one claim and withdraws it when it is not the only one. What
// ClickHouse could not do is done again for the same claim: an insert of which
// nobody knows whether it was made must not stand in the way of the next.
func claim(ctx context.Context, conn driver.Conn, name, holder string, ttl time.Duration) (*Lease, error) {
	l := &Lease{
		conn: conn, name: name, claim: crand.Text(), holder: holder, ttl: ttl,
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	var started time.Time
	err := retry.Patience{Timeout: ttl}.Do(ctx, func(ctx context.Context) error {
		started = time.Now()
		if err := l.write(ctx, false); err != nil {
			return err
		}
		return l.alone(ctx)
	})
	if err != nil {
		l.withdraw(ctx)
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
// server's clock and in its own view.
func (l *Lease) Guard() string {
	return "(SELECT NOT max(released) AND dateDiff('microsecond', max(at), now64(6)) < max(ttl_ms) * 1000 FROM lease WHERE name = '" +
		l.name + "' AND claim_id = '" + l.claim + "')"
}

// write inserts a claim, a renewal, or the end of the claim.
func (l *Lease) write(ctx context.Context, released bool) error {
	const q = "INSERT INTO lease (name, claim_id, holder, ttl_ms, released) VALUES (?, ?, ?, ?, ?)"
	if err := l.conn.Exec(ctx, q, l.name, l.claim, l.holder, uint32(l.ttl.Milliseconds()), released); err != nil {
		return fmt.Errorf("claim lease %s: %w", l.name, err)
	}
	return nil
}

// alone reads the live claims of the others. Released is for good: a renewal
// that arrives after it revives nothing.
func (l *Lease) alone(ctx context.Context) error {
	const q = `
		SELECT any(holder), dateDiff('microsecond', max(at), now64(6)) AS age
		FROM lease WHERE name = ? AND claim_id != ?
		GROUP BY claim_id
		HAVING NOT max(released) AND age < max(ttl_ms) * 1000
		ORDER BY age LIMIT 1`
	rows, err := l.conn.Query(ctx, q, l.name, l.claim)
	if err != nil {
		return fmt.Errorf("read lease %s: %w", l.name, err)
	}
	defer rows.Close()
	if rows.Next() {
		var age int64
		held := &HeldError{Name: l.name}
		if err := rows.Scan(&held.Holder, &age); err != nil {
			return fmt.Errorf("read lease %s: %w", l.name, err)
		}
		held.Age = time.Duration(age) * time.Microsecond
		return held
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read lease %s: %w", l.name, err)
	}
	return nil
}

// withdraw ends a claim as well as it can; what it cannot end expires.
func (l *Lease) withdraw(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(l.ttl, 5*time.Second))
	defer cancel()
	return retry.Patience{}.Do(ctx, func(ctx context.Context) error { return l.write(ctx, true) })
}

// Held says who holds a lease now: nil, or a HeldError that is not returned.
func Held(ctx context.Context, conn driver.Conn, name string) (*HeldError, error) {
	err := (&Lease{conn: conn, name: name}).alone(ctx)
	if held, ok := errors.AsType[*HeldError](err); ok {
		return held, nil
	}
	return nil, err
}
