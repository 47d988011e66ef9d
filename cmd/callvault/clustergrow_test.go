//go:build cluster

package main

import (
	"context"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/clustertest"
)

// whole watches a node while others change, and reports how often it has shown less than all.
func (f *fleet) whole(t *testing.T, n *clustertest.Node, stop context.Context) (looks int) {
	want := f.rooms(t)
	s, err := connect.Store(t.Context(), n.DSN("default"), store.Options{ReadOnly: true}) // there may be no archive yet
	if err != nil {
		t.Error(err)
		return 0
	}
	defer s.Close()
	for stop.Err() == nil {
		var rooms uint64
		if err := s.Conn().QueryRow(stop, "SELECT count() FROM trtc.rooms").Scan(&rooms); err == nil {
			looks++
			if rooms != want {
				t.Errorf("%s shows %d of %d rooms", n, rooms, want)
			}
		}
		select {
		case <-stop.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	return looks
}

func (f *fleet) rooms(t *testing.T) (n uint64) {
	t.Helper()
	for range f.truth.Rooms() {
		n++
	}
	return n
}

// TestClusterGrows adds a replica and a shard to a cluster, and takes a replica away, as
// docs/cluster.md says. No server shows less than all meanwhile. A pass makes the tables, too.
func TestClusterGrows(t *testing.T) {
	f := installFleet(t, 1, 1, simulator.Options{Seed: 9, Calls: 30, Mix: simulator.MixAll, QPS: -1})
	f.archive(t, exitDone)
	f.exact(t)
	shape := func(want string) {
		t.Helper()
		if out := f.must(t, "doctor"); !strings.Contains(out, want+" (shards x replicas), all answer") {
			t.Errorf("doctor: %s", out)
		}
	}
	grow := func(add func() *clustertest.Node, want string, up ...string) {
		t.Helper()
		n := add()
		stop, cancel := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		looks := map[string]int{}
		var mu sync.Mutex
		for _, n := range f.Nodes() {
			watching.Go(func() {
				seen := f.whole(t, n, stop)
				mu.Lock()
				looks[n.String()] = seen
				mu.Unlock()
			})
		}
		for _, args := range up {
			f.must(t, strings.Fields(args)...)
		}
		f.archive(t, exitDone)
		shape(want)
		f.exact(t)
		cancel()
		watching.Wait()
		t.Logf("with %s: looks %v", n, looks)
	}
	grow(func() *clustertest.Node { return f.AddReplica(t, 1) }, "1 x 2", "migrate up")
	grow(func() *clustertest.Node { return f.AddShard(t) }, "2 x 2")
	f.archive(t, exitDone, "--again")
	f.exact(t)
	var rows uint64
	const own = "SELECT count() FROM trtc_store.rooms_data_shard"
	if err := f.reader(t, f.Node(2, 1)).Conn().QueryRow(t.Context(), own).Scan(&rows); err != nil || rows == 0 {
		t.Errorf("the new shard has %d rooms, %v", rows, err)
	}
	f.archive(t, exitDone)
	f.exact(t)

	lost := f.Node(1, 2)
	lost.Kill()
	f.archive(t, exitDone, "--again")
	f.exact(t, lost)
	text, err := os.ReadFile("../../docs/cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	drop := regexp.MustCompile(`(?m)^ *callvault sql --write "(.* (?:'r2'|'1-r2').*)"$`).FindAllStringSubmatch(string(text), -1)
	if len(drop) != 4 {
		t.Fatalf("docs/cluster.md has %q", drop)
	}
	for _, m := range drop {
		f.must(t, "sql", "--write", strings.ReplaceAll(m[1], "r2'", "2'")) // as clustertest names it
	}
	f.archive(t, exitDone, "--again")
	var away []string
	if err := f.reader(t, f.Node(1, 1)).Conn().QueryRow(t.Context(), "SELECT groupArray(node) FROM trtc_store.away").Scan(&away); err != nil || len(away) > 0 {
		t.Errorf("a replica that was dropped is away: %v, %v", away, err)
	}
	f.exact(t, lost)
}
