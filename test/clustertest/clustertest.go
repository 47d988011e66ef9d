// Package clustertest gives tests a cluster of ClickHouse with replicas: servers of
// test/servertest, which copy parts among themselves and take DDL ON CLUSTER, and a Keeper
// (test/keepertest). Each can be killed, stopped and started again, and be cut off from the
// others.
//
//	c := clustertest.Start(t, 2, 2)
//	dsn := c.Node(1, 2).DSN("trtc") // shard 1, replica 2
//
// An idle node takes 0.4 GB of memory, 0.3 GB of which, the program, all share, and Keeper
// 0.1 GB. The package needs what the two others need: Linux on x86-64, Python 3.11, Java and
// apt-get.
package clustertest

import (
	"crypto/rand"
	"sync"
	"testing"

	"github.com/callvault/callvault/test/keepertest"
	"github.com/callvault/callvault/test/servertest"
)

const (
	// User has all rights on every node.
	User = "callvault"

	name = "fleet"
)

// Cluster has shards of replicas, and a Keeper for all.
type Cluster struct {
	Keeper *keepertest.Keeper

	release  servertest.Release
	mu       sync.Mutex
	nodes    [][]*Node
	password string
	secret   string // by which the nodes know each other; "": they ask as a user
	user     string

	userPassword string
}

// Start runs a cluster of the newest version to be had, until the end of the test.
func Start(t testing.TB, shards, replicas int) *Cluster {
	t.Helper()
	return StartRelease(t, servertest.Newest(), shards, replicas)
}

// StartRelease is Start for another version. It must be a whole server.
func StartRelease(t testing.TB, release servertest.Release, shards, replicas int) *Cluster {
	t.Helper()
	return start(t, &Cluster{release: release, secret: rand.Text()}, shards, replicas)
}

// StartByUser is Start for servers that ask each other as a user with a password, instead of by
// a secret as the user of the query. The test makes the user.
func StartByUser(t testing.TB, shards, replicas int, user, password string) *Cluster {
	t.Helper()
	return start(t, &Cluster{release: servertest.Newest(), user: user, userPassword: password}, shards, replicas)
}

func start(t testing.TB, c *Cluster, shards, replicas int) *Cluster {
	t.Helper()
	c.Keeper, c.password = keepertest.Start(t), rand.Text()
	c.nodes = make([][]*Node, shards)
	for s := range shards {
		for r := range replicas {
			c.nodes[s] = append(c.nodes[s], newNode(t, c, s+1, r+1))
		}
	}
	for _, n := range c.Nodes() {
		n.run(t)
	}
	for _, n := range c.Nodes() {
		n.await(t)
	}
	return c
}

// Name is the cluster's, for ON CLUSTER.
func (c *Cluster) Name() string { return name }

// Node is a replica of a shard. Both count from 1, as the macros {shard} and {replica} do.
func (c *Cluster) Node(shard, replica int) *Node { return c.nodes[shard-1][replica-1] }

// Nodes lists all of them, a shard after the other.
func (c *Cluster) Nodes() []*Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*Node
	for _, shard := range c.nodes {
		all = append(all, shard...)
	}
	return all
}

// ports lists the native ports of the nodes of each shard.
func (c *Cluster) ports() [][]int {
	ports := make([][]int, len(c.nodes))
	for i, shard := range c.nodes {
		for _, n := range shard {
			ports[i] = append(ports[i], n.tcp.port)
		}
	}
	return ports
}

// isolated says that an address is a node's that is cut off.
func (c *Cluster) isolated(source string) bool {
	for _, n := range c.Nodes() {
		if n.source() == source {
			return n.cut.Load()
		}
	}
	return false
}

// AddReplica starts one more replica of a shard, which all servers know then.
func (c *Cluster) AddReplica(t testing.TB, shard int) *Node {
	t.Helper()
	return c.add(t, shard)
}

// AddShard starts one more shard of one replica, which all servers know then.
func (c *Cluster) AddShard(t testing.TB) *Node {
	t.Helper()
	return c.add(t, len(c.nodes)+1)
}

func (c *Cluster) add(t testing.TB, shard int) *Node {
	t.Helper()
	old := c.Nodes()
	c.mu.Lock()
	if shard > len(c.nodes) {
		c.nodes = append(c.nodes, nil)
	}
	replica := len(c.nodes[shard-1]) + 1
	c.mu.Unlock()
	n := newNode(t, c, shard, replica)
	c.mu.Lock()
	c.nodes[shard-1] = append(c.nodes[shard-1], n)
	c.mu.Unlock()
	n.run(t)
	n.await(t)
	for _, n := range old {
		n.configure(t)
		n.reload(t)
	}
	return n
}
