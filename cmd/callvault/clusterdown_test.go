//go:build cluster

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
)

// TestClusterShardDown stops all replicas of a shard. A pass ends with one line that names it,
// readers get an error and never a part, unless they ask for one.
func TestClusterShardDown(t *testing.T) {
	f := installFleet(t, 2, 1, simulator.Options{Seed: 10, Calls: 12, QPS: -1})
	f.env = append(f.env, "CALLVAULT_WAIT=20s")
	f.archive(t, exitDone)
	all := f.rooms(t)
	f.Node(2, 1).Kill()
	s := f.reader(t, f.Node(1, 1))
	var rooms uint64
	if err := s.Conn().QueryRow(t.Context(), "SELECT count() FROM rooms").Scan(&rooms); err == nil {
		t.Errorf("without a shard a reader sees %d rooms of %d", rooms, all)
	}
	if err := s.Conn().QueryRow(t.Context(), "SELECT count() FROM rooms SETTINGS skip_unavailable_shards = 1").Scan(&rooms); err != nil || rooms == 0 || rooms == all {
		t.Errorf("the rest of %d rooms has %d, %v", all, rooms, err)
	}
	began := time.Now()
	code, _, errs := f.callvault(t.Context(), "archive", "--again", "--quiet")
	t.Logf("after %v: %s", time.Since(began), errs)
	if code != exitFailed || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, f.Node(2, 1).Address()) {
		t.Errorf("archive: exit code %d\n%s", code, errs)
	}
	f.Node(2, 1).Start(t)
	f.archive(t, exitDone, "--again")
	f.exact(t)
}

// TestClusterServes keeps callvault serve running while servers go down. A replica that was down
// answers again without another pass, and when the server goes down that the runs work with, the
// next ones take another.
func TestClusterServes(t *testing.T) {
	f := installFleet(t, 1, 2, simulator.Options{Seed: 11, Calls: 4, QPS: -1})
	f.env = append(f.env, "CALLVAULT_WAIT=20s")
	first, second := f.Node(1, 1), f.Node(1, 2)
	s := f.serve(t, nightly(t))
	s.until(t, `"run done"`)
	second.Kill()
	f.archive(t, exitDone, "--again")
	second.Start(t)
	var n uint64
	if err := f.reader(t, second).Conn().QueryRow(t.Context(), "SELECT count() FROM rooms").Scan(&n); err == nil {
		t.Errorf("%s, which was down, shows %d rooms", second, n)
	}
	s.until(t, `"replicas answer again"`)
	f.exact(t)
	s.stop()
	s.end(t, exitDone)

	dir := t.TempDir()
	for name, text := range map[string]string{"expiring.cron": "never\n", "often.cron": "@every 5s\njob: archive\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = f.serve(t, "CALLVAULT_SCHEDULES="+dir)
	s.until(t, `"run done"`)
	first.Kill()
	s.until(t, `"another server of the cluster takes over"`)
	s.until(t, `"run done"`)
	s.stop()
	s.end(t, exitDone)
	f.exact(t, first)
	first.Start(t)
	f.archive(t, exitDone)
	f.exact(t)
}

// TestClusterAvoids lets a replica fall behind. Queries that the program makes go to the other
// replica of its shard; those with ClickHouse's own setting may get an error, and never a part.
func TestClusterAvoids(t *testing.T) {
	f := installFleet(t, 2, 2, simulator.Options{Seed: 13, Calls: 8, QPS: -1})
	f.archive(t, exitDone)
	behind := f.atNode(t, f.Node(2, 2), "trtc")
	if err := behind.store.Conn().Exec(t.Context(), "SYSTEM STOP FETCHES"); err != nil {
		t.Fatal(err)
	}
	f.archive(t, exitDone, "--again")
	all, s := f.rooms(t), f.reader(t, f.Node(1, 1))
	ask := func(settings string) (failed int) {
		t.Helper()
		for range 30 {
			var rooms uint64
			if err := s.Conn().QueryRow(t.Context(), "SELECT count() FROM rooms"+settings).Scan(&rooms); err != nil {
				failed++
			} else if rooms != all {
				t.Errorf("a query shows %d of %d rooms", rooms, all)
			}
		}
		return failed
	}
	if failed := ask(""); failed > 0 {
		t.Errorf("%d of 30 queries met the replica that is behind", failed)
	}
	t.Logf("with ClickHouse's own setting %d of 30 queries met it", ask(" SETTINGS max_replica_delay_for_distributed_queries = 300"))
	if err := behind.store.Conn().Exec(t.Context(), "SYSTEM START FETCHES"); err != nil {
		t.Fatal(err)
	}
	f.archive(t, exitDone)
	f.exact(t)
	if failed := ask(""); failed > 0 {
		t.Errorf("%d of 30 queries fail although all replicas are there", failed)
	}
}

// TestClusterSweeps lets a replica delete nothing for a while. It has all that is visible, so it
// goes on answering, and what is dead is deleted another time.
func TestClusterSweeps(t *testing.T) {
	f := installFleet(t, 2, 2, simulator.Options{Seed: 14, Calls: 6, QPS: -1})
	f.archive(t, exitDone)
	slow := f.atNode(t, f.Node(2, 2), "trtc")
	dead := func() uint64 {
		return slow.number(t, "SELECT count() FROM trtc_store.quality_samples_data_shard WHERE load_id IN (SELECT load_id FROM trtc_store.hidden_loads GROUP BY load_id HAVING max(step) != 'committed')")
	}
	if err := slow.store.Conn().Exec(t.Context(), "SYSTEM STOP MERGES"); err != nil { // mutations, too
		t.Fatal(err)
	}
	f.must(t, "replay")
	var away []string
	if err := slow.store.Conn().QueryRow(t.Context(), "SELECT groupArray(node) FROM trtc_store.away").Scan(&away); err != nil || len(away) > 0 {
		t.Errorf("a replica that deletes late is away: %v, %v", away, err)
	}
	if dead() == 0 {
		t.Error("nothing is left to delete")
	}
	f.exact(t)
	if err := slow.store.Conn().Exec(t.Context(), "SYSTEM START MERGES"); err != nil {
		t.Fatal(err)
	}
	f.must(t, "replay")
	if n := dead(); n > 0 {
		t.Errorf("%d dead rows are left", n)
	}
	f.exact(t)
}
