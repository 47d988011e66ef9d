//go:build cluster

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/clustertest"
)

// fleet is an installation whose archive a cluster holds.
type fleet struct {
	*installation
	*clustertest.Cluster
}

// installFleet makes an archive of so many shards and replicas. The program asks the first node
// that answers.
func installFleet(t *testing.T, shards, replicas int, o simulator.Options) *fleet {
	t.Helper()
	c := clustertest.Start(t, shards, replicas)
	now := time.Now().Truncate(time.Second)
	o.Now = frozen(now)
	v := newVendor(t, o)
	var hosts []string
	for _, n := range c.Nodes() {
		hosts = append(hosts, n.Address())
	}
	dsn := strings.Replace(c.Node(1, 1).DSN("trtc"), hosts[0], strings.Join(hosts, ","), 1)
	env := append(environment(t, v, dsn), "CALLVAULT_CLICKHOUSE_CLUSTER="+c.Name(), "CALLVAULT_LEASE=10s")
	return &fleet{&installation{sim: v.Simulator, vendor: v, truth: v.Truth(now), now: time.Now, env: env}, c}
}

// reader connects to a node.
func (f *fleet) reader(t *testing.T, n *clustertest.Node) *store.Store {
	t.Helper()
	s, err := connect.Store(t.Context(), n.DSN("trtc"), store.Options{Cluster: f.Name(), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// exact compares what every node answers with the vendor's truth.
func (f *fleet) exact(t *testing.T, but ...*clustertest.Node) {
	t.Helper()
	for _, n := range f.Nodes() {
		if len(but) > 0 && n == but[0] {
			continue
		}
		compare(t, f.reader(t, n), f.truth)
	}
}

// TestClusterArchives archives on shards of replicas, with all of them and without one.
func TestClusterArchives(t *testing.T) {
	f := installFleet(t, 2, 2, simulator.Options{Seed: 5, Calls: 20, Mix: simulator.MixAll, Apps: []uint32{1400353843, 1400353844}, QPS: -1})
	began := time.Now()
	f.archive(t, exitDone)
	t.Logf("first pass: %v", time.Since(began))
	f.exact(t)

	began = time.Now()
	f.archive(t, exitDone)
	t.Logf("a pass with nothing new: %v", time.Since(began))

	away := f.Node(2, 2)
	away.Kill()
	began = time.Now()
	f.archive(t, exitDone, "--again")
	t.Logf("again, without %s: %v", away, time.Since(began))
	f.exact(t, away)

	away.Start(t)
	var n uint64
	if err := f.reader(t, away).Conn().QueryRow(t.Context(), "SELECT count() FROM calls").Scan(&n); err == nil || !strings.Contains(err.Error(), "has not caught up") {
		t.Errorf("a replica that was away answers: %d calls, %v", n, err)
	}
	f.archive(t, exitDone)
	f.exact(t)
}
