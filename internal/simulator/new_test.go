package simulator

import (
	"io"
	"math"
	"net/http"
	"strconv"
	"testing"
	"time"
)

func TestSameSeedSameTruth(t *testing.T) {
	summaries := map[uint64]bool{}
	for range 2 {
		for seed := range uint64(2) {
			c := newClient(t, Options{Seed: seed, Calls: 30})
			summary := c.s.Truth(fixed).Summary()
			summaries[summary.Relations["quality_samples"].Checksum^summary.Relations["user_events"].Checksum] = true
		}
	}
	if len(summaries) != 2 {
		t.Errorf("%d truths of two seeds", len(summaries))
	}
}

// TestDemoIsSmallEnough checks that 20 requests a second fetch the data of a demo in half
// a minute.
func TestDemoIsSmallEnough(t *testing.T) {
	for seed := range uint64(20) {
		c := newClient(t, Options{Seed: seed, Calls: 120})
		requests, pairs, samples := 0, 0, int64(0)
		for i := range c.s.calls[DefaultApp] {
			call := &c.s.calls[DefaultApp][i]
			v := c.s.open(call, fixed.Unix())
			for from := call.start; from <= min(call.end, fixed.Unix()); from += hour {
				q := query{from: from, to: from + hour}
				requests += (len(distinctUsers(v.sessionsIn(&q))) + 5) / 6
			}
			pairs += len(distinctUsers(v.sessions))
			v.streams(v.everyone(), allMetrics(current, call), func(st stream) bool {
				for _, run := range st.user.spans(st.peer, call.start, fixed.Unix(), nil) {
					samples += run.count()
				}
				return true
			})
		}
		if requests > 500 || pairs > 550 || samples < 1_500_000 || samples > 4_000_000 {
			t.Errorf("seed %d: %d series requests, %d users of calls, %d samples", seed, requests, pairs, samples)
		}
	}
}

func TestManyCallsAreCheap(t *testing.T) {
	begun := time.Now()
	c := newClient(t, Options{Calls: 100_000, Apps: []uint32{1, 2, 3}})
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("New took %s", took)
	}
	seen := map[string]bool{}
	for room := range c.s.Truth(fixed).Rooms() {
		if seen[room.CommID] {
			t.Fatalf("CommId %s twice", room.CommID)
		}
		seen[room.CommID] = true
	}
	if len(seen) != 100_000 {
		t.Errorf("%d calls", len(seen))
	}
}

func TestCallsLieWithinTheRetention(t *testing.T) {
	for _, retention := range []time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour} {
		c := newClient(t, Options{Calls: 300, Retention: retention, Straddle: true})
		straddling := 0
		for room := range c.s.Truth(fixed).Rooms() {
			if room.CreatedAt < fixed.Add(20*time.Minute-retention).Unix() {
				straddling++
			}
		}
		if straddling != 1 {
			t.Errorf("retention %s: %d calls start before the edge, want the one asked for", retention, straddling)
		}
	}
}

func TestCallsGoOnAhead(t *testing.T) {
	c := newClient(t, Options{Calls: 100, Ahead: 7 * 24 * time.Hour})
	count := func(at time.Time) (n int) {
		for range c.s.Truth(at).Rooms() {
			n++
		}
		return n
	}
	if now, later := count(fixed), count(fixed.Add(7*24*time.Hour)); now != 100 || later != 150 {
		t.Errorf("%d calls now, %d a week later, want 100 and 150", now, later)
	}
}

// TestSettle checks that the data of a running call comes late, and completely.
func TestSettle(t *testing.T) {
	now := fixed
	c := newClient(t, Options{Calls: 3, Settle: 10 * time.Minute, Now: func() time.Time { return now }})
	running := callOf(t, c.s, pairOn)
	count := func() (n int) {
		params := about(running, fixed.Unix()-running.start)
		params["DataType"] = []string{"appCpu"}
		for _, series := range rows(c.must("DescribeCallDetailInfo", params)["Data"]) {
			n += len(rows(series["Content"]))
		}
		return n
	}
	early := count()
	now = now.Add(10 * time.Minute)
	settled := count()
	now = now.Add(10 * time.Minute)
	if early >= settled || settled != count() {
		t.Errorf("%d samples at first, %d ten minutes later, then %d", early, settled, count())
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, options := range map[string]Options{
		"calls": {Calls: -1}, "retention": {Retention: time.Minute}, "apps": {Apps: []uint32{5, 5}}, "latency": {Latency: -1},
	} {
		if _, err := New(options); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestValuesReadBack checks that the text of a value reads as the double in the truth.
func TestValuesReadBack(t *testing.T) {
	for i := range metrics {
		c := call{start: 1000, seed: uint64(i)}
		for seed := range uint64(20) {
			values := newSeries(&c, &metrics[i], i, seed, 0)
			for ts := int64(1000); ts < 9000; ts += 2 {
				v := values.at(ts)
				text := string(v.appendTo(nil))
				if got, err := strconv.ParseFloat(text, 64); err != nil || got != v.number() || math.Signbit(got) {
					t.Fatalf("%s at %d: %q reads as %v, want %v", metrics[i].name, ts, text, got, v.number())
				}
			}
		}
	}
}

func TestXXH64(t *testing.T) {
	for text, want := range map[string]uint64{
		"": 0xef46db3751d8e999, "a": 0xd24ec4f1a98c6e5b, "abc": 0x44bc2cf5ad770999,
		"Nobody inspects the spammish repetition": 0xfbcea83c8a378bf1,
	} {
		if got := xxh64([]byte(text)); got != want {
			t.Errorf("xxh64(%q) = %#x, want %#x", text, got, want)
		}
	}
}

// discard is a ResponseWriter that counts bytes and drops them.
type discard struct {
	header http.Header
	io.Writer
}

func (d discard) Header() http.Header { return d.header }
func (d discard) WriteHeader(int)     {}

// BenchmarkSeries measures the points a second on one core, for a busy call.
func BenchmarkSeries(b *testing.B) {
	s, err := New(Options{Calls: 26, QPS: -1})
	if err != nil {
		b.Fatal(err)
	}
	for i := range s.calls[DefaultApp] {
		if c := &s.calls[DefaultApp][i]; c.shape == busy {
			q := &query{action: actionByName("DescribeCallDetailInfo"), now: s.now(), app: c.app, commID: c.commID(), from: c.start, to: c.end, all: true}
			points := int64(0)
			v := s.open(c, s.now())
			v.streams(v.everyone(), allMetrics(current, c), func(st stream) bool {
				for _, run := range st.user.spans(st.peer, c.start, c.end, nil) {
					points += run.count()
				}
				return true
			})
			for b.Loop() {
				out := newAnswer(discard{http.Header{}, io.Discard}, "")
				s.callDetail(q, out)
				b.SetBytes(out.finish())
			}
			b.ReportMetric(float64(points)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
			return
		}
	}
}
