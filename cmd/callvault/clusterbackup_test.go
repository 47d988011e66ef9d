//go:build cluster

package main

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/clustertest"
)

// TestClusterBackup backs up a cluster while passes write, and restores it: beside the archive,
// and into a cluster of other servers. Each backup is of one moment, and a backup that does not
// fit is refused.
func TestClusterBackup(t *testing.T) {
	f := installFleet(t, 2, 2, simulator.Options{Seed: 7, Calls: 12, Mix: simulator.MixAll, QPS: -1})
	places := t.TempDir()
	if err := os.Chmod(places, 0o777); err != nil {
		t.Fatal(err)
	}
	f.env = append(f.env, "CALLVAULT_BACKUP_TO="+places)
	f.archive(t, exitDone)
	f.must(t, "backup")

	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { // the pass waits for the backup, or the backup for the pass
			if code, _, errs := f.callvault(t.Context(), "archive", "--again", "--quiet"); code != exitDone {
				t.Errorf("archive: exit code %d\n%s", code, errs)
			}
		})
		f.must(t, "backup", "--wait=3m", "--verify")
		wg.Wait()
	}
	f.exact(t)
	notes := backups(t, f.reader(t, f.Node(1, 1)), places)
	if len(notes) != 3 || notes[0].Kind != "full" || notes[1].Kind != "incremental" || notes[2].Base != notes[0].Name || slices.ContainsFunc(notes, func(n backup.Note) bool { return n.Shards != 2 }) {
		t.Errorf("notes: %+v", notes)
	}

	f.Node(1, 2).Kill()
	if code, _, errs := f.callvault(t.Context(), "backup"); code != exitFailed || !strings.Contains(errs, "3 of 4 answer") {
		t.Errorf("backup without %s: exit code %d\n%s", f.Node(1, 2), code, errs)
	}
	f.Node(1, 2).Start(t)

	f.must(t, "restore", "--database", "trtc_beside")
	for _, n := range f.Nodes() {
		compare(t, f.atNode(t, n, "trtc_beside").store, f.truth)
	}

	other := &fleet{f.at, f.installation, clustertest.Start(t, 2, 1)}
	env := slices.Clone(f.env)
	set := func(name, value string) {
		f.env = append(slices.DeleteFunc(slices.Clone(f.env), func(e string) bool { return strings.HasPrefix(e, name+"=") }), name+"="+value)
	}
	set("CLICKHOUSE_DSN", other.Node(1, 1).DSN("trtc"))
	set("CALLVAULT_CLICKHOUSE_CLUSTER", "")
	if code, _, errs := f.callvault(t.Context(), "restore"); code != exitFailed || !strings.Contains(errs, "of a cluster with 2 shards; name one in CALLVAULT_CLICKHOUSE_CLUSTER") {
		t.Errorf("restore on one server: exit code %d\n%s", code, errs)
	}
	set("CALLVAULT_CLICKHOUSE_CLUSTER", other.Name())
	f.must(t, "restore")
	f.archive(t, exitDone)
	other.exact(t)

	alone := clustertest.Start(t, 1, 1)
	set("CLICKHOUSE_DSN", alone.Node(1, 1).DSN("trtc"))
	if code, _, errs := f.callvault(t.Context(), "restore"); code != exitFailed || !strings.Contains(errs, "has 1 shard; restore it into one with 2 shards") {
		t.Errorf("restore on one shard: exit code %d\n%s", code, errs)
	}
	f.env = env
}
