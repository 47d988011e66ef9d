//go:build keeper

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/doctor"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/test/keepertest"
)

// TestKeeperInstallation archives with leases in Keeper, backs up, and restores
// beside; and says what is wrong when Keeper is gone.
func TestKeeperInstallation(t *testing.T) {
	in := install(t, simulator.Options{Seed: 23, Calls: 5, QPS: -1})
	keeper, dir := keepertest.Start(t), t.TempDir()
	keeper.Configure(t, dir)
	d := newDatabase(t, dir)
	in.store = d.direct()
	in.env = append(in.env, "CLICKHOUSE_DSN="+d.engine.DSN(), "CALLVAULT_LEASE=2s")

	in.archive(t, exitDone)
	if bad := in.doctor(t, exitDone); len(bad) > 0 {
		t.Errorf("of a healthy installation: %+v", bad)
	}
	if _, out, _ := in.callvault(t.Context(), "doctor"); !strings.Contains(out, "kept in Keeper") {
		t.Errorf("doctor does not say where leases are kept:\n%s", out)
	}
	if n := d.number(t, "SELECT count() FROM lease_keeper WHERE name IN ('archive', 'migrate') AND ttl_ms = 0"); n != 2 {
		t.Errorf("%d of 2 leases have been taken and given up", n)
	}

	to := t.TempDir()
	for _, args := range [][]string{{"backup", "--to", to, "--verify"}, {"restore", "--from", to, "--database", "beside"}} {
		if code, _, errs := in.callvault(t.Context(), args...); code != exitDone {
			t.Fatalf("%s: exit code %d: %s", args[0], code, errs)
		}
	}
	const paths = "SELECT uniqExact(engine_full) FROM system.tables WHERE engine = 'KeeperMap' AND database IN ('trtc_store', 'beside_store')"
	if n := d.number(t, paths); n != 2 {
		t.Errorf("the archive and that beside it have %d places in Keeper", n)
	}
	if n := d.number(t, "SELECT count() FROM beside_store.lease_keeper WHERE name IN ('archive', 'backup')"); n != 0 {
		t.Errorf("%d leases were restored", n)
	}

	held, err := lease.Acquire(t.Context(), in.store.StoreConn(), lease.Archive, "somebody", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if code, _, errs := in.callvault(t.Context(), "archive", "--quiet"); code != exitBusy || !strings.Contains(errs, "somebody") {
		t.Errorf("a pass beside another: exit code %d\n%s", code, errs)
	}
	if err := held.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	in.archive(t, exitDone)

	keeper.Kill()
	if f := in.doctor(t, exitFailed)["lease"]; f.Verdict != doctor.Fail || !strings.Contains(f.Try, "Keeper") {
		t.Errorf("without Keeper: %+v", f)
	}
	if code, _, errs := in.callvault(t.Context(), "archive", "--quiet"); code != exitFailed || !strings.Contains(errs, "Keeper") || strings.Count(errs, "\n") != 1 {
		t.Errorf("a pass without Keeper: exit code %d\n%s", code, errs)
	}
	keeper.Restart(t)
	in.archive(t, exitDone)
}
