package load

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/migratedtest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

const app = call.AppID(1400353843)

var t0 = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// open connects to dsn until the end of the test.
func open(t testing.TB, dsn string) *store.Store { return migratedtest.Connect(t, dsn) }

// database makes a migrated database for the test.
func database(t testing.TB) (dsn string) { return migratedtest.Database(t) }

// fixture is a call with rows in every relation. Its size depends on its generation, so the
// sums below differ between generations.
type fixture struct {
	unit       call.Unit
	generation int
}

func newFixture(i, generation int) fixture {
	return fixture{call.Unit{App: app, Kind: call.UnitCall, Key: fmt.Sprintf("%d_room%03d_%d", app, i, t0.Unix())}, generation}
}

const (
	fixtureUsers  = 3
	fixtureSeries = 4 // a user
)

// seriesRows returns the number of samples of a series.
func (f fixture) seriesRows() int { return 20 + f.generation }

func (f fixture) samples(user int) *call.Samples {
	x := &call.Samples{Nulls: 1}
	for s := range fixtureSeries {
		x.Series = append(x.Series, call.Series{UserID: fmt.Sprint("user", user), PeerID: []string{"", "peer"}[s%2], Metric: []string{"rtt", "aLoss"}[s/2], Rows: f.seriesRows()})
		for i := range f.seriesRows() {
			x.Time = append(x.Time, uint32(t0.Unix())+uint32(2*i))
			x.Value = append(x.Value, float64(f.generation*1000+i))
		}
	}
	return x
}

// part returns a part of the call for user u. Parts of even users are settled.
func (f fixture) part(kind call.PartKind, u int) call.Part {
	to := t0.Add(time.Hour)
	return call.Part{
		Kind: kind, Key: fmt.Sprint(u), Window: call.Window{Start: t0, End: to}, Settled: u%2 == 0,
		Owned: []call.Owned{{User: fmt.Sprint("user", u), From: uint32(t0.Unix()), To: uint32(to.Unix())}},
		Asked: to, Deadline: t0.Add(14 * 24 * time.Hour),
	}
}

// add adds the call piece by piece. If flush is set, it flushes after each piece.
func (f fixture) add(ctx context.Context, w *Writer, flush bool) error {
	room := &call.Room{App: app, CommID: f.unit.Key, RoomID: "room", CreatedAt: t0, DestroyedAt: t0.Add(time.Hour), Finished: true, Creator: "user0"}
	pieces := []struct {
		part call.Part
		rows call.Rows
	}{{f.part(call.PartRoom, 1), call.Rows{CreatedAt: t0, Room: room}}}
	add := func(kind call.PartKind, u int, r call.Rows) {
		r.RoomID = "room"
		pieces = append(pieces, struct {
			part call.Part
			rows call.Rows
		}{f.part(kind, u), r})
	}
	for u := range fixtureUsers {
		id := fmt.Sprint("user", u)
		add(call.PartUsers, u, call.Rows{CreatedAt: t0, Sessions: []call.Session{{UserID: id, JoinedAt: t0, DeviceType: "Android", SDKVersion: "12.1", ClientIP: "10.0.0.1"}}})
		add(call.PartSeries, u, call.Rows{CreatedAt: t0, Samples: f.samples(u)})
		add(call.PartEvents, u, call.Rows{CreatedAt: t0, Events: []call.Event{{UserID: id, EventID: 1, Time: t0.Add(1234 * time.Millisecond), ParamOne: -1}}})
	}
	for _, piece := range pieces {
		if err := w.Add(ctx, f.unit, piece.part, piece.rows); err != nil {
			return err
		}
		if flush {
			if err := w.Flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f fixture) commit(ctx context.Context, w *Writer) error {
	return w.End(ctx, ledger.Entry{Unit: f.unit, State: ledger.Archived, StartsAt: t0})
}

// put archives the call with a writer of its own.
func (f fixture) put(t testing.TB, s *store.Store, o WriterOptions) {
	t.Helper()
	w := NewWriter(s, "run", o)
	if err := f.add(t.Context(), w, false); err != nil {
		t.Fatal(err)
	}
	if err := f.commit(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// check checks that the views hold exactly the calls.
func check(t testing.TB, s *store.Store, calls ...fixture) {
	t.Helper()
	for _, f := range calls {
		n := uint64(f.seriesRows())
		g := uint64(f.generation)
		series := uint64(fixtureUsers * fixtureSeries)
		value(t, s, "SELECT count() FROM rooms WHERE comm_id = '"+f.unit.Key+"'", 1)
		value(t, s, "SELECT count() FROM user_sessions WHERE comm_id = '"+f.unit.Key+"'", fixtureUsers)
		value(t, s, "SELECT count() FROM user_events WHERE comm_id = '"+f.unit.Key+"'", fixtureUsers)
		value(t, s, "SELECT count() FROM quality_samples WHERE comm_id = '"+f.unit.Key+"'", series*n)
		value(t, s, "SELECT toUInt64(sum(value)) FROM quality_samples WHERE comm_id = '"+f.unit.Key+"'", series*(n*g*1000+n*(n-1)/2))
		value(t, s, "SELECT uniqExact(user_id, peer_id, metric, ts) FROM quality_samples WHERE comm_id = '"+f.unit.Key+"'", series*n)
		value(t, s, "SELECT sum(samples) FROM calls WHERE comm_id = '"+f.unit.Key+"'", series*n)
	}
	value(t, s, "SELECT count() FROM rooms", uint64(len(calls)))
	value(t, s, "SELECT count() FROM calls", uint64(len(calls)))
	value(t, s, "SELECT uniqExact(comm_id) FROM quality_samples", uint64(len(calls)))
	value(t, s, "SELECT count() FROM user_events", uint64(len(calls)*fixtureUsers))
}

// value checks that a query's only value is want.
func value(t testing.TB, s *store.Store, q string, want uint64) {
	t.Helper()
	if got := number(t, s, q); got != want {
		t.Fatalf("%s: got %d, want %d", q, got, want)
	}
}

func number(t testing.TB, s *store.Store, q string) uint64 {
	t.Helper()
	return archivetest.Number(t, archivetest.Conn(s.Conn(), s.Database()), q)
}
