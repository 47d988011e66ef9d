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
	Statement string // the beginning of the statement; "": act at a byte, not at a statement
	N         int    // which of the statements that begin so, from 1; at a byte: how many bytes pass before it
	When      When   // before or after a statement
	Do        func() // called while the connection waits; may be nil
	Cut       bool   // then the connection ends, and the data held back is lost
	Mute      bool   // then the connection goes on, but no more answers pass
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

// NewTap listens before upstream until the end of the test.
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

// Addr returns the address for clients.
func (p *Tap) Addr() string { return p.listener.Addr().String() }

// Arm makes the Tap act once, instead of what it was armed for before.
func (p *Tap) Arm(r Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule, p.seen, p.sent, p.struck = &r, 0, 0, false
}

// Disarm disarms the Tap and reports whether it has acted since it was armed.
func (p *Tap) Disarm() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = nil
	return p.struck
}

// Sent returns how many bytes the clients sent between the arming of the Tap and its
// action.
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

// requests passes on what the client sends.
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

// endOfStream is the last packet of the server's answer to a statement.
const endOfStream = 5

// answers passes on what the server sends, and reads it to the end.
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
			_, _ = client.Write(buf[:n]) // the client may have gone
		}
		if err != nil {
			return
		}
	}
}

// enter returns false when the Tap has been closed.
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
