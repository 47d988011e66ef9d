package load

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/upkeep"
	"github.com/callvault/callvault/test/summarytest"
)

func TestReplace(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	a, b := newFixture(1, 3), newFixture(2, 1)
	a.put(t, s, WriterOptions{})
	b.put(t, s, WriterOptions{})
	for generation := range 3 { // the later ones are smaller, as when rows vanish
		a.generation = 2 - generation
		a.put(t, s, WriterOptions{})
		check(t, s, a, b)
	}
	if n, err := upkeep.Purge(t.Context(), s); err != nil || n != 9 { // for each put, two halves and a summary
		t.Fatalf("purge: got %d loads, %v; want 9", n, err)
	}
	check(t, s, a, b)
	summarytest.Check(t, s.StoreConn())
	value(t, s, "SELECT count() FROM hidden_loads", 0)
	value(t, s, "SELECT uniqExact(load_id) FROM ledger_parts", 6)
	value(t, s, "SELECT count() FROM rooms_data", 2)
	value(t, s, "SELECT count() FROM calls_data", 2)
}

func TestPiecesAndFlushes(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 1)
	f.put(t, s, WriterOptions{})
	f.generation = 2
	w := NewWriter(s, "run2", WriterOptions{MaxRows: 50})
	if err := f.add(t.Context(), w, true); err != nil {
		t.Fatal(err)
	}
	f.generation = 1
	check(t, s, f) // the old one until the commit
	if n, err := upkeep.Purge(t.Context(), s); err != nil || n != 0 {
		t.Fatalf("purge beside a live writer: got %d, %v; want 0", n, err)
	}
	f.generation = 2
	if err := f.commit(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(t, s, f)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(t.Context()); err != ErrClosed {
		t.Errorf("flush of a closed writer: got %v", err)
	}
}

func TestAbandon(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f, other := newFixture(1, 1), newFixture(2, 1)
	w := NewWriter(s, "run", WriterOptions{})
	add := func(f fixture, flush bool) {
		t.Helper()
		if err := f.add(t.Context(), w, flush); err != nil {
			t.Fatal(err)
		}
	}
	add(f, true)
	w.Abandon(f.unit)
	add(f, false)
	w.Abandon(f.unit)
	f.generation = 2
	add(f, false)
	add(other, true)
	for _, f := range []fixture{f, other} {
		if err := f.commit(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(t, s, f, other)
	_, err := upkeep.Purge(t.Context(), s)
	must(t, err)
	check(t, s, f, other)
	value(t, s, "SELECT count() FROM rooms_data", 2)
	value(t, s, "SELECT countIf(step = 'committed') FROM hidden_loads", 0)
}

func TestOtherUnits(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	hour := call.Unit{App: app, Kind: call.UnitUnusual, Key: t0.Format(time.RFC3339)}
	start := time.Date(2026, 5, 4, 16, 0, 0, 0, time.UTC)
	day := call.Unit{App: app, Kind: call.UnitScale, Key: start.Format(time.RFC3339)}
	put := func(events []call.UnusualEvent) {
		t.Helper()
		w := NewWriter(s, "run", WriterOptions{})
		must(t, w.Add(t.Context(), hour, call.Part{Kind: call.PartUnusual}, call.Rows{Unusual: events}))
		must(t, w.End(t.Context(), ledger.Entry{Unit: hour, State: ledger.Archived, StartsAt: t0}))
		must(t, w.Add(t.Context(), day, call.Part{Kind: call.PartScale, Settled: true}, call.Rows{Day: &call.DailyScale{Start: start, UserNumber: 3, UserCount: 5, RoomNumber: 2}}))
		must(t, w.End(t.Context(), ledger.Entry{Unit: day, State: ledger.Archived, StartsAt: start}))
		must(t, w.Close(t.Context()))
	}
	put([]call.UnusualEvent{{RoomID: "r", UserID: "u", ExperienceID: 1, Time: t0}, {RoomID: "r", UserID: "u", ExperienceID: 1, Time: t0, AbnormalEventID: 5, PeerID: "p"}})
	value(t, s, "SELECT count() FROM unusual_events", 2)
	put(nil) // an empty unit replaces, too
	value(t, s, "SELECT count() FROM unusual_events", 0)
	value(t, s, "SELECT count() FROM daily_scale WHERE day = '2026-05-05' AND user_number = 3 AND user_count = 5 AND room_numbers = 2", 1)
	value(t, s, "SELECT count() FROM daily_scale", 1)
	value(t, s, "SELECT count() FROM ledger WHERE kind = 'unusual' AND part = '' AND state = 'empty'", 1)
}

func TestRefusesBadTimes(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 1)
	w := NewWriter(s, "run", WriterOptions{})
	if err := w.Add(t.Context(), f.unit, call.Part{}, call.Rows{CreatedAt: t0, Room: &call.Room{CommID: "x"}}); err == nil {
		t.Error("a room created in the year 1 was accepted")
	}
	must(t, w.Close(t.Context()))
}

// TestLongManyUnits adds units from several goroutines while a reader reads. The reader must
// see each call whole or not at all, in its old or its new generation.
func TestLongManyUnits(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	const calls, writers, rounds = 24, 4, 4
	ctx, stop := context.WithCancel(t.Context())
	looked := make(chan error, 1)
	looks := 0
	go func() {
		var err error
		seen := 0
		for err == nil && ctx.Err() == nil {
			seen, err = lookForPartial(s, seen)
			looks++
		}
		looked <- err
	}()
	for round := range rounds {
		w := NewWriter(s, "run", WriterOptions{MaxRows: 2000})
		g, ctx := errgroup.WithContext(t.Context())
		for part := range writers {
			g.Go(func() error {
				for i := part; i < calls; i += writers {
					f := newFixture(i, round)
					if err := f.add(ctx, w, false); err != nil {
						return err
					}
					if err := f.commit(ctx, w); err != nil {
						return err
					}
				}
				return nil
			})
		}
		g.Go(func() error { // purging beside the writer leaves its loads alone
			_, err := upkeep.Purge(ctx, s)
			return err
		})
		must(t, g.Wait())
		must(t, w.Close(t.Context()))
	}
	stop()
	if err := <-looked; err != nil {
		t.Error(err)
	}
	t.Logf("%d looks", looks)
	all := make([]fixture, calls)
	for i := range all {
		all[i] = newFixture(i, rounds-1)
	}
	check(t, s, all...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDiskUsage(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 0)
	f.put(t, s, WriterOptions{})
	all, err := upkeep.DiskUsage(t.Context(), s)
	must(t, err)
	for _, u := range all {
		if u.Relation == "quality_samples" && u.Rows == uint64(fixtureUsers*fixtureSeries*f.seriesRows()) && u.Bytes > 0 {
			return
		}
	}
	t.Errorf("got %+v", all)
}
