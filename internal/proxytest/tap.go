package proxytest

import (
	"bytes"
	"net"
	"sync"
	"testing"
)

// When is the moment of a statement at which a Rule acts.
type When int

const (
	Before When = iota // the server does not know of the statement
	After              // the server is done with it, and the client does not know
)

func (w When) String() string { return [...]string{"before", "after"}[w] }

// Rule says where a Tap acts, and what it does there.
type Rule struct {
	Statement string // how it begins
	N         int    // which of those that begin so, from 1
	When      When
	Do        func() // the connection waits for it; nil: nothing
	Cut       bool   // then the connection ends, and what was held back is lost
}

// Tap is a proxy before ClickHouse that acts once at a statement. Connections
// must not be compressed or encrypted.
type Tap struct {
	listener net.Listener
	upstream string

	mu     sync.Mutex
	rule   *Rule
	seen   int
	struck bool
	conns  map[net.Conn]bool
}

// NewTap listens before upstream until the test's end.
func NewTap(t testing.TB, upstream string) *Tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Tap{listener: l, upstream: upstream, conns: map[net.Conn]bool{}}
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
		p.closeAll()
		wg.Wait()
	})
	return p
}

// Addr is where clients connect.
func (p *Tap) Addr() string { return p.listener.Addr().String() }

// Arm makes the Tap act once, instead of what it was armed for before.
func (p *Tap) Arm(r Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule, p.seen, p.struck = &r, 0, false
}

// Disarm says whether the Tap has come to act since it was armed.
func (p *Tap) Disarm() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = nil
	return p.struck
}

// match returns the rule that a chunk of what a client sends brings to act.
func (p *Tap) match(chunk []byte) *Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rule == nil || !bytes.Contains(chunk, []byte(p.rule.Statement)) {
		return nil
	}
	if p.seen++; p.seen < max(p.rule.N, 1) {
		return nil
	}
	r := p.rule
	p.rule, p.struck = nil, true
	return r
}

func (r *Rule) act() (goOn bool) {
	if r.Do != nil {
		r.Do()
	}
	return !r.Cut
}

func (p *Tap) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.upstream)
	if err != nil {
		client.Close()
		return
	}
	if !p.enter(client, server) {
		return
	}
	var wg sync.WaitGroup
	after := make(chan *Rule, 1)
	wg.Go(func() {
		defer p.leave(client, server)
		p.answers(client, server, after)
	})
	defer wg.Wait()
	defer p.leave(client, server)
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if r := p.match(buf[:n]); r != nil && r.When == After {
			after <- r
		} else if r != nil && !r.act() {
			return
		}
		if _, werr := server.Write(buf[:n]); werr != nil || err != nil {
			return
		}
	}
}

// endOfStream is the last packet of what the server says to a statement.
const endOfStream = 5

// answers passes on what the server says.
func (p *Tap) answers(client, server net.Conn, after <-chan *Rule) {
	buf := make([]byte, 64<<10)
	var waiting *Rule
	for {
		n, err := server.Read(buf)
		select {
		case waiting = <-after:
		default:
		}
		if waiting != nil && n > 0 && buf[n-1] == endOfStream {
			if !waiting.act() {
				return
			}
			waiting = nil
		}
		if _, werr := client.Write(buf[:n]); werr != nil || err != nil {
			return
		}
	}
}

// enter is false when the Tap has been closed.
func (p *Tap) enter(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.conns == nil {
			c.Close()
			continue
		}
		p.conns[c] = true
	}
	return p.conns != nil
}

func (p *Tap) leave(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(p.conns, c)
	}
}

func (p *Tap) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
	p.conns = nil
}
