package load

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
)

// errCrash is not retried: the process is gone.
var errCrash = fmt.Errorf("crash: %w", context.Canceled)

// crashing is a real connection that fails after a number of writes.
type crashing struct {
	driver.Conn
	left atomic.Int64
}

func (c *crashing) Exec(ctx context.Context, q string, args ...any) error {
	if c.left.Add(-1) < 0 {
		return errCrash
	}
	return c.Conn.Exec(ctx, q, args...)
}

func (c *crashing) PrepareBatch(ctx context.Context, q string, opts ...driver.PrepareBatchOption) (driver.Batch, error) {
	if c.left.Add(-1) < 0 {
		return nil, errCrash
	}
	return c.Conn.PrepareBatch(ctx, q, opts...)
}

// dying is the archive of another process that dies after a number of writes.
type dying struct {
	*store.Store
	conn *crashing
	ids  hidden.IDs
}

func (d *dying) StoreConn() driver.Conn { return d.conn }
func (d *dying) IDs() *hidden.IDs       { return &d.ids }

func (d *dying) InsertSamples(ctx context.Context, runs []native.Run) error {
	if d.conn.left.Add(-1) < 0 {
		return errCrash
	}
	return d.Store.InsertSamples(ctx, runs)
}

// crashAfter returns the archive of a process that dies after n writes.
func crashAfter(s *store.Store, n int) *dying {
	d := &dying{Store: s, conn: &crashing{Conn: s.StoreConn()}}
	d.conn.left.Store(int64(n))
	return d
}

// TestLongCrashArchiving replaces a call and dies after every number of writes.
// Readers always see whole calls; the next run mends the rest.
func TestLongCrashArchiving(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	old := newFixture(1, 0)
	for writes := 0; ; writes++ {
		old.put(t, s, WriterOptions{})
		w := NewWriter(crashAfter(s, writes), "dying", WriterOptions{MaxRows: 200})
		f := old
		f.generation++
		err := f.add(t.Context(), w, false)
		if err == nil {
			err = f.commit(t.Context(), w)
		}
		if err == nil {
			err = w.Flush(t.Context())
		}
		seen := old
		if number(t, s, fmt.Sprintf("SELECT count() FROM quality_samples WHERE value >= %d", f.generation*1000)) > 0 {
			seen = f
		}
		check(t, s, seen)
		if err == nil {
			if seen != f {
				t.Fatal("done, and the old call is seen")
			}
			break
		}
		if writes%5 == 4 {
			_, err = upkeep.Purge(t.Context(), s)
			must(t, err)
			check(t, s, seen)
			value(t, s, "SELECT count() FROM rooms_data", 1)
			value(t, s, "SELECT count() FROM quality_samples_data", uint64(fixtureUsers*fixtureSeries*seen.seriesRows()))
		}
	}
}

// TestLongCrashPurging leaves loads of every step, and dies after every number of
// a purge's writes.
func TestLongCrashPurging(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	a, b := newFixture(1, 0), newFixture(2, 0)
	for writes := 0; ; writes++ {
		a.put(t, s, WriterOptions{})
		b.put(t, s, WriterOptions{})
		a.put(t, s, WriterOptions{})
		dead := NewWriter(crashAfter(s, 1000), "dead", WriterOptions{})
		must(t, b.add(t.Context(), dead, true)) // never committed
		_, err := upkeep.Purge(t.Context(), crashAfter(s, writes))
		check(t, s, a, b)
		if err == nil {
			if writes == 0 {
				t.Fatal("a purge without a write")
			}
			break
		}
	}
	value(t, s, "SELECT count() FROM rooms_data", 2)
	value(t, s, "SELECT uniqExact(load_id) FROM ledger_parts WHERE load_id NOT IN ("+catalogue.Hidden+")", 6)
	value(t, s, "SELECT count() FROM hidden_loads WHERE step != 'opened' AND step != 'abandoned'", 0)
}

// TestTombstones checks that an abandoned load is forgotten after an hour, together with
// rows that came late.
func TestTombstones(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 0)
	f.put(t, s, WriterOptions{})
	const late = 42
	must(t, s.StoreConn().Exec(t.Context(), "INSERT INTO hidden_loads (load_id, step, at) VALUES (42, 'opened', now() - 8000), (42, 'abandoned', now() - 7000), (43, 'abandoned', now())"))
	must(t, s.StoreConn().Exec(t.Context(), "INSERT INTO rooms_data (load_id, comm_id, created_at) VALUES (?, 'late', now())", late))
	check(t, s, f)
	n, err := upkeep.Purge(t.Context(), s)
	if err != nil || n != 1 {
		t.Fatalf("purge: %d, %v; want 1", n, err)
	}
	check(t, s, f)
	value(t, s, "SELECT count() FROM rooms_data", 1)
	value(t, s, "SELECT max(load_id) FROM hidden_loads", 43)
}

// TestCommitIsOnePart checks that each block that must be atomic becomes one part.
func TestCommitIsOnePart(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	must(t, s.StoreConn().Exec(t.Context(), "SYSTEM STOP MERGES hidden_loads"))
	c := hidden.Change{Shown: make([]uint64, 90_000), Replaced: make([]uint64, 90_000), Abandoned: make([]uint64, 10_000)}
	must(t, c.Apply(t.Context(), s.StoreConn(), nil))
	value(t, s, "SELECT max(rows) FROM system.parts WHERE active AND startsWith(database, currentDatabase()) AND table = 'hidden_loads'", 190_000)
}

// TestOvertaken checks that a writer whose loads another process has purged returns an error
// and writes no entry into the ledger.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	s, other := open(t, dsn), open(t, dsn)
	f := newFixture(1, 0)
	w := NewWriter(s, "slow", WriterOptions{})
	must(t, f.add(t.Context(), w, true))
	_, err := upkeep.Purge(t.Context(), other)
	must(t, err)
	must(t, f.commit(t.Context(), w))
	if err := w.Close(t.Context()); err == nil {
		t.Fatal("committed")
	}
	value(t, s, "SELECT count() FROM rooms", 0)
	value(t, s, "SELECT count() FROM ledger_units", 0)
}
