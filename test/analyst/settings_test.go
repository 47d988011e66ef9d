package analyst

import (
	"testing"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/embeddedtest"
)

// TestLongViewsWithAClientsSettings reads every view as clients do that want joins
// to be as in other databases (Cube and pg_clickhouse set join_use_nulls): the
// same rows come out.
func TestLongViewsWithAClientsSettings(t *testing.T) {
	t.Parallel()
	s := open(t, embeddedtest.Database(t))
	sim := simulate(t, simulator.Options{Seed: 3, Calls: 40, Retention: month})
	if _, err := fillAll(t.Context(), s, 1<<62, sim); err != nil {
		t.Fatal(err)
	}
	views := column(t, s, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'")
	if len(views) < 17 {
		t.Errorf("%d views", len(views))
	}
	for _, view := range views {
		// One thread adds up numbers in one order.
		digest := "SELECT concat(toString(count()), ' rows, ', toString(sum(sipHash64(toString(tuple(*)))))) FROM " + view + " SETTINGS max_threads = 1, join_use_nulls = "
		want, got := column(t, s, digest+"0")[0], column(t, s, digest+"1")[0]
		if got != want {
			t.Errorf("%s: %s with join_use_nulls, %s without", view, got, want)
		}
	}
}
