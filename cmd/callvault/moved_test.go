package main

import (
	"testing"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/summarytest"
)

// TestLongMovedCall changes the archived beginning of running calls. The next pass fetches
// these calls again as a whole, because all rows of a call have the same beginning.
func TestLongMovedCall(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 51, Calls: 30, Mix: simulator.MixAll, QPS: -1})
	in.archive(t, exitDone)
	const open = "SELECT key FROM ledger_units FINAL WHERE kind = 'call' AND state = 'provisional'"
	if in.number(t, "SELECT count() FROM quality_streams WHERE comm_id IN ("+open+")") == 0 {
		t.Fatal("no call is open")
	}
	for _, table := range []string{"quality_streams_data", "user_sessions_data"} {
		in.exec(t, "ALTER TABLE "+table+" UPDATE call_created_at = call_created_at - 60 WHERE comm_id IN ("+open+") SETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1")
	}
	in.exec(t, "ALTER TABLE ledger_units UPDATE starts_at = starts_at - 60 WHERE kind = 'call' AND state = 'provisional' SETTINGS mutations_sync = 2")
	in.archive(t, exitDone)
	for _, relation := range []string{"quality_streams", "call_users"} {
		if n := in.number(t, "SELECT count() FROM "+relation+" AS x JOIN rooms AS r ON r.comm_id = x.comm_id WHERE x.call_created_at != r.created_at"); n > 0 {
			t.Errorf("%d rows of %s name another beginning than the room", n, relation)
		}
	}
	compare(t, in.store, in.truth)
	summarytest.Check(t, in.store.StoreConn())
}
