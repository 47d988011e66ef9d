//go:build cluster

package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/clustertest"
	"github.com/callvault/callvault/test/embeddedtest"
)

// must runs the program, which succeeds.
func (f *fleet) must(t *testing.T, args ...string) (out string) {
	t.Helper()
	code, out, errs := f.callvault(t.Context(), args...)
	if code != exitDone {
		t.Fatalf("%v: exit code %d\n%s%s", args, code, out, errs)
	}
	return out
}

// atNode returns the installation whose archive is in a database of the cluster, read on a node.
func (f *fleet) atNode(t *testing.T, n *clustertest.Node, database string) *installation {
	t.Helper()
	s, err := connect.Store(t.Context(), n.DSN(database), store.Options{Cluster: f.Name()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	in := *f.installation
	in.store = s
	return &in
}

// never makes an archive of the vendor in which users count as erased before the first pass.
func (f *fleet) never(t *testing.T, users ...string) *installation {
	t.Helper()
	in := installAt(t, f.vendor, embeddedtest.Database(t), f.at)
	in.now = f.now
	if code, _, errs := in.callvault(t.Context(), "migrate", "up"); code != exitDone {
		t.Fatal(errs)
	}
	key := [32]byte{1}
	for _, id := range users {
		row := erased.Row{Kind: erased.User, Key: key, Hash: erased.Hash(key, erased.All, erased.User, id), Before: erased.Always(), At: time.Now()}
		if err := erased.Remember(t.Context(), in.store, []erased.Row{row}); err != nil {
			t.Fatal(err)
		}
	}
	in.archive(t, exitDone)
	return in
}

// bytesOf counts the rows that name a user on a node, masked ones included, and the replaced parts
// there that are older than a moment.
func bytesOf(t *testing.T, n *clustertest.Node, user string, before time.Time) (rows, old uint64) {
	t.Helper()
	s, err := connect.Store(t.Context(), n.DSN("trtc"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn := s.StoreConn()
	for _, table := range archivetest.Strings(t, conn, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'") {
		quoted := sqltext.Literal(`"`+user+`"`) + ", " + sqltext.Literal(`\"`+user+`\"`)
		var n uint64
		archivetest.Each(t, conn, "SELECT count() FROM "+table+" WHERE multiSearchAny(formatRow('JSONEachRow', *), ["+quoted+"]) SETTINGS apply_deleted_mask = 0", nil, func() {}, &n)
		rows += n
	}
	archivetest.Each(t, conn, "SELECT count() FROM system.parts WHERE NOT active AND database = currentDatabase() AND modification_time < toDateTime(?)", []any{before.Unix()}, func() {}, &old)
	return rows, old
}

// severalRows is a relation in which a stream may have several rows for a day, as flushes come. Its
// sums are compared in quality_days.
const severalRows = "quality_streams"

// TestClusterErases erases a user from a cluster. The archive then equals one that never saw the
// user, no replica has a byte of them, and no pass, replay or restore brings anything back.
func TestClusterErases(t *testing.T) {
	f := installFleet(t, 2, 2, simulator.Options{Seed: 5, Calls: 6, Mix: simulator.MixAll, QPS: -1})
	f.now = frozen(f.at) // what a pass settles depends on when it asks
	places := t.TempDir()
	if err := os.Chmod(places, 0o777); err != nil {
		t.Fatal(err)
	}
	f.env = append(f.env, "CALLVAULT_BACKUP_TO="+places)
	f.archive(t, exitDone)
	here := f.atNode(t, f.Node(1, 1), "trtc")
	users, _ := busiest(1)(here)
	user := users[0]
	never := f.never(t, user)
	f.must(t, "backup", "--verify")

	f.Node(2, 2).Kill()
	if code, _, errs := f.callvault(t.Context(), "erase", "--user", user, "--yes"); code != exitFailed || !strings.Contains(errs, "nothing is erased") {
		t.Errorf("erase without %s: exit code %d\n%s", f.Node(2, 2), code, errs)
	}
	f.Node(2, 2).Start(t)
	f.archive(t, exitDone)
	if rows, _ := bytesOf(t, f.Node(1, 1), user, time.Now()); rows == 0 {
		t.Error("it erased although a replica was down")
	}

	began := time.Now()
	t.Logf("%+v", here.erase(t, "--user", user, "--wait"))
	t.Logf("erased with --wait after %v", time.Since(began))
	equal := func(when, database string) {
		t.Helper()
		for _, n := range f.Nodes() {
			pair{f.atNode(t, n, database), never}.same(t, when+", "+n.String(), severalRows)
		}
	}
	equal("erased", "trtc")
	for _, n := range f.Nodes() {
		if rows, old := bytesOf(t, n, user, began); rows > 0 || old > 0 {
			t.Errorf("%s has %d rows of %s, and %d old parts", n, rows, user, old)
		}
	}
	f.must(t, "restore", "--database", "trtc_beside")
	equal("restored", "trtc_beside")
	if found := f.atNode(t, f.Node(1, 1), "trtc_beside").mentions(t, user); len(found) > 0 {
		t.Errorf("%s is back in %v", user, found)
	}

	f.must(t, "replay")
	equal("replayed", "trtc")
	f.must(t, "verify", "--all", "--repair")
	equal("verified", "trtc")
	f.archive(t, exitDone, "--again")
	never.archive(t, exitDone, "--again")
	equal("archived again", "trtc")
}
