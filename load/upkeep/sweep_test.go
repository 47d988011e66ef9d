package upkeep

import (
	"testing"

	"github.com/callvault/callvault/test/migratedtest"
)

// TestSweep purges once a day, where readers have many loads to leave out, and where there
// are many old claims on leases, which it deletes; not otherwise.
func TestSweep(t *testing.T) {
	t.Parallel()
	s := migratedtest.Open(t)
	exec := func(q string) { must(t, s.StoreConn().Exec(t.Context(), q)) }
	sweeps := func(why string, always, want bool) {
		t.Helper()
		found, err := Look(t.Context(), s, "this run")
		if err != nil || (always || found.SweepDue) != want || found.Erased || found.Passed {
			t.Errorf("%s: %+v, %v", why, found, err)
		}
		if always || found.SweepDue {
			must(t, Sweep(t.Context(), s))
		}
	}
	const load = "INSERT INTO hidden_loads (load_id, step, at) SELECT "
	sweeps("nothing", false, false)
	exec(load + "1, 'replaced', now() - INTERVAL 19 HOUR")
	exec(load + "2, 'opened', now() - INTERVAL 19 HOUR")
	sweeps("loads of today", false, false)
	value(t, s, "SELECT count() FROM hidden_loads", 2)
	exec(load + "3, 'committed', now() - INTERVAL 21 HOUR")
	sweeps("a load of yesterday", false, true)
	value(t, s, "SELECT count() FROM hidden_loads WHERE load_id != 2", 0)
	sweeps("after that", false, false)
	exec(load + "100 + number, 'committed', now() FROM numbers(10000)")
	sweeps("many loads", false, true)
	value(t, s, "SELECT count() FROM hidden_loads WHERE load_id != 2", 0)

	const claims = "INSERT INTO lease (name, claim_id, holder, at, ttl_ms, released) SELECT 'archive', toString(number), 'x', "
	exec(claims + "now64(6) - INTERVAL 2 DAY, 1, true FROM numbers(999)")
	exec(claims + "now64(6), 60000, false FROM numbers(1)")
	sweeps("claims", false, false)
	sweeps("claims, in any case", true, true)
	value(t, s, "SELECT count() FROM lease WHERE name = 'archive'", 1)
	exec(claims + "now64(6) - INTERVAL 2 DAY, 1, true FROM numbers(1000)")
	sweeps("many claims", false, true)
	value(t, s, "SELECT count() FROM lease WHERE name = 'archive'", 1)
}
