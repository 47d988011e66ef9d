package main

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/upkeep"
)

// TestLongKeep archives two weeks, keeps five days of them, and then keeps everything again.
func TestLongKeep(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 31, Calls: 60, QPS: -1})
	in.archive(t, exitDone)
	lake := t.TempDir()
	in.exports(t, lake, "-r", "rooms,quality_samples,calls")
	files, _ := filepath.Glob(filepath.Join(lake, "*", "*", "*"))

	before := time.Now().UTC().Add(-5 * 24 * time.Hour).Truncate(24 * time.Hour).Unix()
	kept := "comm_id IN (SELECT key FROM ledger_units FINAL WHERE kind = 'call' AND greatest(starts_at, held_until) >= toDateTime(" + strconv.FormatInt(before, 10) + "))"
	calls := in.number(t, "SELECT count() FROM rooms")
	old := calls - in.number(t, "SELECT count() FROM rooms WHERE "+kept)
	relations := []string{"rooms", "user_sessions", "quality_samples", "user_events"}
	want := map[string][2]uint64{}
	for _, r := range relations {
		rows, sum := in.sum(t, r, "(SELECT * FROM "+r+" WHERE "+kept+")")
		want[r] = [2]uint64{rows, sum}
	}
	same := func(when string) {
		t.Helper()
		for _, r := range relations {
			if rows, sum := in.sum(t, r, r); [2]uint64{rows, sum} != want[r] || rows == 0 {
				t.Errorf("%s: %s has %d rows with checksum %d, want %v", when, r, rows, sum, want[r])
			}
		}
		agree(t, in.store)
		if st, page := in.status(t); !strings.Contains(page, "deleted because of their age") || st.Expired() != old || st.Lost.Count != 0 || st.AtRisk.Count > 10 {
			t.Errorf("%s: %d expired, want %d; %d lost\n%s", when, st.Expired(), old, st.Lost.Count, page)
		}
		if code, out, errs := in.callvault(t.Context(), "verify", "--all", "--strict"); code != exitDone {
			t.Errorf("%s: verify: exit code %d\n%s%s", when, code, out, errs)
		}
	}

	all := in.env
	in.env = append(slices.Clone(all), "CALLVAULT_RETENTION=2d", "CALLVAULT_KEEP=5d")
	in.archive(t, exitDone)
	if n := in.number(t, "SELECT count() FROM ledger_parts WHERE (kind, key) IN (SELECT kind, key FROM ledger_units FINAL WHERE state = 'expired')"); n > 0 || old == 0 {
		t.Errorf("%d parts of %d expired calls", n, old)
	}
	same("after the first pass")
	in.archive(t, exitDone)
	same("after the second pass")
	in.exports(t, lake, "-r", "rooms,quality_samples,calls")
	if now, _ := filepath.Glob(filepath.Join(lake, "*", "*", "*")); !slices.Equal(now, files) {
		t.Errorf("%d files were exported, and %d are there", len(files), len(now))
	}
	if rows := in.number(t, "SELECT count() FROM file('"+lake+"/rooms/utc_day=*/rooms.parquet')"); rows != calls {
		t.Errorf("%d calls in the files, want all %d", rows, calls)
	}

	// A longer CALLVAULT_KEEP does not make a pass ask for expired calls again.
	in.env = all
	in.archive(t, exitDone)
	same("with all kept again")
}

// TestLongKeepFreesMonths deletes exactly the month of which nothing is kept.
func TestLongKeepFreesMonths(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 32, Calls: 40, QPS: -1})
	in.archive(t, exitDone)
	months := "SELECT uniqExact(partition_id) FROM system.parts WHERE active AND startsWith(database, currentDatabase()) AND table = 'rooms_data'"
	if err := both(in.store).Exec(t.Context(), "INSERT INTO rooms_data (load_id, sdk_app_id, comm_id, created_at) VALUES (7, 1, 'old', '2020-05-05 00:00:00')"); err != nil {
		t.Fatal(err)
	}
	had := in.number(t, months)
	first := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := upkeep.DropEmptyMonths(t.Context(), in.store, first); err != nil || in.number(t, months) != had {
		t.Fatalf("a month with a row was dropped, or %v", err)
	}
	if err := both(in.store).Exec(t.Context(), "DELETE FROM rooms_data WHERE comm_id = 'old'"); err != nil {
		t.Fatal(err)
	}
	if err := upkeep.DropEmptyMonths(t.Context(), in.store, first); err != nil || in.number(t, months) != had-1 {
		t.Errorf("%d months, want %d; %v", in.number(t, months), had-1, err)
	}
}

func TestKeepMustBeLongerThanTheVendorKeeps(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 33, Calls: 1, QPS: -1})
	in.env = append(in.env, "CALLVAULT_KEEP=15d")
	code, _, errs := in.callvault(t.Context(), "archive")
	if code != exitUsage || !strings.HasPrefix(errs, "callvault: CALLVAULT_KEEP: ") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}
