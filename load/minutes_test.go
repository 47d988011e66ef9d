package load

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/quality"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/aggregate"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
)

// troubled is a call over midnight whose users change devices. All values that judge a
// minute are random.
type troubled struct {
	sessions []call.Session
	series   []call.Series // Rows is not set
	values   [][]float64   // of each series, one every 2 s from the beginning; negative: none
}

var beforeMidnight = time.Date(2026, 5, 4, 23, 55, 0, 0, time.UTC)

const (
	troubledUsers   = 4
	troubledSeconds = 600
)

func newTroubled(rnd *rand.Rand) *troubled {
	c := &troubled{}
	for i := range troubledUsers {
		id := fmt.Sprint("user", i)
		middle, end := beforeMidnight.Add(time.Duration(61+2*rnd.IntN(200))*time.Second), beforeMidnight.Add(troubledSeconds*time.Second)
		c.sessions = append(c.sessions,
			call.Session{UserID: id, JoinedAt: beforeMidnight, LeftAt: middle, DeviceType: "Android", Finished: true},
			call.Session{UserID: id, JoinedAt: middle, LeftAt: end, DeviceType: "iPhone", Finished: true})
		for j := range troubledUsers {
			peer := ""
			if j != i {
				peer = fmt.Sprint("user", j)
			}
			for _, metric := range quality.Metrics() {
				if quality.Slot(metric, peer != "") >= 0 {
					c.series = append(c.series, call.Series{UserID: id, PeerID: peer, Metric: metric})
					c.values = append(c.values, troubledValues(rnd, metric))
				}
			}
		}
	}
	return c
}

// troubledValues are eighths, whose sums are exact in any order: bad for some time,
// 0 for some, or wanting.
func troubledValues(rnd *rand.Rand, metric string) []float64 {
	most := map[string]int{"aBit": 50_000, "bigvBit": 900_000, "rtt": 900, "sysCpu": 100, "aBlock": 900, "bigvBlock": 900, "aLoss": 25, "bigvLoss": 25}[metric]
	if most == 0 {
		most = 30
	}
	values := make([]float64, troubledSeconds/2)
	mode := 0
	for i := range values {
		if i%13 == 0 {
			mode = rnd.IntN(8)
		}
		switch mode {
		case 0:
			values[i] = -1
		case 1: // 0
		default:
			values[i] = float64(rnd.IntN(8*most)*mode/8) / 8
		}
	}
	return values
}

// cut returns the samples of some seconds, counted from the beginning.
func (c *troubled) cut(from, to int) *call.Samples {
	x := &call.Samples{}
	for i, s := range c.series {
		for n, v := range c.values[i] {
			if v >= 0 && 2*n >= from && 2*n < to {
				x.Append(s, uint32(beforeMidnight.Unix())+uint32(2*n), v)
			}
		}
	}
	return x
}

// piece is a part of the call.
type troubledPiece struct {
	kind     call.PartKind
	from, to int // seconds of series
}

// pieces cuts the series at odd seconds, and returns the pieces in random order.
func troubledPieces(rnd *rand.Rand, n int) []troubledPiece {
	cuts := []int{0, troubledSeconds}
	for len(cuts) < n+1 {
		if at := 1 + 2*rnd.IntN(troubledSeconds/2); !slices.Contains(cuts, at) {
			cuts = append(cuts, at)
		}
	}
	slices.Sort(cuts)
	all := []troubledPiece{{kind: call.PartRoom}, {kind: call.PartUsers}}
	for i := range n {
		all = append(all, troubledPiece{call.PartSeries, cuts[i], cuts[i+1]})
	}
	rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func (c *troubled) add(t *testing.T, w *Writer, u call.Unit, p troubledPiece) {
	t.Helper()
	start := uint32(beforeMidnight.Unix())
	r := call.Rows{RoomID: "room", CreatedAt: beforeMidnight, SessionsOf: map[string][]call.Session{}}
	for _, s := range c.sessions {
		r.SessionsOf[s.UserID] = append(r.SessionsOf[s.UserID], s)
	}
	part := call.Part{Kind: p.kind, Key: fmt.Sprint(p.from), Settled: true, Asked: beforeMidnight, Deadline: beforeMidnight, Window: call.Window{Start: beforeMidnight, End: beforeMidnight}}
	switch p.kind {
	case call.PartRoom:
		r.Room = &call.Room{App: u.App, CommID: u.Key, RoomID: "room", CreatedAt: beforeMidnight}
	case call.PartUsers:
		r.Sessions = c.sessions
	default:
		r.Samples = c.cut(p.from, p.to)
		part.Owned = []call.Owned{{From: start + uint32(p.from), To: start + uint32(p.to) - 1}}
	}
	must(t, w.Add(t.Context(), u, part, r))
}

// archive adds the pieces with one writer after the other. Each writer ends the call. If
// flush is set, it flushes between pieces.
func (c *troubled) archive(t *testing.T, s *store.Store, u call.Unit, flush bool, turns ...[]troubledPiece) {
	t.Helper()
	for i, pieces := range turns {
		w := NewWriter(s, "run", WriterOptions{})
		_, err := w.Resume(t.Context(), u)
		must(t, err)
		for i, p := range pieces {
			if flush && i > 0 {
				must(t, w.Flush(t.Context()))
			}
			c.add(t, w, u, p)
		}
		state := ledger.Provisional
		if i == len(turns)-1 {
			state = ledger.Archived
		}
		must(t, w.End(t.Context(), ledger.Entry{Unit: u, State: state, StartsAt: beforeMidnight}))
		must(t, w.Close(t.Context()))
	}
}

// TestLongSummaryIsTheSameHowever archives calls as a whole, in pieces, and with several
// writers, the last of which must read the rows that it has not added. All rows of the
// summaries are the same to the last byte.
func TestLongSummaryIsTheSameHowever(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	for range 2 {
		seed := rand.Uint64()
		rnd := rand.New(rand.NewPCG(seed, 0))
		c := newTroubled(rnd)
		var want map[string][]string
		check := func(name string, flush bool, turns ...[]troubledPiece) {
			t.Helper()
			u := call.Unit{App: app, Kind: call.UnitCall, Key: fmt.Sprint(seed, name)}
			c.archive(t, s, u, flush, turns...)
			got := summaryRows(t, s, u.Key)
			if want == nil {
				want = got
			}
			for table, rows := range want {
				if !slices.Equal(rows, got[table]) {
					t.Errorf("seed %d, %s: %s:\ngot  %s\nwant %s", seed, name, table, got[table], rows)
				}
			}
		}
		check("whole", false, troubledPieces(rnd, 1))
		bad := strings.Join(want["call_users_data"], "")
		for _, cause := range []string{"the uplink of", "the downlink of", "frames/s", "others received it"} {
			if !strings.Contains(bad, cause) {
				t.Errorf("seed %d: no minute says that %s", seed, cause)
			}
		}
		check("in pieces", false, troubledPieces(rnd, 5))
		check("in flushes", true, troubledPieces(rnd, 5))
		for _, flush := range []bool{false, true} {
			all := troubledPieces(rnd, 6)
			check(fmt.Sprint("with three writers, ", flush), flush, all[:3], all[3:5], all[5:])
		}
		check("with a writer that adds nothing", false, troubledPieces(rnd, 4), nil)
	}
}

// TestThousandths checks that Go adds up values as the engine does.
func TestThousandths(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	all := []float64{0, 0.0005, -0.0005, 12.3456, -12.3456, 1e12, -1e12, 1e13, -1e300, math.MaxFloat64, math.Inf(1), math.Inf(-1), 1e-300, 0.285, 1.005, 4.35}
	rnd := rand.New(rand.NewPCG(rand.Uint64(), 0))
	for range 2000 {
		all = append(all, rnd.NormFloat64()*math.Pow(10, rnd.Float64()*12-4), float64(rnd.IntN(1e6))/2000)
	}
	var got []int64
	for some := range slices.Chunk(all, 500) {
		var text []string
		for _, v := range some {
			text = append(text, fmt.Sprintf("reinterpretAsFloat64(toUInt64(%d))", math.Float64bits(v)))
		}
		must(t, s.StoreConn().QueryRow(t.Context(), "SELECT arrayMap(value -> "+aggregate.ThousandthsSQL+", ["+strings.Join(text, ", ")+"])").Scan(&got))
		for i, v := range some {
			if want := quality.Thousandths(v); got[i] != want {
				t.Errorf("%v: got %d, want %d", v, got[i], want)
			}
		}
	}
}

// summaryRows returns the visible rows of a call in the tables of summaries.
func summaryRows(t *testing.T, s *store.Store, commID string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, table := range []string{"call_users_data", "peer_quality_data", "calls_data"} {
		except := "load_id, comm_id"
		if table == "calls_data" { // these columns come from the ledger
			except += ", is_complete, missing"
		}
		all[table] = archivetest.Strings(t, s.StoreConn(), "SELECT toString(tuple(* EXCEPT ("+except+"))) FROM "+table+" WHERE comm_id = ? AND load_id NOT IN ("+catalogue.Hidden+") ORDER BY 1", commID)
		if len(all[table]) == 0 {
			t.Fatalf("%s: no rows of %s", table, commID)
		}
	}
	return all
}

// TestSummaryOfWhatWasFlushed ends a call whose rows are all inserted. The call is summed up
// from memory and not read again.
func TestSummaryOfWhatWasFlushed(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 0))
	c, u := newTroubled(rnd), call.Unit{App: app, Kind: call.UnitCall, Key: "call"}
	w := NewWriter(s, "run", WriterOptions{})
	for _, p := range troubledPieces(rnd, 3) {
		c.add(t, w, u, p)
		must(t, w.Flush(t.Context()))
	}
	must(t, s.StoreConn().Exec(t.Context(), "TRUNCATE TABLE quality_samples_data"))
	must(t, w.End(t.Context(), ledger.Entry{Unit: u, State: ledger.Archived, StartsAt: beforeMidnight}))
	must(t, w.Close(t.Context()))
	t.Logf("seed %d", seed)
	value(t, s, "SELECT toUInt64(count() > 0) FROM call_minutes", 1) // otherwise they were read from the table
}
