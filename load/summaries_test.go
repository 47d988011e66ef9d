package load

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/aggregate"
	"github.com/callvault/callvault/test/summarytest"
)

// TestLongSummaryOfALargeCall has more pairs than one INSERT takes, in one flush and in
// many. Some of its users are in no list.
func TestLongSummaryOfALargeCall(t *testing.T) {
	t.Parallel()
	const users, peers = 130, 80
	s := open(t, database(t))
	for i, rows := range []int{0, 2000} {
		u := call.Unit{App: app, Kind: call.UnitCall, Key: fmt.Sprint("call", i)}
		w := NewWriter(s, "run", WriterOptions{MaxRows: rows})
		add := func(kind call.PartKind, key int, r call.Rows) {
			t.Helper()
			r.RoomID, r.CreatedAt = "room", t0
			p := call.Part{Kind: kind, Key: fmt.Sprint(key), Settled: key%2 == 0, Window: call.Window{Start: t0, End: t0}, Asked: t0, Deadline: t0}
			must(t, w.Add(t.Context(), u, p, r))
		}
		add(call.PartRoom, 0, call.Rows{Room: &call.Room{App: app, CommID: u.Key, RoomID: "room", CreatedAt: t0}})
		rnd := rand.New(rand.NewPCG(1, uint64(i)))
		for n := range users {
			id := fmt.Sprint("user", n)
			if n%10 != 0 {
				joined := t0.Add(time.Duration(rnd.IntN(9)) * time.Minute)
				add(call.PartUsers, n, call.Rows{Sessions: []call.Session{
					{UserID: id, JoinedAt: joined, LeftAt: joined.Add(time.Duration(rnd.IntN(300)) * time.Second), DeviceType: "Android"},
					{UserID: id, JoinedAt: joined.Add(time.Hour), DeviceType: "iPhone"},
				}})
			}
			x := &call.Samples{}
			add5 := func(peer, metric string, most float64) { // as few as a minute is judged by
				for i := range uint32(5) {
					x.Append(call.Series{UserID: id, PeerID: peer, Metric: metric}, uint32(t0.Unix())+2*i, rnd.Float64()*most)
				}
			}
			add5("", "rtt", 400)
			for p := range peers {
				add5(fmt.Sprint("user", p), "aLoss", 10)
			}
			add(call.PartSeries, n, call.Rows{Samples: x})
		}
		must(t, w.End(t.Context(), ledger.Entry{Unit: u, State: ledger.Archived, StartsAt: t0}))
		must(t, w.Close(t.Context()))
	}
	summarytest.Check(t, s.StoreConn())
	value(t, s, "SELECT count() FROM peer_quality", 2*users*peers)
	value(t, s, "SELECT count() FROM call_users", 2*(users-users/10)) // users with a known session
	value(t, s, "SELECT count() FROM calls WHERE users = 117 AND samples = 52650 AND length(toString(worst_user_id)) > 0", 2)
	value(t, s, "SELECT count() FROM calls_data", 2)
}

// TestSummaryGoesWithItsCall replaces a call by a smaller one.
func TestSummaryGoesWithItsCall(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	f := newFixture(1, 0)
	f.put(t, s, WriterOptions{})
	value(t, s, "SELECT count() FROM call_users", fixtureUsers)
	w := NewWriter(s, "run", WriterOptions{})
	p := f.part(call.PartRoom, 0)
	must(t, w.Add(t.Context(), f.unit, p, call.Rows{CreatedAt: t0, Room: &call.Room{App: app, CommID: f.unit.Key, RoomID: "room", CreatedAt: t0}}))
	must(t, f.commit(t.Context(), w))
	must(t, w.Close(t.Context()))
	value(t, s, "SELECT count() FROM calls WHERE users = 0 AND samples = 0 AND quality_score IS NULL AND grade = 'unknown' AND worst_user_id = ''", 1)
	value(t, s, "SELECT count() FROM calls", 1)
	value(t, s, "SELECT count() FROM call_users", 0)
	value(t, s, "SELECT count() FROM peer_quality", 0)
	summarytest.Check(t, s.StoreConn())
}

// TestSummaryOfManyLoads goes on with calls until they have more loads than the text of a
// query usually holds.
func TestSummaryOfManyLoads(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	held := aggregate.StoredCall{Head: aggregate.Head{Load: s.IDs().New(), Unit: call.Unit{App: app, Kind: call.UnitCall, Key: "call"}}}
	for range 20_000 { // 400 KB
		held.Loads = append(held.Loads, s.IDs().New())
	}
	rows := &aggregate.Rows{}
	must(t, aggregate.SummarizeStored(t.Context(), s.StoreConn(), "", rows, []aggregate.StoredCall{held}, new(aggregate.Histogram), func(int) error { return nil }))
	if rows.Size() != 0 {
		t.Errorf("%d rows of nothing", rows.Size())
	}
}
