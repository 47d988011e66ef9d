package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

// TestLongRestoreWhatWasTiered restores a backup of an archive that keeps five days
// and moves old data to cold storage: beside it, in its place, and into a server
// without that storage; and makes passes there with these settings and without.
func TestLongRestoreWhatWasTiered(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 28, Calls: 12, QPS: -1})
	plain, dir := in.env, t.TempDir()
	keep := []string{"CALLVAULT_RETENTION=2d", "CALLVAULT_KEEP=5d"}
	tiered := append(slices.Clone(keep), "CALLVAULT_STORAGE_POLICY=tiered", "CALLVAULT_COLD_AFTER=30d")
	at := func(d *database, name string, settings ...string) {
		t.Helper()
		u := d.address(t)
		u.Path = "/" + name
		in.env = append(append(slices.Clone(plain), "CLICKHOUSE_DSN="+u.String()), settings...)
		store, err := connect.Store(t.Context(), u.String(), store.Options{Missing: store.Create})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		in.store = store
	}
	do := func(want int, args ...string) string {
		t.Helper()
		code, _, errs := in.callvault(t.Context(), args...)
		if code != want || code != exitDone && strings.Count(errs, "\n") != 1 {
			t.Fatalf("%v: exit code %d, want %d\n%s", args, code, want, errs)
		}
		return errs
	}
	contents := func() (s string) {
		t.Helper()
		for _, r := range simulator.Relations() {
			rows, sum := in.sum(t, r, r)
			s += fmt.Sprintf("%s %d %d\n", r, rows, sum)
		}
		return s
	}

	from := newTiered(t)
	at(from, "trtc")
	in.archive(t, exitDone)
	at(from, "trtc", tiered...)
	in.archive(t, exitDone)
	in.exec(t, "INSERT INTO unusual_events_data (load_id, sdk_app_id, ts) VALUES (7, 1, now() - INTERVAL 100 DAY)")
	await(t, "old data to move", func() bool {
		return in.number(t, "SELECT count() FROM system.parts WHERE active AND startsWith(database, currentDatabase()) AND disk_name = 'cold'") > 0
	})
	do(exitDone, "backup", "--to", dir, "--verify")
	want, expired := contents(), "SELECT count() FROM ledger_units FINAL WHERE state = 'expired'"
	gone := in.number(t, expired)
	if gone == 0 {
		t.Error("nothing has expired")
	}
	same := func(when string) {
		t.Helper()
		if got := contents(); got != want {
			t.Errorf("%s:\n%swant\n%s", when, got, want)
		}
		if n := in.number(t, expired); n != gone {
			t.Errorf("%s: %d units have expired, want %d", when, n, gone)
		}
		agree(t, in.store)
	}

	do(exitDone, "restore", "--from", dir, "--database", "beside")
	at(from, "beside")
	same("beside")
	in.rules(t, 0, "TO VOLUME")
	in.archive(t, exitDone)
	same("after a pass without the settings") // what has expired is not fetched again
	in.rules(t, 0, "TO VOLUME")

	at(from, "trtc", tiered...)
	in.exec(t, "DROP DATABASE trtc SYNC")
	in.exec(t, "DROP DATABASE trtc_store SYNC")
	in.exec(t, "CREATE DATABASE trtc")
	do(exitDone, "restore", "--from", dir)
	in.archive(t, exitDone)
	same("in its place")
	in.rules(t, 14, "toIntervalDay(30) TO VOLUME IF EXISTS ''cold''")

	at(newDatabase(t, embeddedtest.Dir(t)), "trtc", tiered...)
	for _, args := range [][]string{{"backup", "verify", "--to", dir}, {"restore", "--from", dir}} {
		if errs := do(exitFailed, args...); !strings.Contains(errs, "tiered") || !strings.Contains(errs, "--storage-policy default") {
			t.Errorf("%v: %s", args, errs)
		}
		do(exitDone, append(args, "--storage-policy", "default")...)
	}
	same("in a server without the storage")
	in.rules(t, 0, "TO VOLUME")
	if errs := do(exitUsage, "archive"); !strings.HasPrefix(errs, "callvault: CALLVAULT_STORAGE_POLICY: ") {
		t.Error(errs)
	}
	in.env = append(slices.Clone(in.env), "CALLVAULT_STORAGE_POLICY=")
	if errs := do(exitUsage, "archive"); !strings.HasPrefix(errs, "callvault: CALLVAULT_COLD_VOLUME: ") {
		t.Error(errs)
	}
	in.env = append(slices.Clone(in.env), "CALLVAULT_COLD_AFTER=off")
	in.archive(t, exitDone)
	same("after a pass there")
}
