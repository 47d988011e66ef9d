package native

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/callvault/callvault/internal/call"
)

// stored returns what the block of some runs sends.
func stored(runs []Run) (number []int32, per []uint32, odd []float64) {
	b := newBlock(func() {})
	b.fill(runs)
	newNumbers(&b.value, nil).pieces(func(p []int32) { number = append(number, p...) })
	b.per.pieces(func(p []uint32) { per = append(per, p...) })
	newOdd(&b.value, nil).pieces(func(p []float64) { odd = append(odd, p...) })
	return number, per, odd
}

// returns checks that the stored rows of runs are their values, bit for bit.
func returns(t *testing.T, runs ...[]float64) (number []int32, per []uint32, odd []float64) {
	t.Helper()
	var all []float64
	var blocks []Run
	for _, v := range runs {
		all = append(all, v...)
		blocks = append(blocks, Run{Series: call.Series{Rows: len(v)}, Time: make([]uint32, len(v)), Value: v})
	}
	number, per, odd = stored(blocks)
	if len(number) != len(all) || len(per) != len(all) || len(odd) != len(all) {
		t.Fatalf("%d numbers, %d divisors and %d odd values of %d", len(number), len(per), len(odd), len(all))
	}
	for i, v := range all {
		got := float64(number[i]) / float64(per[i])
		if per[i] == 0 {
			got = odd[i]
		}
		if math.Float64bits(got) != math.Float64bits(v) || per[i] != 0 && odd[i] != 0 || per[i] == 0 && number[i] != 0 {
			t.Fatalf("value %d: %v is %v: %d / %d, odd %v", i, v, got, number[i], per[i], odd[i])
		}
	}
	return number, per, odd
}

func TestDecimals(t *testing.T) {
	t.Parallel()
	const third = 1. / 3
	negativeZero := math.Copysign(0, -1)
	for _, c := range []struct {
		values  []float64
		divisor []uint32 // of each
	}{
		{[]float64{0, 1, -7, 48_000, math.MaxInt32, math.MinInt32}, []uint32{1, 1, 1, 1, 1, 1}},
		{[]float64{1, 12.5, 12.25, 3}, []uint32{100, 100, 100, 100}},
		{[]float64{1e-6, -2147.483648, 0.1}, []uint32{1e6, 1e6, 1e6}},
		{[]float64{1e-7, 1, 2, 3, 4, 5, 6, 7}, []uint32{0, 1, 1, 1, 1, 1, 1, 1}},
		{[]float64{1, 2, 3, 4.5, 5, 6, 7, negativeZero}, []uint32{10, 10, 10, 10, 10, 10, 10, 0}},
		{[]float64{1, third, 1, 1, 1, 1, 1, math.NaN()}, []uint32{0, 0, 0, 0, 0, 0, 0, 0}},      // too many
		{[]float64{2e9, 0.01, 2e9, 2e9, 2e9, 2e9, 2e9, 2e9}, []uint32{1, 0, 1, 1, 1, 1, 1, 1}},  // the finest divisor is too large
		{[]float64{2e9, 0.001, 0.1, 2e8, 2e8, 2e8, 2e8, 2e8}, []uint32{0, 0, 0, 0, 0, 0, 0, 0}}, // any is
		{[]float64{1e300, math.Inf(1), math.SmallestNonzeroFloat64, 1 << 53, 1<<53 + 2}, []uint32{0, 0, 0, 0, 0}},
		{[]float64{third}, []uint32{0}},
	} {
		_, per, _ := returns(t, c.values)
		for i := range per {
			if per[i] != c.divisor[i] {
				t.Errorf("%v are divided by %d, want %d", c.values, per, c.divisor)
				break
			}
		}
	}
}

// TestDecimalsInPieces has runs that are longer than a piece, and stretches over runs.
func TestDecimalsInPieces(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var runs [][]float64
	for _, n := range []int{1, pieceRows - 1, 5, 2*pieceRows + 3, 100, 1} {
		v := make([]float64, n)
		for i := range v {
			v[i] = float64(r.IntN(5000)) / 100
			if r.IntN(100) == 0 {
				v[i] = r.NormFloat64()
			}
		}
		runs = append(runs, v)
	}
	returns(t, runs...)
}

// FuzzDecimals takes doubles as they are, and such as a vendor writes.
func FuzzDecimals(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\xf8\x7f"), uint8(0))
	f.Add([]byte("\x01\x02\x03\x04\x05\x06\x07\x08 some whole numbers divided"), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, decimals uint8) {
		var values []float64
		for ; len(data) >= 8; data = data[8:] {
			bits := binary.LittleEndian.Uint64(data)
			v := math.Float64frombits(bits)
			if decimals%8 != 0 && bits%32 != 0 {
				v = float64(int64(bits)>>(bits%64)) / math.Pow10(int(decimals%8))
			}
			values = append(values, v)
		}
		half := len(values) / 2
		returns(t, values[:half], values[half:])
	})
}

// BenchmarkDecimals finds the divisors of the values of some series, and makes the columns.
func BenchmarkDecimals(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name string
		per  int
	}{{"whole", 1}, {"hundredths", 100}} {
		b.Run(c.name, func(b *testing.B) {
			v := make([]float64, 1800)
			for i := range v {
				v[i] = float64(r.IntN(5000)) / float64(c.per)
			}
			var runs []Run
			for range 100 {
				runs = append(runs, Run{Series: call.Series{Rows: len(v)}, Value: v})
			}
			bl := newBlock(func() {})
			rows := 0
			numbers := newNumbers(&bl.value, nil)
			for b.Loop() {
				bl.value.fill(runs, len(runs)*len(v))
				numbers.pieces(func(p []int32) { rows += len(p) })
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
		})
	}
}
