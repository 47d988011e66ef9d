package transform

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/call"
)

// samplesOf builds samples from series and their points, {time, value} each.
func samplesOf(runs ...any) call.Samples {
	var s call.Samples
	for i := 0; i < len(runs); i += 2 {
		one, points := runs[i].(call.Series), runs[i+1].([][2]float64)
		one.Rows = len(points)
		s.Series = append(s.Series, one)
		for _, p := range points {
			s.Time, s.Value = append(s.Time, uint32(p[0])), append(s.Value, p[1])
		}
	}
	return s
}

func TestNormalise(t *testing.T) {
	rtt := call.Series{UserID: "b", Metric: "rtt"}
	bitrate := call.Series{UserID: "b", PeerID: "a", Metric: "aBit"}
	cpu := call.Series{UserID: "a", Metric: "rtt"}
	type points = [][2]float64
	for name, test := range map[string]struct {
		in, want call.Samples
		merged   Merged
	}{
		"empty": {},
		"already normal": {
			in:   samplesOf(bitrate, points{{1, 5}, {3, 6}}, rtt, points{{1, 7}}),
			want: samplesOf(bitrate, points{{1, 5}, {3, 6}}, rtt, points{{1, 7}}),
		},
		"runs out of order": {
			in:   samplesOf(rtt, points{{1, 7}}, cpu, points{{2, 8}}, bitrate, points{{1, 5}, {3, 6}}),
			want: samplesOf(rtt, points{{1, 7}}, cpu, points{{2, 8}}, bitrate, points{{1, 5}, {3, 6}}),
		},
		"windows that share a second": {
			in:     samplesOf(rtt, points{{1, 7}, {3, 8}}, cpu, points{{1, 1}}, rtt, points{{3, 8}, {5, 9}}),
			want:   samplesOf(cpu, points{{1, 1}}, rtt, points{{1, 7}, {3, 8}, {5, 9}}),
			merged: Merged{Duplicates: 1},
		},
		"windows out of order": {
			in:     samplesOf(rtt, points{{3, 8}, {5, 9}}, rtt, points{{1, 7}, {3, 8}}),
			want:   samplesOf(rtt, points{{1, 7}, {3, 8}, {5, 9}}),
			merged: Merged{Duplicates: 1},
		},
		"the last received stays": {
			in:     samplesOf(rtt, points{{3, 8}, {1, 6}, {3, 9}}, rtt, points{{3, 7}, {3, 7}}),
			want:   samplesOf(rtt, points{{1, 6}, {3, 7}}),
			merged: Merged{Duplicates: 1, Conflicts: 2},
		},
		"zeros differ in their bits": {
			in:     samplesOf(rtt, points{{1, 0}, {1, math.Copysign(0, -1)}}),
			want:   samplesOf(rtt, points{{1, math.Copysign(0, -1)}}),
			merged: Merged{Conflicts: 1},
		},
		"a run without samples": {
			in:   samplesOf(rtt, points{}, cpu, points{{1, 1}}),
			want: samplesOf(cpu, points{{1, 1}}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.in.Nulls, test.want.Nulls = 4, 4
			var n Normaliser
			merged := n.Normalise(&test.in)
			if diff := cmp.Diff(test.want, test.in, sameBits); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if merged != test.merged {
				t.Errorf("merged %+v, want %+v", merged, test.merged)
			}
		})
	}
}

// One Normaliser, reused, must do the same as a map from series and second to the value
// received last, and count every sample.
func TestNormaliseAtRandom(t *testing.T) {
	type key struct {
		metric, user, peer string
		time               uint32
	}
	random := rand.New(rand.NewPCG(5, 6))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	var n Normaliser
	for range 500 {
		var s call.Samples
		last := map[key]float64{}
		for range random.IntN(8) {
			one := call.Series{UserID: pick("a", "b"), PeerID: pick("", "a"), Metric: pick("rtt", "aBit"), Rows: random.IntN(10)}
			s.Series = append(s.Series, one)
			for range one.Rows {
				k := key{one.Metric, one.UserID, one.PeerID, uint32(random.IntN(20))}
				v := float64(random.IntN(3))
				s.Time, s.Value = append(s.Time, k.time), append(s.Value, v)
				last[k] = v
			}
		}
		received := s.Rows()
		merged := n.Normalise(&s)
		if s.Rows()+merged.Duplicates+merged.Conflicts != received || s.Rows() != len(last) {
			t.Fatalf("%d received, %d left, %+v, want %d", received, s.Rows(), merged, len(last))
		}
		from := 0
		seen := map[call.Series]bool{}
		for _, one := range s.Series {
			name := one
			name.Rows = 0
			if one.Rows == 0 || seen[name] || !ascending(s.Time[from:from+one.Rows]) {
				t.Fatalf("not normal: %+v", s)
			}
			seen[name] = true
			for i := from; i < from+one.Rows; i++ {
				if v, ok := last[key{one.Metric, one.UserID, one.PeerID, s.Time[i]}]; !ok || v != s.Value[i] {
					t.Fatalf("%+v at %d is %v, want %v", one, s.Time[i], s.Value[i], v)
				}
			}
			from += one.Rows
		}
	}
}

// BenchmarkNormalise uses 12 windows of 402 series, as a long call has. Neighbouring
// windows share a second.
func BenchmarkNormalise(b *testing.B) {
	body, _ := benchBody(6, 300)
	var d Decoder
	var all Detail
	for window := range uint32(12) {
		from := len(all.Samples.Time)
		if _, err := d.Detail(body, call.Window{}, nil, &all); err != nil {
			b.Fatal(err)
		}
		for i := range all.Samples.Time[from:] {
			all.Samples.Time[from+i] += window * 298
		}
	}
	var n Normaliser
	var s call.Samples
	for b.Loop() {
		b.StopTimer()
		s.Series = append(s.Series[:0], all.Samples.Series...)
		s.Time = append(s.Time[:0], all.Samples.Time...)
		s.Value = append(s.Value[:0], all.Samples.Value...)
		b.StartTimer()
		n.Normalise(&s)
	}
	perPoint(b, nil, len(all.Samples.Time))
	if !slices.IsSortedFunc(s.Series, compareSeries) {
		b.Fatal("not sorted")
	}
}
