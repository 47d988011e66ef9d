package main

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/summarytest"
)

// TestReplay spoils the tables, as a mistake in decoding would have, and makes
// them anew without the vendor.
func TestReplay(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 11, Calls: 40, QPS: -1})
	in.archive(t, exitDone)
	for _, spoil := range []string{
		"ALTER TABLE quality_samples_data UPDATE value = value + 1 WHERE 1 SETTINGS mutations_sync = 2",
		"ALTER TABLE user_sessions_data UPDATE device_type = 'none' WHERE 1 SETTINGS mutations_sync = 2",
		"ALTER TABLE user_events_data DELETE WHERE 1 SETTINGS mutations_sync = 2",
		"ALTER TABLE unusual_events_data DELETE WHERE 1 SETTINGS mutations_sync = 2",
	} {
		if err := in.store.Conn().Exec(t.Context(), spoil); err != nil {
			t.Fatal(err)
		}
	}
	asked := in.sim.Stats().Requests
	code, out, errs := in.callvault(t.Context(), "replay", "--json")
	var r replayed
	if code != exitDone || json.Unmarshal([]byte(out), &r) != nil || r.Calls != 40 {
		t.Fatalf("replay: exit code %d, %s\n%s", code, out, errs)
	}
	if now := in.sim.Stats().Requests; !maps.Equal(now, asked) {
		t.Errorf("the vendor was asked: %v", now)
	}
	compare(t, in.store, in.truth)
	summarytest.Check(t, in.store.Conn())
	var bytes, samples uint64
	q := "SELECT (SELECT sum(data_compressed_bytes) FROM system.parts WHERE active AND database = currentDatabase() AND table = 'raw_responses'), (SELECT count() FROM quality_samples)"
	if err := in.store.Conn().QueryRow(t.Context(), q).Scan(&bytes, &samples); err != nil {
		t.Fatal(err)
	}
	t.Logf("raw responses take %.2f bytes a sample", float64(bytes)/float64(samples))

	// A later pass finds nothing to do that it would not have had to do.
	again := in.archive(t, exitDone)
	if n := again.Counts.Requests["DescribeCallDetailInfo"]; n > 10 {
		t.Errorf("the pass after the replay asked for %d series", n)
	}
	compare(t, in.store, in.truth)
}

// TestReplayWithoutResponses names what it cannot replay, and leaves it.
func TestReplayWithoutResponses(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 12, Calls: 5, QPS: -1})
	in.env = append(in.env, "CALLVAULT_RAW=off")
	in.archive(t, exitDone)
	if code, _, errs := in.callvault(t.Context(), "replay"); code != exitPartial {
		t.Errorf("replay: exit code %d\n%s", code, errs)
	}
	compare(t, in.store, in.truth)
}
