package quality

import (
	"cmp"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// sampleOf is one sample of a stream.
type sampleOf struct {
	slot  int
	at    uint32
	value float64
}

// start is in the middle of a minute.
const start = 1_777_888_777

func randomSamples(rnd *rand.Rand, n int) []sampleOf {
	all := make([]sampleOf, n)
	for i := range all {
		all[i] = sampleOf{rnd.IntN(slots), start + uint32(rnd.IntN(600)), math.Round(rnd.NormFloat64()*1e5) / 1000}
		if rnd.IntN(3) == 0 {
			all[i].value = 0
		}
	}
	return all
}

// added adds samples metric by metric, in order of time.
func added(all []sampleOf) (m Minutes) {
	for slot := range slots {
		var times []uint32
		var values []float64
		of := slices.DeleteFunc(slices.Clone(all), func(s sampleOf) bool { return s.slot != slot })
		slices.SortStableFunc(of, func(x, y sampleOf) int { return cmp.Compare(x.at, y.at) })
		for _, s := range of {
			times, values = append(times, s.at), append(values, s.value)
		}
		m = m.Add(slot, times, values)
	}
	return m
}

// FuzzMinutes divides samples into parts. The parts add up to the whole in any order,
// and so do the tallies.
func FuzzMinutes(f *testing.F) {
	f.Add(uint64(1), uint16(300), uint8(4))
	f.Add(uint64(2), uint16(1), uint8(1))
	f.Add(uint64(3), uint16(0), uint8(2))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, cuts uint8) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		all := randomSamples(rnd, int(n%2000))
		whole := added(all)
		parts := make([][]sampleOf, 1+int(cuts))
		var tallies Minutes
		for _, s := range all {
			i := rnd.IntN(len(parts))
			parts[i] = append(parts[i], s)
			var one Tally
			one.Samples, one.Sum = 1, Thousandths(s.value)
			if s.value > 0 {
				one.Positive = 1
			}
			tallies = tallies.AddTally(s.at-s.at%60, s.slot, one)
		}
		var made []Minutes
		for _, p := range parts {
			made = append(made, added(p))
		}
		before := slices.Clone(made[0])
		if got := Merge(made...); !same(got, whole) {
			t.Errorf("parts add up to\n%v, want\n%v", got, whole)
		}
		if !same(made[0], before) {
			t.Error("Merge has changed a part")
		}
		rnd.Shuffle(len(made), func(i, j int) { made[i], made[j] = made[j], made[i] })
		if got := Merge(made...); !same(got, whole) {
			t.Errorf("parts in another order add up to\n%v, want\n%v", got, whole)
		}
		if !same(tallies, whole) {
			t.Errorf("tallies add up to\n%v, want\n%v", tallies, whole)
		}
		checkOrder(t, whole)
	})
}

func same(x, y Minutes) bool { return len(x) == len(y) && (len(x) == 0 || reflect.DeepEqual(x, y)) }

// checkOrder checks that minutes begin at whole minutes, in ascending order.
func checkOrder(t *testing.T, m Minutes) {
	t.Helper()
	for i := range m {
		if m[i].At%60 != 0 || i > 0 && m[i].At <= m[i-1].At {
			t.Errorf("minute %d begins at %d, after %d", i, m[i].At, m[max(0, i-1)].At)
		}
	}
}

func TestMinutes(t *testing.T) {
	m := Minutes(nil).Add(aLossUp, []uint32{59, 60, 119, 120}, []float64{1, 0, 2.5, -1})
	want := []Minute{{At: 0}, {At: 60}, {At: 120}}
	want[0].of[aLossUp] = Tally{1, 1, 1000}
	want[1].of[aLossUp] = Tally{2, 1, 2500}
	want[2].of[aLossUp] = Tally{1, 0, -1000}
	if !reflect.DeepEqual([]Minute(m), want) {
		t.Errorf("got %v, want %v", m, want)
	}
}

const aLossUp = audioLoss

func TestThousandths(t *testing.T) {
	for _, x := range []struct {
		value float64
		want  int64
	}{
		{0, 0}, {math.Copysign(0, -1), 0}, {1, 1000}, {-1, -1000}, {0.0004, 0}, {0.0005, 1}, {-0.0004, 0}, {-0.0006, -1}, {12.3456, 12346}, {-12.3456, -12346},
		{1e12, 1e15}, {1e13, 1e15}, {-1e13, -1e15}, {math.MaxFloat64, 1e15}, {-math.MaxFloat64, -1e15}, {math.Inf(1), 1e15}, {math.Inf(-1), -1e15}, {1e-300, 0},
	} {
		if got := Thousandths(x.value); got != x.want {
			t.Errorf("Thousandths(%v) = %d, want %d", x.value, got, x.want)
		}
	}
}

// TestSlots checks that each metric of a direction has one slot.
func TestSlots(t *testing.T) {
	for received, metrics := range map[bool][slots]string{false: sentMetrics, true: receivedMetrics} {
		for i, m := range metrics {
			if got := Slot(m, received); got != i {
				t.Errorf("Slot(%s, %t) = %d, want %d", m, received, got, i)
			}
			if !slices.Contains(Metrics(), m) {
				t.Errorf("Metrics has no %s", m)
			}
		}
	}
	for _, x := range []struct {
		metric   string
		received bool
	}{{"rtt", true}, {"aBlock", false}, {"appCpu", false}, {"", true}} {
		if got := Slot(x.metric, x.received); got != -1 {
			t.Errorf("Slot(%q, %t) = %d, want -1", x.metric, x.received, got)
		}
	}
	if !slices.IsSorted(Metrics()) || len(slices.Compact(Metrics())) != len(Metrics()) {
		t.Errorf("Metrics are %q", Metrics())
	}
}
