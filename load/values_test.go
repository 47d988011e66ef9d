package load

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/native"
)

// ways are ways in which a vendor may write values: those of a series, and some of all ways.
var ways = []func(r *rand.Rand) float64{
	func(r *rand.Rand) float64 { return float64(r.IntN(1000)) },
	func(r *rand.Rand) float64 { return float64(r.IntN(100_000)) / 100 },
	func(r *rand.Rand) float64 { return float64(r.IntN(math.MaxInt32)) - 1e9 },
	func(r *rand.Rand) float64 { return float64(r.IntN(3)) / 3 },
	func(r *rand.Rand) float64 { return float64(float32(r.NormFloat64())) },
	func(r *rand.Rand) float64 { return math.Float64frombits(r.Uint64()) },
	func(r *rand.Rand) float64 { return float64(r.Int64()) * math.Pow10(r.IntN(40)-20) },
	func(r *rand.Rand) float64 {
		return []float64{math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64,
			1e-7, 1 << 53, 1<<53 + 2, math.MaxInt32, math.MaxInt32 + 1, math.MinInt32, math.MinInt32 - 1, 0.30000000000000004, 2147483.647, 2147483.648}[r.IntN(16)]
	},
}

// TestValues checks that the view has each value bit for bit, whatever doubles a vendor sends.
func TestValues(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	seed := uint64(7)
	if text := os.Getenv("CALLVAULT_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	t.Logf("CALLVAULT_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, compress := range []string{"none", "lz4"} {
		s := open(t, dsn+"?compress="+compress)
		var runs []native.Run
		var values []float64
		for i := range 200 {
			run := native.Run{App: app, Load: 1, CommID: compress, RoomID: "room", Series: call.Series{UserID: fmt.Sprintf("%04d", i), Metric: "m", Rows: 1 + r.IntN(2000)}}
			way := ways[r.IntN(len(ways))]
			odd := []int{1, 10, 1000, math.MaxInt}[r.IntN(4)]
			for k := range run.Rows {
				v := way(r)
				if r.IntN(odd) == 0 {
					v = ways[r.IntN(len(ways))](r)
				}
				run.Time, run.Value = append(run.Time, uint32(t0.Unix())+uint32(k)), append(run.Value, v)
			}
			values = append(values, run.Value...)
			runs = append(runs, run)
		}
		must(t, s.InsertSamples(t.Context(), runs))
		i := 0
		var bits uint64
		var v float64
		must(t, native.Read(t.Context(), s.Conn(), "values", "SELECT reinterpretAsUInt64(value), value FROM quality_samples WHERE comm_id = ? ORDER BY user_id, ts", []any{compress}, func() {
			if bits != math.Float64bits(values[i]) || math.Float64bits(v) != bits {
				t.Fatalf("value %d: %v (%x) is %v (%x)", i, values[i], math.Float64bits(values[i]), v, bits)
			}
			i++
		}, &bits, &v))
		if i != len(values) {
			t.Fatalf("%d of %d values", i, len(values))
		}
	}
	value(t, open(t, dsn), "SELECT count() FROM quality_samples_data WHERE per = 0 AND number != 0 OR per != 0 AND odd != 0", 0)
}
