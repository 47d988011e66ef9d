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
	nodes    [][]*Node
	password string
	secret   string // by which the nodes know each other
}

// Start runs a cluster of the newest version to be had, until the end of the test.
func Start(t testing.TB, shards, replicas int) *Cluster {
	t.Helper()
	return StartRelease(t, servertest.Newest(), shards, replicas)
}

// StartRelease is Start for another version. It must be a whole server.
func StartRelease(t testing.TB, release servertest.Release, shards, replicas int) *Cluster {
	t.Helper()
	c := &Cluster{Keeper: keepertest.Start(t), release: release, password: rand.Text(), secret: rand.Text()}
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
