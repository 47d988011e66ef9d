// Package cluster lets several servers hold one archive: shards, each with replicas.
//
// A replica gets rows from the replica that took them, a little later, and a query may ask any
// replica. So a load becomes visible only when each replica that may answer has its rows
// (Landed). A replica that is down or behind by then goes into the table away, which is in
// Keeper. The views fail on such a replica, and begin no query there, until it has caught up.
//
// The holder of the archive lease alone calls Landed and Return.
package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
)

// Cluster is a cluster of the servers' configuration that holds an archive.
type Cluster struct {
	name  string // "": one server
	store string // the database of the tables
	mu    sync.Mutex
	waits patience
}

// patience bounds how long Landed waits.
type patience struct {
	silent time.Duration // for a replica that does not answer
	behind time.Duration // for one that answers and lacks rows
	first  time.Duration // the first pause between two looks
	last   time.Duration // the longest one
}

// New returns the cluster of that name, with the tables in a database of that name. "" is one
// server: its methods do nothing.
func New(name, store string) *Cluster {
	return &Cluster{name: name, store: store, waits: patience{silent: 3 * time.Second, behind: 30 * time.Second, first: 5 * time.Millisecond, last: 500 * time.Millisecond}}
}

// Name returns the name of the cluster, or "".
func (c *Cluster) Name() string { return c.name }

// Many reports whether it is a cluster and not one server.
func (c *Cluster) Many() bool { return c.name != "" }

// On returns the clause of a statement that runs on all servers: " ON CLUSTER `name`", or "".
func (c *Cluster) On() string {
	if !c.Many() {
		return ""
	}
	return " ON CLUSTER " + sqltext.Identifier(c.name)
}

// Own returns the name of the table with the rows that a server has of any table of the
// catalogue, and the clause for a statement that changes these rows on all servers.
func (c *Cluster) Own(table string) (name, on string) {
	sharded := slices.ContainsFunc(catalogue.Tables(), func(t catalogue.Table) bool { return t.Name == table && t.Sharded() })
	if !c.Many() || !sharded {
		return table, "" // replicas take the change from each other
	}
	return table + catalogue.Shard, c.On()
}

// Wait is the value of mutations_sync and lightweight_deletes_sync for a table: on a cluster, no
// statement waits for other servers. See Landed and Reached for what waits.
func (c *Cluster) Wait(table string) int {
	_, on := c.Own(table)
	switch {
	case !c.Many():
		return 2
	case on != "":
		return 0 // any replica of a shard may do it
	}
	return 1
}

// Parts is the table of the parts that all shards have, each once.
func (c *Cluster) Parts() string {
	if !c.Many() {
		return "system.parts"
	}
	return c.Each("system.parts")
}

// Each returns a table function for the rows that one replica of each shard has of a table.
func (c *Cluster) Each(table string) string {
	return "cluster(" + sqltext.Identifier(c.name) + ", " + table + ")"
}

// Here returns a condition to add to one on a table whose rows are on shards: reading it fails
// on a replica that is away, which may lack rows. On one server it is empty.
func (c *Cluster) Here() string {
	if !c.Many() {
		return ""
	}
	return " AND 0 IN (SELECT behind FROM " + catalogue.Here + ")"
}

// Everywhere returns a system table of all servers.
func (c *Cluster) Everywhere(table string) string {
	if !c.Many() {
		return table
	}
	return c.All(table)
}

// All returns a table function for the rows that each replica has of a table.
func (c *Cluster) All(table string) string {
	return "clusterAllReplicas(" + sqltext.Identifier(c.name) + ", " + table + ")"
}

// node is the SQL of a replica's name.
const node = "concat(getMacro('shard'), '-', getMacro('replica'))"

// away reads the replicas that must not answer.
func (c *Cluster) away(ctx context.Context, conn driver.Conn) (map[string]bool, error) {
	all := map[string]bool{}
	rows, err := conn.Query(ctx, "SELECT node FROM "+catalogue.Away)
	if err != nil {
		return nil, fmt.Errorf("read which replicas are away: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("read which replicas are away: %w", err)
		}
		all[name] = true
	}
	return all, rows.Err()
}
