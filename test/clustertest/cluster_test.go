//go:build cluster

package clustertest_test

import (
	"context"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/test/clustertest"
)

const soon = time.Minute

// TestCluster shows that the cluster is one: it replicates, shards, and goes on without a
// node, and comes back when Keeper does.
func TestCluster(t *testing.T) {
	c := clustertest.Start(t, 2, 2)
	first, second := c.Node(1, 1), c.Node(1, 2)
	on := " ON CLUSTER " + c.Name()
	run(t, first, "CREATE DATABASE d"+on)
	run(t, first, "CREATE TABLE d.t"+on+" (n UInt64) ENGINE = ReplicatedMergeTree ORDER BY n")
	run(t, first, "CREATE TABLE d.all"+on+" AS d.t ENGINE = Distributed("+c.Name()+", d, t, n)")
	run(t, first, "CREATE TABLE d.keys"+on+" (k String) ENGINE = KeeperMap('/keys') PRIMARY KEY k")

	run(t, first, "INSERT INTO d.t SELECT number FROM numbers(10)")
	wait(t, second, 10)
	run(t, first, "INSERT INTO d.all SETTINGS distributed_foreground_insert = 1 SELECT number FROM numbers(10)")
	for _, r := range []int{1, 2} { // a read may ask any replica
		wait(t, c.Node(1, r), 15)
		wait(t, c.Node(2, r), 5)
	}
	if n := count(t, c.Node(2, 2), "d.all"); n != 20 {
		t.Errorf("all shards have %d rows, want 20", n)
	}
	run(t, second, "INSERT INTO d.keys VALUES ('a')")
	if n := count(t, c.Node(2, 1), "d.keys"); n != 1 {
		t.Errorf("Keeper has %d keys, want 1", n)
	}

	second.Kill()
	run(t, first, "INSERT INTO d.t VALUES (100)")
	second.Start(t)
	wait(t, second, 16)
	second.Stop()
	second.Start(t)
	wait(t, second, 16)

	second.Cut()
	if err := connect(t, second).Ping(t.Context()); err == nil {
		t.Error("a node that is cut off answers")
	}
	run(t, first, "INSERT INTO d.t VALUES (101)")
	second.Heal(t)
	wait(t, second, 17)

	first.CutKeeper()
	if err := connect(t, first).Exec(t.Context(), "INSERT INTO d.t SETTINGS insert_keeper_max_retries = 0 VALUES (102)"); err == nil {
		t.Error("a node without Keeper takes rows")
	}
	first.Heal(t)
	for connect(t, first).Exec(t.Context(), "INSERT INTO d.t VALUES (103)") != nil {
		pause(t)
	}
	wait(t, second, 18)

	c.Keeper.Kill()
	if err := connect(t, first).Exec(t.Context(), "INSERT INTO d.t SETTINGS insert_keeper_max_retries = 0 VALUES (104)"); err == nil {
		t.Error("a cluster without Keeper takes rows")
	}
	c.Keeper.Restart(t)
	for connect(t, second).Exec(t.Context(), "INSERT INTO d.t VALUES (105)") != nil {
		pause(t)
	}
	wait(t, first, 19)
}

func connect(t *testing.T, n *clustertest.Node) driver.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(n.DSN("default"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func run(t *testing.T, n *clustertest.Node, statement string) {
	t.Helper()
	if err := connect(t, n).Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %s: %v", n, statement, err)
	}
}

func count(t *testing.T, n *clustertest.Node, table string) (rows uint64) {
	t.Helper()
	if err := connect(t, n).QueryRow(t.Context(), "SELECT count() FROM "+table).Scan(&rows); err != nil {
		t.Fatalf("%s: %v", n, err)
	}
	return rows
}

// wait waits until a node has so many rows in its own table.
func wait(t *testing.T, n *clustertest.Node, rows uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	for count(t, n, "d.t") != rows {
		if ctx.Err() != nil {
			t.Fatalf("%s has %d rows, want %d", n, count(t, n, "d.t"), rows)
		}
		pause(t)
	}
}

func pause(t *testing.T) {
	select {
	case <-t.Context().Done():
	case <-time.After(50 * time.Millisecond):
	}
}
