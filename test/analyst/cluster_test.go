//go:build cluster

package analyst

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/clustertest"
	"github.com/callvault/callvault/test/embeddedtest"
)

// openCluster connects to the first server of a cluster and makes an archive there.
func openCluster(t *testing.T, c *clustertest.Cluster) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c.Node(1, 1).DSN("trtc"), store.Options{Cluster: c.Name(), Missing: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	m, err := schema.New(s.ClickHouse(), schema.Options{Cluster: c.Name()})
	if err == nil {
		_, err = m.Up(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// relationSums is a checksum of each relation, without those about the archive itself.
func relationSums(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, r := range catalogue.Relations() {
		switch r.Name {
		case "archive_runs", "disk_usage", "ledger", "quality_thresholds":
			continue
		}
		// sums of doubles depend on the order of parts
		const single = "SELECT if(type LIKE '%Float64%', concat('CAST(', name, ', \\'', replaceAll(type, 'Float64', 'Float32'), '\\')'), name) FROM system.columns WHERE database = currentDatabase() AND table = '"
		columns := column(t, s, single+r.Name+"' ORDER BY position")
		q := "SELECT concat(toString(count()), ' rows, ', toString(sum(cityHash64(toString(tuple(" + strings.Join(columns, ", ") + ")))))) FROM " + r.Name
		sums[r.Name] = column(t, s, q)[0]
	}
	return sums
}

// TestClusterAnswers reads every relation, and asks the questions of the cookbook, on two
// shards: the answers are those of one server.
func TestClusterAnswers(t *testing.T) {
	one := open(t, embeddedtest.Database(t))
	c := clustertest.Start(t, 2, 1)
	many := openCluster(t, c)
	for _, s := range []*store.Store{one, many} {
		if _, err := fillAll(t.Context(), s, 1<<62, fleet(t)); err != nil {
			t.Fatal(err)
		}
	}
	want, got := relationSums(t, one), relationSums(t, many)
	for r, sum := range want {
		if got[r] != sum {
			t.Errorf("%s has %s on two shards, and %s on one server", r, got[r], sum)
		}
	}
	_, all := questions(t)
	ids := demoIDs(t, one)
	servers := []*server{serverOf(embeddedtest.Shared(t).HTTPURL(), one), serverOf(c.Node(1, 1).HTTPURL(), many)}
	for _, q := range all {
		var answers []string
		for _, srv := range servers {
			answer, _, err := srv.query(t.Context(), ids.Replace(q.sql), "TSV")
			if err != nil {
				t.Fatalf("%s: %v", q.title, err)
			}
			answers = append(answers, answer)
		}
		if answers[0] != answers[1] {
			t.Errorf("%s: two shards answer\n%s\none server\n%s", q.title, answers[1], answers[0])
		}
	}
}

// spent is what a query has cost on all servers, and what the one where it began has received
// from the others.
type spent struct {
	cpu      time.Duration
	received int64 // bytes
}

// spend asks a question several times, and returns the least of each cost.
func spend(t *testing.T, s *store.Store, sql string) spent {
	t.Helper()
	var least spent
	for i := range 5 {
		var now spent
		ctx := clickhouse.Context(t.Context(), clickhouse.WithProfileEvents(func(events []clickhouse.ProfileEvent) {
			for _, e := range events {
				switch {
				case e.ThreadID != 0:
				case e.Name == "OSCPUVirtualTimeMicroseconds":
					now.cpu += time.Duration(e.Value) * time.Microsecond
				case e.Name == "NetworkReceiveBytes":
					now.received += e.Value
				}
			}
		}))
		rows, err := s.Conn().Query(ctx, sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		for rows.Next() {
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			least = now
		}
		least = spent{min(least.cpu, now.cpu), min(least.received, now.received)}
	}
	return least
}

// ofServers is the processor time that all servers of a cluster have used, merges included.
func ofServers(t *testing.T, s *store.Store) time.Duration {
	t.Helper()
	us := column(t, s, "SELECT toString(sum(value)) FROM "+s.Cluster().All("system.events")+" WHERE event = 'OSCPUVirtualTimeMicroseconds'")
	n, err := strconv.ParseInt(us[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(n) * time.Microsecond
}

// ofClient is the processor time of this process.
func ofClient(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestClusterFigures fills one shard and then two with the same calls, CLUSTER_CALLS of
// them, and asks the questions of the cookbook. It prints what docs/cluster.md says of costs.
func TestClusterFigures(t *testing.T) {
	calls := 300
	if text := os.Getenv("CLUSTER_CALLS"); text != "" {
		var err error
		if calls, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	_, all := questions(t)
	asked := make([][]spent, len(all))
	var samples int64
	for _, shards := range []int{1, 2} {
		c := clustertest.Start(t, shards, 1)
		s := openCluster(t, c)
		sim := simulate(t, simulator.Options{Seed: 1, Calls: calls, Apps: []uint32{simulator.DefaultApp, simulator.DefaultApp + 1}, Retention: month})
		began, servers, client := time.Now(), ofServers(t, s), ofClient(t)
		n, err := fillAll(t.Context(), s, 1<<62, sim)
		if err != nil {
			t.Fatal(err)
		}
		samples = n
		took := time.Since(began)
		for _, table := range column(t, s, "SELECT name FROM system.tables WHERE startsWith(database, currentDatabase()) AND name LIKE '%\\_shard'") {
			settle(t, s, table)
		}
		t.Logf("%d shards: %d samples in %v; processor time for a million samples: servers %v, client %v", shards, n, took.Round(time.Millisecond),
			((ofServers(t, s) - servers) / time.Duration(n) * 1e6).Round(time.Millisecond), ((ofClient(t) - client) / time.Duration(n) * 1e6).Round(time.Millisecond))
		ids := bigIDs(t, s, all)
		for i, q := range all {
			asked[i] = append(asked[i], spend(t, s, ids.Replace(q.sql)))
		}
		for _, node := range c.Nodes() {
			node.Kill()
		}
	}
	var b strings.Builder
	b.WriteString("| question | CPU on one shard, ms | on two, ms | received from the other, kB |\n| --- | ---: | ---: | ---: |\n")
	for i, q := range all {
		one, two := asked[i][0], asked[i][1]
		fmt.Fprintf(&b, "| %s | %s | %s | %.1f |\n", q.title, millis(one.cpu), millis(two.cpu), float64(two.received-one.received)/1e3)
	}
	t.Logf("%d samples\n%s", samples, b.String())
}
