package load

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// fault is what a proxy does once, at a byte of what the clients send.
type fault int

const (
	cut     fault = iota // ends the connection: the rest is not sent
	swallow              // sends the rest and lets no answer through
)

// proxy stands between a client and ClickHouse. It strikes when budget bytes
// have come from the clients, all connections taken together.
type proxy struct {
	listener net.Listener
	backend  string

	mu     sync.Mutex
	armed  bool
	struck bool
	fault  fault
	budget int
	conns  []net.Conn
}

// newProxy listens before the ClickHouse of dsn and returns its own dsn.
func newProxy(t *testing.T, dsn string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, backend: u.Host}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		wg.Wait()
	})
	u.Host = l.Addr().String()
	return p, u.String()
}

// arm makes the proxy strike once after so many more bytes.
func (p *proxy) arm(f fault, after int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.struck, p.fault, p.budget = true, false, f, after
}

// disarm says whether the proxy has struck.
func (p *proxy) disarm() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = false
	return p.struck
}

// left is what remains of the budget.
func (p *proxy) left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.budget
}

// pass counts n bytes; it returns how many may go on and what happens then.
func (p *proxy) pass(n int) (allowed int, f fault, strike bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.armed {
		return n, 0, false
	}
	if n < p.budget {
		p.budget -= n
		return n, 0, false
	}
	p.armed, p.struck = false, true
	return p.budget, p.fault, true
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.backend)
	if err != nil {
		client.Close()
		return
	}
	p.mu.Lock()
	p.conns = append(p.conns, client, server)
	p.mu.Unlock()
	var mute sync.Mutex // guards deaf
	deaf := false
	var wg sync.WaitGroup
	wg.Go(func() { // answers
		buf := make([]byte, 32<<10)
		for {
			n, err := server.Read(buf)
			mute.Lock()
			silent := deaf
			mute.Unlock()
			if !silent && n > 0 {
				if _, werr := client.Write(buf[:n]); werr != nil {
					break
				}
			}
			if err != nil {
				break
			}
		}
		client.Close()
	})
	buf := make([]byte, 4<<10)
	for {
		n, err := client.Read(buf)
		allowed, f, strike := p.pass(n)
		if strike && f == cut {
			server.Write(buf[:allowed])
			break
		}
		if strike {
			mute.Lock()
			deaf = true
			mute.Unlock()
		}
		if _, werr := server.Write(buf[:n]); werr != nil || err != nil {
			break
		}
	}
	if c, ok := server.(*net.TCPConn); ok {
		c.CloseWrite() // the server may finish what it has received
	}
	client.Close()
	wg.Wait()
	io.Copy(io.Discard, server)
	server.Close()
}
