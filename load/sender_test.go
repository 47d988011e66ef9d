package load

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/retry"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/proxytest"
)

// runsOf makes series of n rows from t on, in a load of its own.
func runsOf(load uint64, series, n int, t time.Time) []native.Run {
	return native.Each(bufferOf(load, series, n, t).runs, func(r *run) native.Run {
		r.Load = load
		return r.Run
	})
}

// bufferOf returns the same series as a Writer holds them.
func bufferOf(load uint64, series, n int, t time.Time) *sampleBuffer {
	s := newUnitState(newFixture(1, 0).unit)
	s.settled.load = load
	x := &call.Samples{}
	for i := range series {
		x.Series = append(x.Series, call.Series{UserID: fmt.Sprintf("user%04d", i), Metric: "m", Rows: n})
		for k := range n {
			x.Time = append(x.Time, uint32(t.Unix())+uint32(2*k))
			x.Value = append(x.Value, float64(i*n+k))
		}
	}
	var b sampleBuffer
	b.add(&s.settled, s.unit.Key, "room", x)
	return &b
}

// holds checks that the table has exactly the rows of runsOf, each once.
func holds(t *testing.T, s *store.Store, load uint64, series, n int) {
	t.Helper()
	where := fmt.Sprintf(" FROM quality_samples_data WHERE load_id = %d", load)
	value(t, s, "SELECT count()"+where, uint64(series*n))
	value(t, s, fmt.Sprintf("SELECT countIf(value = toUInt64(substring(user_id, 5)) * %d + intDiv(toUnixTimestamp(ts) - %d, 2))", n, t0.Unix())+where, uint64(series*n))
}

// TestOneInsertIsOnePart checks that the server does not divide a block of any size, and that
// a flush is divided only at MaxRows and by month.
func TestOneInsertIsOnePart(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	must(t, s.StoreConn().Exec(t.Context(), "SYSTEM STOP MERGES quality_samples_data"))
	const parts = " FROM system.parts WHERE active AND startsWith(database, currentDatabase()) AND table = 'quality_samples_data'"
	must(t, s.InsertSamples(t.Context(), runsOf(1, 3, 400_000, t0)))
	value(t, s, "SELECT count()"+parts, 1)
	value(t, s, "SELECT max(rows)"+parts, 1_200_000)
	holds(t, s, 1, 3, 400_000)

	month := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	must(t, s.InsertSamples(t.Context(), runsOf(2, 3, 100, month.Add(-100*time.Second))))
	value(t, s, "SELECT count()"+parts, 3)

	w := NewWriter(s, "run", WriterOptions{BlockRows: 1000})
	must(t, w.insertSamples(t.Context(), bufferOf(3, 7, 350, t0)))
	value(t, s, "SELECT count()"+parts, 6)
	value(t, s, "SELECT toUInt64(max(level))"+parts, 0)
	holds(t, s, 3, 7, 350)
}

// TestCompressed sends the same rows with each method of compression.
func TestCompressed(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	for i, method := range []string{"none", "lz4", "lz4hc", "zstd"} {
		s := open(t, dsn+"?compress="+method)
		load := uint64(10 + i)
		must(t, s.InsertSamples(t.Context(), runsOf(load, 20, 50+i*50, t0)))
		holds(t, s, load, 20, 50+i*50)
	}
}

// TestLongSenderFaults breaks the samples' connection at every byte that the client sends.
// An insert either returns an error that can be retried, or its rows are in the table. The
// Sender then works on.
func TestLongSenderFaults(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	s := open(t, dsn)
	through, tap := tapped(t, dsn)
	o := tables(open(t, through))
	w := native.NewSender(o)
	defer func() { w.Close() }()
	const series, n = 3, 70 // some columns are sent run by run
	tap.Arm(proxytest.Rule{N: 1 << 30})
	must(t, w.Insert(t.Context(), runsOf(1, series, n, t0)))
	size := tap.Sent()
	tap.Disarm()
	load := uint64(1)
	try := func(r proxytest.Rule, patience time.Duration) {
		t.Helper()
		w.Close()
		w = native.NewSender(o) // which dials anew
		load++
		tap.Arm(r)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		err := w.Insert(ctx, runsOf(load, series, n, t0))
		if tap.Disarm(); err == nil {
			holds(t, s, load, series, n)
		} else if !retry.Helps(err) {
			t.Fatalf("%+v: %v is not worth another attempt", r, err)
		}
		if load%8 == 0 || r.Mute {
			load++
			must(t, w.Insert(t.Context(), runsOf(load, series, n, t0)))
		}
	}
	for at := 0; at < size; at++ {
		if at > 1200 { // within the block's columns
			at += 40
		}
		try(proxytest.Rule{N: at, Cut: true}, 10*time.Second)
	}
	for at := 0; at < size; at += size / 7 {
		try(proxytest.Rule{N: at, Mute: true}, 300*time.Millisecond)
	}
	t.Logf("%d bytes, %d inserts", size, load)
	holds(t, s, load, series, n)
}

// TestSenderEndsWithItsContext checks that a cancelled insert ends at once, even if the server
// is silent, and is not retried. It leaves no goroutine behind.
func TestSenderEndsWithItsContext(t *testing.T) { // by itself: it counts goroutines
	dsn := database(t)
	through, tap := tapped(t, dsn)
	o := tables(open(t, through))
	before := runtime.NumGoroutine()
	w := native.NewSender(o)
	must(t, w.Insert(t.Context(), runsOf(1, 1, 10, t0)))
	tap.Arm(proxytest.Rule{N: 1, Mute: true})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	begun := time.Now()
	err := w.Insert(ctx, runsOf(2, 1, 10, t0))
	if took := time.Since(begun); !errors.Is(err, context.Canceled) || retry.Helps(err) || took > 5*time.Second {
		t.Fatalf("after %s: %v", took, err)
	}
	w.Close()
	for wait := time.Millisecond; runtime.NumGoroutine() > before; wait *= 2 {
		if wait > 2*time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(wait)
	}
}

// tables returns options for the database of the tables.
func tables(s *store.Store) *clickhouse.Options {
	o := s.ClickHouse()
	o.Auth.Database = catalogue.StoreOf(o.Auth.Database)
	return o
}

// TestSenderErrors checks that errors of the server are recognized.
func TestSenderErrors(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	s := open(t, dsn)
	must(t, s.StoreConn().Exec(t.Context(), "DROP TABLE quality_samples_data"))
	err := s.InsertSamples(t.Context(), runsOf(1, 1, 10, t0))
	if retry.Code(err) != 60 || retry.Helps(err) {
		t.Fatalf("no such table: code %d, %v", retry.Code(err), err)
	}
	o := tables(open(t, dsn))
	o.Auth.Password = "wrong"
	err = native.NewSender(o).Insert(t.Context(), runsOf(1, 1, 10, t0))
	if retry.Code(err) != 516 || retry.Helps(err) {
		t.Fatalf("wrong password: code %d, %v", retry.Code(err), err)
	}
}

func TestSamplePool(t *testing.T) {
	t.Parallel()
	p := newSamplePool(1 << 20)
	for n := 0; n < 50_000; n = n*9/8 + 1 {
		x := p.get(n)
		if cap(x.Time) < n || cap(x.Value) != cap(x.Time) || x.Rows() != 0 {
			t.Fatalf("room for %d rows, asked for %d", cap(x.Time), n)
		}
		x.Time = append(x.Time, 1)
		p.put([]*call.Samples{x})
		if p.get(n) != x {
			t.Fatalf("the memory of %d rows is not used again", n)
		}
	}
}
