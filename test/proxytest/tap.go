package proxytest

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
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
	Statement string // how it begins; "": at a byte, not a statement
	N         int    // which of those that begin so, from 1; of the bytes that clients send: how many go on
	When      When   // of a statement
	Do        func() // the connection waits for it; nil: nothing
	Cut       bool   // then the connection ends, and what was held back is lost
	Mute      bool   // then the connection goes on, and no answer comes any more
}

// Tap is a proxy before ClickHouse that acts once at a statement. Connections
// must not be compressed or encrypted.
type Tap struct {
	listener net.Listener
	upstream string

	mu     sync.Mutex
	rule   *Rule
	seen   int // of the statement
	sent   int // bytes
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
	p.rule, p.seen, p.sent, p.struck = &r, 0, 0, false
}

// Disarm says whether the Tap has come to act since it was armed.
func (p *Tap) Disarm() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = nil
	return p.struck
}

// Sent is how many bytes the clients have sent since the Tap was armed, until it
// acted.
func (p *Tap) Sent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

// match returns the rule that a chunk of what a client sends brings to act, and
// how many bytes of the chunk come before that.
func (p *Tap) match(chunk []byte) (r *Rule, before int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r = p.rule; r == nil {
		return nil, 0
	}
	if r.Statement == "" {
		before = r.N - p.sent
	} else if bytes.Contains(chunk, []byte(r.Statement)) {
		p.seen++
	}
	if p.sent += len(chunk); before > len(chunk) || r.Statement == "" && len(chunk) == 0 || r.Statement != "" && p.seen < max(r.N, 1) {
		return nil, 0
	}
	p.rule, p.struck = nil, true
	return r, before
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
	var mute atomic.Bool
	after := make(chan *Rule, 1)
	wg.Go(func() {
		defer p.leave(client, server)
		p.answers(client, server, after, &mute)
	})
	p.requests(client, server, after, &mute)
	client.Close()
	if tcp, ok := server.(*net.TCPConn); ok {
		tcp.CloseWrite() // the server may finish what it has received
	}
	wg.Wait()
}

// requests passes on what the client says.
func (p *Tap) requests(client, server net.Conn, after chan<- *Rule, mute *atomic.Bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		r, before := p.match(buf[:n])
		switch {
		case r != nil && r.When == After:
			after <- r
		case r != nil:
			mute.Store(r.Mute)
			if !r.act() {
				_, _ = server.Write(buf[:before])
				return
			}
		}
		if _, werr := server.Write(buf[:n]); werr != nil || err != nil {
			return
		}
	}
}

// endOfStream is the last packet of what the server says to a statement.
const endOfStream = 5

// answers passes on what the server says, and hears it to the end.
func (p *Tap) answers(client, server net.Conn, after <-chan *Rule, mute *atomic.Bool) {
	buf := make([]byte, 64<<10)
	var waiting *Rule
	for {
		n, err := server.Read(buf)
		select {
		case waiting = <-after:
		default:
		}
		if waiting != nil && n > 0 && buf[n-1] == endOfStream {
			mute.Store(waiting.Mute)
			if !waiting.act() {
				return
			}
			waiting = nil
		}
		if !mute.Load() {
			_, _ = client.Write(buf[:n]) // a client that has gone hears nothing
		}
		if err != nil {
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
