package call_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/call"
)

// TestAppend: runs keep the samples in their order, and each run is of one series.
func TestAppend(t *testing.T) {
	type sample struct {
		user, peer, metric string
		at                 uint32
		value              float64
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(names ...string) string { return names[r.IntN(len(names))] }
	var s call.Samples
	for range 50 {
		s.Reset()
		var want, got []sample
		for i := range r.IntN(30) {
			x := sample{pick("u", "v"), pick("", "u"), pick("rtt", "loss"), uint32(i), r.Float64()}
			want = append(want, x)
			s.Append(call.Series{UserID: x.user, PeerID: x.peer, Metric: x.metric, Rows: 99}, x.at, x.value)
		}
		at := 0
		for i, run := range s.Series {
			if before := s.Series[max(i-1, 0)]; i > 0 && before.Metric == run.Metric && before.UserID == run.UserID && before.PeerID == run.PeerID {
				t.Errorf("two runs of one series: %+v", s.Series)
			}
			for range run.Rows {
				got = append(got, sample{run.UserID, run.PeerID, run.Metric, s.Time[at], s.Value[at]})
				at++
			}
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(sample{})); d != "" || s.Rows() != len(want) {
			t.Fatalf("%d samples (-want +got):\n%s", s.Rows(), d)
		}
	}
	first := s.Series[:1]
	s.Nulls = 3
	s.Reset()
	if s.Rows() != 0 || s.Nulls != 0 || len(s.Series) != 0 || first[0] != (call.Series{}) {
		t.Errorf("afterwards: %+v, and %+v is held", s, first)
	}
}
