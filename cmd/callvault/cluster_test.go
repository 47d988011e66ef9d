//go:build cluster

package main

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/clustertest"
	"github.com/callvault/callvault/test/embeddedtest"
)

// fleet is an installation whose archive a cluster holds.
type fleet struct {
	at time.Time // the vendor's time
	*installation
	*clustertest.Cluster
}

// installFleet makes an archive of so many shards and replicas. The program asks the first node
// that answers.
func installFleet(t *testing.T, shards, replicas int, o simulator.Options) *fleet {
	t.Helper()
	return installOn(t, clustertest.Start(t, shards, replicas), o)
}

// installOn makes an archive on a cluster.
func installOn(t *testing.T, c *clustertest.Cluster, o simulator.Options) *fleet {
	t.Helper()
	now := time.Now().Truncate(time.Second)
	o.Now = frozen(now)
	v := newVendor(t, o)
	var hosts []string
	for _, n := range c.Nodes() {
		hosts = append(hosts, n.Address())
	}
	dsn := strings.Replace(c.Node(1, 1).DSN("trtc"), hosts[0], strings.Join(hosts, ","), 1)
	env := append(environment(t, v, dsn), "CALLVAULT_CLICKHOUSE_CLUSTER="+c.Name(), "CALLVAULT_LEASE=10s")
	return &fleet{now, &installation{sim: v.Simulator, vendor: v, truth: v.Truth(now), now: time.Now, env: env}, c}
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

// TestClusterMoves moves an archive from one server to a cluster, as docs/cluster.md says.
func TestClusterMoves(t *testing.T) {
	f := installFleet(t, 2, 1, simulator.Options{Seed: 6, Calls: 12, QPS: -1})
	old := installAt(t, f.vendor, embeddedtest.Database(t), f.at)
	old.archive(t, exitDone)
	compare(t, old.store, f.truth)

	if code, _, errs := f.callvault(t.Context(), "migrate", "up"); code != exitDone {
		t.Fatalf("migrate up: %d\n%s", code, errs)
	}
	text, err := os.ReadFile("../../docs/cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	loop := regexp.MustCompile(`(?s)for table in (.*?); do\n\s*callvault sql --write "(.*?)"\n`).FindStringSubmatch(string(text))
	if loop == nil {
		t.Fatal("docs/cluster.md has no loop")
	}
	u, err := url.Parse(old.dsn())
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	from := strings.NewReplacer("old.example:9000", u.Host, "'trtc_store'", "'"+strings.Trim(u.Path, "/")+"_store'", "callvault:password", u.User.Username()+":"+password, "'callvault'", "'"+u.User.Username()+"'", "'password'", "'"+password+"'")
	var tables []string
	for table := range strings.FieldsSeq(strings.ReplaceAll(loop[1], "\\\n", " ")) {
		tables = append(tables, table)
		code, _, errs := f.callvault(t.Context(), "sql", "--write", from.Replace(strings.ReplaceAll(loop[2], "$table", table)))
		if code != exitDone {
			t.Fatalf("%s: exit code %d: %s", table, code, errs)
		}
	}
	for _, table := range catalogue.Tables() {
		if table.Backup != catalogue.Not && table.Name != catalogue.Versions && !slices.Contains(tables, table.Name) {
			t.Errorf("docs/cluster.md does not move %s", table.Name)
		}
	}
	last := regexp.MustCompile(`callvault sql --write "(INSERT INTO trtc_store.load_floor .*?)"`).FindStringSubmatch(string(text))
	if last == nil {
		t.Fatal("docs/cluster.md does not show the rows")
	}
	if code, _, errs := f.callvault(t.Context(), "sql", "--write", last[1]); code != exitDone {
		t.Fatalf("load_floor: exit code %d: %s", code, errs)
	}
	if code, out, errs := f.callvault(t.Context(), "doctor"); code != exitDone || !strings.Contains(out, "2 x 1 (shards x replicas), all answer") {
		t.Errorf("doctor: exit code %d\n%s%s", code, out, errs)
	}
	f.exact(t)
	again := f.archive(t, exitDone)
	f.exact(t)
	t.Logf("the next pass asked %d requests", again.Counts.Total())
	if n := old.archive(t, exitDone).Counts.Total(); again.Counts.Total() != n {
		t.Errorf("the next pass asked %d requests, on the old server %d", again.Counts.Total(), n)
	}
}
