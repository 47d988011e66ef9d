package load

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/callvault/callvault/internal/call"
)

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
	for b.Loop() {
		streamsOf(&r)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(x.Rows()), "ns/sample")
}
