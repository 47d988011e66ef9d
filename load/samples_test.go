package load

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/test/archivetest"
)

// materialized is how a plan of ClickHouse 24.8 has the columns of a view.
var materialized = regexp.MustCompile(`materialize\((\w+)\)`)

// TestViewUsesKey sees that what an analyst asks of a view reaches the table's
// key and the partitions' times, and is tested before the values are read.
func TestViewUsesKey(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	newFixture(1, 0).put(t, s, WriterOptions{})
	var plan strings.Builder
	for _, line := range archivetest.Strings(t, s.Conn(), `EXPLAIN indexes = 1, actions = 1
		SELECT avg(value) FROM quality_samples
		WHERE sdk_app_id = 1400353843 AND metric = 'metric0' AND comm_id = 'x' AND user_id = 'y' AND ts >= '2026-05-01'`) {
		plan.WriteString(materialized.ReplaceAllString(strings.Trim(line, " │└─"), "$1") + "\n")
	}
	for _, want := range []string{"PrimaryKey\nKeys:\nsdk_app_id\nmetric\ncomm_id\nuser_id\n", "Keys:\nts\nCondition: (ts in [1777593600, +Inf))\n", "Prewhere"} {
		if !strings.Contains(plan.String(), want) {
			t.Errorf("the plan has no %q:\n%s", want, plan.String())
		}
	}
}

// TestLongDictionaries fills columns of each width of keys.
func TestLongDictionaries(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	for _, words := range []int{255, 256, 70_000} {
		f := newFixture(words, 0)
		x := &call.Samples{}
		for i := range words {
			x.Series = append(x.Series, call.Series{UserID: fmt.Sprint("u", i), Metric: "m", Rows: 2})
			x.Time = append(x.Time, uint32(t0.Unix()), uint32(t0.Unix())+2)
			x.Value = append(x.Value, float64(i), float64(i))
		}
		w := NewWriter(s, "run", WriterOptions{})
		must(t, w.Add(t.Context(), f.unit, f.part(call.PartSeries, 0), call.Rows{CreatedAt: t0, Samples: x}))
		must(t, f.commit(t.Context(), w))
		must(t, w.Close(t.Context()))
		value(t, s, "SELECT countIf('u' || toString(toUInt64(value)) = user_id AND peer_id = '') FROM quality_samples WHERE comm_id = '"+f.unit.Key+"'", uint64(2*words))
	}
}

// BenchmarkSamples inserts calls of 110,160 samples and commits them.
func BenchmarkSamples(b *testing.B) {
	s := open(b, database(b))
	w := NewWriter(s, "run", WriterOptions{})
	rows := 0
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		x := benchSamples(0)
		b.StartTimer()
		f := newFixture(i, 0)
		must(b, w.Add(b.Context(), f.unit, f.part(call.PartSeries, 0), call.Rows{RoomID: "room", CreatedAt: t0, Samples: x}))
		must(b, f.commit(b.Context(), w))
		rows += benchRows
	}
	must(b, w.Close(b.Context()))
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
