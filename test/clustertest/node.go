package clustertest

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"text/template"
	"time"

	"github.com/callvault/callvault/test/servertest"
)

const (
	// patience bounds a start. Several at once on a busy machine take long.
	patience = 2 * time.Minute
	poll     = 50 * time.Millisecond
)

//go:embed config.xml.tmpl
var configText string

//go:embed users.xml.tmpl
var usersText string

// Node is a server of a cluster. It has one name for all: 127.0.0.1 and a port, where a
// link leads to it. So its network can be cut, and clients and other nodes that know it
// find it again after a restart.
type Node struct {
	Shard, Replica int

	cluster *Cluster
	index   int // among all nodes, from 1
	dir     string
	process *servertest.Process // nil: does not run

	tcp, http, interserver, keeper *link
	cut                            atomic.Bool
}

func newNode(t testing.TB, c *Cluster, shard, replica int) *Node {
	t.Helper()
	n := &Node{Shard: shard, Replica: replica, cluster: c, index: len(c.Nodes()) + 1, dir: t.TempDir()}
	n.tcp, n.http, n.interserver = newLink(t, c, ""), newLink(t, c, ""), newLink(t, c, "")
	n.keeper = newLink(t, c, c.Keeper.Address())
	t.Cleanup(func() {
		if n.process != nil {
			n.Kill()
		}
	})
	return n
}

// String names it in tests: s1r2.
func (n *Node) String() string { return fmt.Sprintf("s%dr%d", n.Shard, n.Replica) }

// Version is what SELECT version() says.
func (n *Node) Version() string { return n.cluster.release.Version }

// DSN leads User to a database on the node.
func (n *Node) DSN(database string) string {
	u := url.URL{Scheme: "clickhouse", User: url.UserPassword(User, n.cluster.password), Host: n.tcp.address(), Path: "/" + database}
	return u.String()
}

// HTTPURL is the address of the HTTP interface, without credentials.
func (n *Node) HTTPURL() string { return "http://" + n.http.address() }

// Kill ends a node that runs at once, as kill -9 does.
func (n *Node) Kill() {
	n.process.Kill()
	n.ended()
}

// Stop ends a node that runs as a service manager does, and waits until it has ended.
func (n *Node) Stop() {
	n.process.Stop()
	n.ended()
}

func (n *Node) ended() {
	n.process = nil
	n.refuse()
}

// Start starts a node that does not run again, on its data, and waits until it serves.
func (n *Node) Start(t testing.TB) {
	t.Helper()
	n.run(t)
	n.await(t)
}

// Cut ends all connections of the node, with clients, nodes and Keeper, and refuses others
// until Heal. A part that the node fetches just then may still arrive.
func (n *Node) Cut() {
	n.cut.Store(true)
	n.refuse()
	n.CutKeeper()
	for _, other := range n.cluster.Nodes() {
		other.tcp.drop(n.source())
	}
}

// CutKeeper ends the node's connection with Keeper alone, and refuses others until Heal.
func (n *Node) CutKeeper() { n.keeper.close() }

// Heal lets connections through again. The node then finds Keeper by itself, within seconds.
func (n *Node) Heal(t testing.TB) {
	t.Helper()
	n.cut.Store(false)
	n.admit(t)
}

// refuse closes the ways to the node.
func (n *Node) refuse() {
	for _, l := range []*link{n.tcp, n.http, n.interserver} {
		l.close()
	}
}

// admit opens the ways to a node that runs, and from it to Keeper.
func (n *Node) admit(t testing.TB) {
	t.Helper()
	if n.cut.Load() || n.process == nil {
		return
	}
	for _, l := range []*link{n.tcp, n.http, n.interserver, n.keeper} {
		if err := l.open(); err != nil {
			t.Fatal(err)
		}
	}
}

// source is the address from which the node connects to the native port of others.
func (n *Node) source() string { return fmt.Sprintf("127.0.1.%d", n.index) }

// run starts the process.
func (n *Node) run(t testing.TB) {
	t.Helper()
	n.configure(t)
	n.process = n.cluster.release.Run(t, n.dir)
	n.admit(t)
}

// await waits until the node answers, cut off or not.
func (n *Node) await(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !n.answers(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("node %s of ClickHouse %s does not start: %s", n, n.Version(), n.process.Said())
		case <-time.After(poll):
		}
	}
}

func (n *Node) answers(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.http.upstream+"/ping", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// configure writes the files that a server reads at its start.
func (n *Node) configure(t testing.TB) {
	t.Helper()
	data := map[string]any{
		"Dir": n.dir, "Shard": n.Shard, "Replica": n.Replica, "User": User, "Password": n.cluster.password,
		"Cluster": n.cluster.Name(), "Secret": n.cluster.secret, "RemoteUser": n.cluster.user, "RemotePassword": n.cluster.userPassword, "Source": n.source(),
		"TCP": n.tcp.port, "HTTP": n.http.port, "Interserver": n.interserver.port, "Keeper": n.keeper.port,
		"Shards": n.cluster.ports(),
	}
	for file, text := range map[string]string{"config.xml": configText, "users.xml": usersText} {
		var b bytes.Buffer
		err := template.Must(template.New(file).Parse(text)).Execute(&b, data)
		if err == nil {
			err = os.WriteFile(filepath.Join(n.dir, file), b.Bytes(), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// reload lets the node read its configuration again.
func (n *Node) reload(t testing.TB) {
	t.Helper()
	v := url.Values{"user": {User}, "password": {n.cluster.password}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+n.http.upstream+"/?"+v.Encode(), strings.NewReader("SYSTEM RELOAD CONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("node %s does not read its configuration again: %s", n, resp.Status)
	}
}

// Address is the host and port of the native protocol.
func (n *Node) Address() string { return n.tcp.address() }
