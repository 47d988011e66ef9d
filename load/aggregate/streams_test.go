package aggregate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/call"
)

// t0 is the time of the first sample.
var t0 = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

func TestRounded(t *testing.T) {
	t.Parallel()
	exact := []float64{0, 1, 2, 3, 15, 24, 30, 31, 32, 34, 640, 0.5, 1280, -7}
	for _, v := range exact {
		if got := valueOf(rounded(v)); float64(got) != v {
			t.Errorf("%v is rounded to %v", v, got)
		}
	}
	for range 100_000 {
		v := math.Exp(rand.Float64()*60-20) * float64(rand.IntN(2)*2-1)
		got := float64(valueOf(rounded(v)))
		if math.Abs(got-v) > math.Abs(v)/32 {
			t.Fatalf("%v is rounded to %v", v, got)
		}
		if again := float64(valueOf(rounded(got))); again != got {
			t.Fatalf("%v is rounded to %v, and that to %v", v, got, again)
		}
	}
	for _, v := range []float64{math.MaxFloat64, -math.MaxFloat64} {
		if got := valueOf(rounded(v)); math.IsInf(float64(got), 0) {
			t.Errorf("%v is rounded to %v", v, got)
		}
	}
}

// TestStreamsByClient checks a user who comes back with another device: each device
// gets what was measured while the user had it, whatever other sessions are known.
func TestStreamsByClient(t *testing.T) {
	t.Parallel()
	at := uint32(t0.Unix())
	session := func(after time.Duration, device string) call.Session {
		return call.Session{UserID: "u", JoinedAt: t0.Add(after), DeviceType: device, SDKVersion: "12"}
	}
	x := func() *call.Samples {
		return &call.Samples{
			Series: []call.Series{{UserID: "u", Metric: "rtt", Rows: 6}, {UserID: "stranger", Metric: "rtt", Rows: 1}},
			Time:   []uint32{at - 2, at, at + 8, at + 10, at + 20, at + 30, at}, Value: []float64{1, 2, 3, 4, 5, 6, 7},
		}
	}
	events := []call.Event{{UserID: "u", EventID: 5005, Time: t0.Add(9900 * time.Millisecond)}, {UserID: "u", EventID: 5005, Time: t0.Add(10 * time.Second)}}
	type sums struct {
		user, device string
		samples      uint64
		sum          float64
		lost         uint32
	}
	for name, tt := range map[string]struct {
		sessions []call.Session
		want     []sums
	}{
		"unknown":       {nil, []sums{{"u", "", 6, 21, 2}, {"stranger", "", 1, 7, 0}}},
		"one":           {[]call.Session{session(0, "phone")}, []sums{{"u", "phone", 6, 21, 2}, {"stranger", "", 1, 7, 0}}},
		"same again":    {[]call.Session{session(10*time.Second, "phone"), session(0, "phone")}, []sums{{"u", "phone", 6, 21, 2}, {"stranger", "", 1, 7, 0}}},
		"another":       {[]call.Session{session(10*time.Second, "tablet"), session(0, "phone")}, []sums{{"u", "phone", 3, 6, 1}, {"u", "tablet", 3, 15, 1}, {"stranger", "", 1, 7, 0}}},
		"and the first": {[]call.Session{session(0, "phone"), session(10*time.Second, "tablet"), session(20*time.Second, "phone")}, []sums{{"u", "phone", 5, 17, 1}, {"u", "tablet", 1, 4, 1}, {"stranger", "", 1, 7, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := call.Rows{Samples: x(), Events: events, SessionsOf: map[string][]call.Session{"u": tt.sessions}}
			var got []sums
			for _, s := range StreamsOf(&r, new(Histogram)) {
				var sum float64
				if m := s.of[metricColumn("rtt")]; m != nil {
					sum = m.sum
				}
				got = append(got, sums{s.user, s.device, s.samples, sum, s.connectionsLost})
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestPlus checks that a stream in two parts adds up to the same stream in one.
func TestPlus(t *testing.T) {
	t.Parallel()
	at := uint32(t0.Unix())
	part := func(from, to int, events ...call.Event) *call.Rows {
		x := &call.Samples{}
		for _, metric := range []string{"rtt", "aCapEnergy", "unheard of", "aBit"} {
			if metric == "aBit" && from == 0 {
				continue // which the last part alone has
			}
			x.Series = append(x.Series, call.Series{UserID: "u", Metric: metric, Rows: to - from}, call.Series{UserID: "u", PeerID: "p", Metric: metric, Rows: to - from})
			for range 2 {
				for i := from; i < to; i++ {
					x.Time, x.Value = append(x.Time, at+uint32(i)), append(x.Value, float64(i%7*10))
				}
			}
		}
		return &call.Rows{Samples: x, Events: events}
	}
	lost := call.Event{UserID: "u", EventID: 5005, Time: t0}
	rowsOf := func(load uint64, parts ...*call.Rows) (rows []StreamRow) {
		for _, r := range parts {
			streams := StreamsOf(r, new(Histogram))
			for i := range streams {
				rows = append(rows, StreamRow{Load: load, Stream: &streams[i]})
			}
		}
		return rows
	}
	whole := part(0, 40, lost, lost)
	want := joined(rowsOf(2, whole))
	rows := slices.Concat(rowsOf(1, part(0, 15, lost), &call.Rows{Events: []call.Event{lost}}, part(15, 40)), rowsOf(2, whole))
	for range 2 { // joining again changes nothing
		got := joined(slices.Clone(rows))
		if len(got) != 4 {
			t.Fatalf("%d rows, want 4", len(got))
		}
		for i, row := range []StreamRow{got[0], got[2]} {
			w := *want[i].Stream
			if row.Load != 1 {
				t.Fatalf("row %d is of load %d", i, row.Load)
			}
			if row.samples != w.samples+25 || row.first != w.first || row.last != w.last || row.eventCounts != w.eventCounts {
				t.Errorf("%+v, want %+v", row.Stream, w)
			}
			rtt := metricColumn("rtt")
			if diff := cmp.Diff(w.of[rtt], row.of[rtt], cmp.AllowUnexported(metricSums{})); diff != "" {
				t.Errorf("rtt (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(w.other, row.other, cmp.AllowUnexported(metricSums{}, otherMetric{})); diff != "" {
				t.Errorf("other (-want +got):\n%s", diff)
			}
		}
	}
}

// BenchmarkStreams sums up an hour of a call: 367,200 samples.
func BenchmarkStreams(b *testing.B) {
	x := &call.Samples{}
	for series := range 6 * 3 * 12 {
		metric := streamMetrics[series%len(streamMetrics)].metric
		x.Series = append(x.Series, call.Series{UserID: string(rune('a' + series%6)), PeerID: string(rune('p' + series/6%3)), Metric: metric, Rows: 1700})
		for i := range 1700 {
			x.Time = append(x.Time, uint32(t0.Unix())+uint32(2*i))
			x.Value = append(x.Value, float64(100+series)*(1+float64(i%64)/300)+rand.Float64()*float64(series%9))
		}
	}
	r := call.Rows{Samples: x}
	h := new(Histogram)
	for b.Loop() {
		StreamsOf(&r, h)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(x.Rows()), "ns/sample")
}

// BenchmarkSummary sums up the streams of an hour of a call of six users who receive
// each other: some 700,000 samples.
func BenchmarkSummary(b *testing.B) {
	x := &call.Samples{}
	at := uint32(t0.Unix())
	rnd := rand.New(rand.NewPCG(1, 1))
	for user := range 6 {
		for peer := range 6 {
			for _, m := range streamMetrics {
				run := call.Series{UserID: fmt.Sprint("user", user), Metric: m.metric}
				if peer != user {
					run.PeerID = fmt.Sprint("user", peer)
				}
				for i := range uint32(1800) {
					x.Append(run, at+2*i, float64(rnd.IntN(40)))
				}
			}
		}
	}
	c := &Content{}
	streams := StreamsOf(&call.Rows{Samples: x}, new(Histogram))
	for i := range streams {
		c.Streams = append(c.Streams, &streams[i])
	}
	h := new(Histogram)
	for b.Loop() {
		c.Summarize(h)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(x.Rows()), "ns/sample")
}
