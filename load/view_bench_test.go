package load

import (
	"fmt"
	"testing"

	"github.com/callvault/callvault/internal/call"
)

// BenchmarkView runs the same query on the table and on the view, with no hidden load and
// with 2,000.
func BenchmarkView(b *testing.B) {
	s := open(b, database(b))
	w := NewWriter(s, "run", WriterOptions{})
	for i := range 50 { // 5.5 M samples
		f := newFixture(i, 0)
		must(b, w.Add(b.Context(), f.unit, f.part(call.PartSeries, 0), call.Rows{RoomID: "room", CreatedAt: t0, Samples: benchSamples(i)}))
		must(b, f.commit(b.Context(), w))
	}
	must(b, w.Close(b.Context()))
	must(b, s.StoreConn().Exec(b.Context(), "OPTIMIZE TABLE quality_samples_data FINAL"))
	queries := map[string]string{
		"all":    "1",
		"metric": "sdk_app_id = 1400353843 AND metric = 'metric3'",
		"call":   "sdk_app_id = 1400353843 AND comm_id = '" + newFixture(7, 0).unit.Key + "'",
	}
	for _, hidden := range []int{0, 2000} {
		must(b, s.StoreConn().Exec(b.Context(), "INSERT INTO hidden_loads (load_id, step) SELECT number + 1, 'opened' FROM numbers(?)", hidden))
		for _, name := range []string{"all", "metric", "call"} {
			for _, relation := range []string{"quality_samples_data", "quality_samples"} {
				b.Run(fmt.Sprintf("hidden=%d/%s/%s", hidden, name, relation), func(b *testing.B) {
					for b.Loop() {
						number(b, s, "SELECT count() + toUInt64(ignore(avg(value))) FROM "+relation+" WHERE "+queries[name])
					}
				})
			}
		}
	}
}

// benchRows are those of benchSamples.
const benchRows = 6 * 3 * 17 * 360

// benchSamples is an hour of a call: 6 users, 3 streams each, 17 metrics, a
// sample every 10 seconds.
func benchSamples(hour int) *call.Samples {
	x := &call.Samples{}
	for series := range 6 * 3 * 17 {
		x.Series = append(x.Series, call.Series{UserID: fmt.Sprint("user", series%6), PeerID: fmt.Sprint("user", series/6%3), Metric: fmt.Sprint("metric", series/18), Rows: 360})
		for i := range 360 {
			x.Time = append(x.Time, uint32(t0.Unix())+uint32(3600*hour+10*i))
			x.Value = append(x.Value, float64((series*7+i*i)%100))
		}
	}
	return x
}
