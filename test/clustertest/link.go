package clustertest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

const (
	// outside is where clients and nodes reach a node, inside where it listens, on the same
	// port. A server knows its own name in the list of a cluster by 127.0.0.1 and its port.
	outside, inside = "127.0.0.1", "127.0.0.2"
	// The ports lie below those that the system gives to clients, so none of these takes the
	// port of a link that is closed.
	firstPort, ports = 20000, 12000
	attempts         = 100
)

// link passes connections on while it is open. A closed link refuses them, as a host does
// where nothing listens.
type link struct {
	port     int
	upstream string
	cluster  *Cluster

	mu       sync.Mutex
	listener net.Listener // nil: closed
	conns    map[net.Conn]bool
	wg       sync.WaitGroup
}

// newLink opens a link to upstream, or to its own port inside, until the end of the test.
func newLink(t testing.TB, c *Cluster, upstream string) *link {
	t.Helper()
	l := &link{upstream: upstream, cluster: c, conns: map[net.Conn]bool{}}
	for range attempts {
		l.port = firstPort + rand.IntN(ports)
		within, err := net.Listen("tcp", net.JoinHostPort(inside, strconv.Itoa(l.port)))
		if err != nil {
			continue
		}
		within.Close()
		if upstream == "" {
			l.upstream = within.Addr().String()
		}
		if l.open() == nil {
			t.Cleanup(func() {
				l.close()
				l.wg.Wait()
			})
			return l
		}
	}
	t.Fatalf("no free port from %d to %d", firstPort, firstPort+ports-1)
	return nil
}

func (l *link) address() string { return net.JoinHostPort(outside, strconv.Itoa(l.port)) }

// open lets connections in. An open link stays open.
func (l *link) open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		return nil
	}
	listener, err := net.Listen("tcp", l.address())
	if err != nil {
		return fmt.Errorf("open a link: %w", err)
	}
	l.listener = listener
	l.wg.Go(func() { l.accept(listener) })
	return nil
}

// close ends all connections and refuses others.
func (l *link) close() {
	l.mu.Lock()
	if l.listener != nil {
		l.listener.Close()
		l.listener = nil
	}
	l.mu.Unlock()
	l.drop("")
}

// drop ends the connections from an address, or all.
func (l *link) drop(source string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		if source == "" || host(c) == source {
			reset(c)
		}
	}
}

func (l *link) accept(listener net.Listener) {
	for {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		l.wg.Go(func() { l.serve(listener, c) })
	}
}

func (l *link) serve(listener net.Listener, client net.Conn) {
	defer client.Close()
	if !l.enter(listener, client) {
		reset(client)
		return
	}
	defer l.leave(client)
	server, err := net.Dial("tcp", l.upstream)
	if err != nil {
		reset(client)
		return
	}
	defer server.Close()
	var answers sync.WaitGroup
	answers.Go(func() { pass(client, server) })
	pass(server, client)
	answers.Wait()
}

// enter notes a connection, unless the link has closed or the client is cut off.
func (l *link) enter(listener net.Listener, c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != listener || l.cluster.isolated(host(c)) {
		return false
	}
	l.conns[c] = true
	return true
}

func (l *link) leave(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// pass passes data on until one side ends, and says so to the other.
func pass(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		from.Close()
		return
	}
	if c, ok := to.(*net.TCPConn); ok {
		_ = c.CloseWrite()
	}
}

// reset ends a connection without a farewell: what was sent is lost.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

// host is the address of a client, without the port.
func host(c net.Conn) string {
	h, _, _ := net.SplitHostPort(c.RemoteAddr().String())
	return h
}
