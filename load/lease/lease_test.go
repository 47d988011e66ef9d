package lease_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/migratedtest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

func connect(t *testing.T) driver.Conn { return migratedtest.Open(t).StoreConn() }

func acquire(t *testing.T, conn driver.Conn, holder string, ttl time.Duration) *lease.Lease {
	t.Helper()
	l, err := lease.Acquire(t.Context(), conn, lease.Archive, holder, ttl)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Release(context.Background()) })
	return l
}

func TestExcludes(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	a := acquire(t, conn, "a", time.Minute)
	_, err := lease.Acquire(t.Context(), conn, lease.Archive, "b", time.Minute)
	var held *lease.HeldError
	if !errors.Is(err, lease.ErrHeld) || !errors.As(err, &held) || held.Holder != "a" || held.Age < 0 || held.Age > time.Minute {
		t.Fatalf("second claim: got %v", err)
	}
	if other, err := lease.Acquire(t.Context(), conn, "other", "b", time.Minute); err != nil {
		t.Errorf("a lease of another name: %v", err)
	} else if err := other.Release(t.Context()); err != nil {
		t.Error(err)
	}
	if err := a.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(a.Err(), context.Canceled) || errors.Is(a.Err(), lease.ErrLost) {
		t.Errorf("released lease: got %v", a.Err())
	}
	acquire(t, conn, "b", time.Minute)
}

// TestExpires inserts claims of dead holders by hand: one has an hour, one a second left.
func TestExpires(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	const dead = "INSERT INTO lease (name, claim_id, holder, at, ttl_ms, released) SELECT ?, 'x', 'dead', now64(6) - toIntervalMillisecond(3_600_000 - ?), 3_600_000, false"
	for name, left := range map[string]int{lease.Archive: 3_600_000, lease.Migrate: 1000} {
		if err := conn.Exec(t.Context(), dead, name, left); err != nil {
			t.Fatal(err)
		}
	}
	_, err := lease.Acquire(t.Context(), conn, lease.Archive, "b", time.Minute)
	if !errors.Is(err, lease.ErrHeld) || !strings.Contains(err.Error(), "dead") {
		t.Fatalf("claim before the other expires: got %v", err)
	}
	l, err := lease.AcquireWait(t.Context(), conn, lease.Migrate, "b", time.Minute, time.Minute)
	if err != nil {
		t.Fatalf("claim when the other expires: %v", err)
	}
	l.Release(t.Context())
}

func TestRenews(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	l := acquire(t, conn, "a", 3*time.Second)
	const q = "SELECT count() FROM lease WHERE holder = 'a'"
	deadline := time.Now().Add(time.Minute)
	for n := uint64(0); n < 5; { // four renewals take longer than the ttl
		if err := conn.QueryRow(t.Context(), q).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if l.Err() != nil || time.Now().After(deadline) {
			t.Fatalf("after %d rows: %v", n, l.Err())
		}
	}
	if _, err := lease.Acquire(t.Context(), conn, lease.Archive, "b", time.Minute); !errors.Is(err, lease.ErrHeld) {
		t.Errorf("claim beside a renewed lease: got %v", err)
	}
}

// TestLost checks that a lease is lost by its holder's own clock when it cannot be
// renewed.
func TestLost(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	l := acquire(t, conn, "a", 600*time.Millisecond)
	ctx, cancel := l.Context(t.Context())
	defer cancel()
	if err := conn.Exec(t.Context(), "RENAME TABLE lease TO lease_gone"); err != nil {
		t.Fatal(err)
	}
	<-l.Lost()
	<-ctx.Done()
	if !errors.Is(l.Err(), lease.ErrLost) || !errors.Is(context.Cause(ctx), lease.ErrLost) {
		t.Errorf("got %v, %v", l.Err(), context.Cause(ctx))
	}
}

// TestRace has many claim at the same time: never two hold the lease at once, and all
// hold it in the end.
func TestRace(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	var inside, had int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			l, err := lease.AcquireWait(t.Context(), conn, lease.Archive, "x", time.Minute, time.Minute)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			if inside++; inside != 1 {
				t.Error("two hold the lease")
			}
			had++
			mu.Unlock()
			mu.Lock()
			inside--
			mu.Unlock()
			if err := l.Release(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if had != 6 {
		t.Errorf("%d of 6 had it", had)
	}
}

// TestRestart empties the table, as a restart of the server does: the lease holds on,
// with the next renewal in the table again, unless somebody has claimed since.
func TestRestart(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	restart := func() {
		if err := conn.Exec(t.Context(), "TRUNCATE TABLE lease"); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(l *lease.Lease) (held bool) {
		if err := conn.QueryRow(t.Context(), "SELECT "+l.Guard()).Scan(&held); err != nil {
			t.Fatal(err)
		}
		return held
	}
	a := acquire(t, conn, "a", 6*time.Second)
	restart()
	if !holds(a) {
		t.Error("the lease is lost with the table's rows")
	}
	for n := uint64(0); n == 0; {
		if err := conn.QueryRow(t.Context(), "SELECT count() FROM lease WHERE holder = 'a'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if a.Err() != nil {
			t.Fatalf("not renewed: %v", a.Err())
		}
	}
	if _, err := lease.Acquire(t.Context(), conn, lease.Archive, "b", time.Minute); !errors.Is(err, lease.ErrHeld) || !holds(a) {
		t.Errorf("claim beside a lease that was renewed after a restart: got %v", err)
	}
	var b *lease.Lease
	for err := error(lease.ErrHeld); errors.Is(err, lease.ErrHeld); { // a's renewal may be faster
		restart()
		if b, err = lease.Acquire(t.Context(), conn, lease.Archive, "b", time.Minute); err != nil && !errors.Is(err, lease.ErrHeld) {
			t.Fatal(err)
		}
	}
	if holds(a) || !holds(b) {
		t.Errorf("a holds the lease: %v, b: %v", holds(a), holds(b))
	}
	if err := b.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if holds(a) {
		t.Error("a lease that was taken over comes back")
	}
	<-a.Lost()
	if !errors.Is(a.Err(), lease.ErrLost) {
		t.Errorf("got %v", a.Err())
	}
}
