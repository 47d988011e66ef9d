package main

import (
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/simulator"
)

// TestVerifyStatistics changes numbers of the vendor's statistics behind the archive's back:
// verify names the days, and repairs them.
func TestVerifyStatistics(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 12, QPS: -1, Statistics: true})
	in.archive(t, exitDone)
	if code, out, errs := in.callvault(t.Context(), "verify"); code != exitDone || !strings.Contains(out, "statistics ") {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	const old = " WHERE day < today() - 4 AND day > today() - 12 AND product = 'trtc'"
	for _, q := range []string{
		"ALTER TABLE usage_days_data UPDATE value = value + 1" + old + " AND usage_key = 'Audio' SETTINGS mutations_sync = 2",
		"ALTER TABLE market_hours_data DELETE WHERE statement = 'scale' AND metric = 'userCount' AND ts < now() - INTERVAL 5 DAY SETTINGS mutations_sync = 2",
	} {
		if err := in.store.StoreConn().Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	code, out, errs := in.callvault(t.Context(), "verify")
	if all := out + errs; code == exitDone || !strings.Contains(all, "usage trtc 20") || !strings.Contains(all, "market scale 20") {
		t.Errorf("exit code %d\n%s", code, all)
	}
	if code, out, errs := in.callvault(t.Context(), "verify", "--repair"); code != exitDone {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	if code, out, errs := in.callvault(t.Context(), "verify"); code != exitDone {
		t.Errorf("after the repair: exit code %d\n%s%s", code, out, errs)
	}
}
