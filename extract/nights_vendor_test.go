package extract_test

import (
	"context"
	"errors"
	"hash/fnv"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/simulator"
)

// vendor is the simulator behind a server without sockets, in virtual time.
type vendor struct {
	sim    *simulator.Simulator
	client *trtc.Client
	clock  *clock

	mu     sync.Mutex
	asked  int
	stop   func() // called with the request of number at
	at     int
	poison atomic.Bool // some calls cannot be fetched

	refused atomic.Value                              // string: an action that always fails
	fails   func(simulator.Asked) simulator.FaultKind // nil: no request fails because of its content
}

// clock is the clock of the data. It stops while it is held.
type clock struct {
	mu   sync.Mutex
	held time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.held.IsZero() {
		return c.held
	}
	return time.Now()
}

// hold stops the clock at a full second, until release.
func (c *clock) hold(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = at
}

func newVendor(t *testing.T, o simulator.Options) *vendor {
	t.Helper()
	return newVendorAt(t, o, &clock{})
}

// newVendorAt is newVendor with a clock that may be held.
func newVendorAt(t *testing.T, o simulator.Options, c *clock) *vendor {
	t.Helper()
	v := &vendor{clock: c}
	o.Now, o.Fault = v.clock.now, v.request
	sim, err := simulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	v.sim = sim
	pipes := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: sim}
	served := make(chan error, 1)
	go func() { served <- server.Serve(pipes) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		time.Sleep(time.Second) // virtual time, for the requests that are being answered
	})
	v.client, err = trtc.New(trtc.Options{
		Credential: common.NewCredential(sim.SecretID(), sim.SecretKey()), Region: "ap-singapore", Endpoint: "http://trtc.test", Dial: pipes.dial,
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// request is called with each request, in order, before it is answered.
func (v *vendor) request(a simulator.Asked) simulator.FaultKind {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked++
	if v.stop != nil && v.asked == v.at {
		v.stop()
	}
	if action, _ := v.refused.Load().(string); action == a.Action && action != "" {
		return simulator.FaultError
	}
	if v.fails != nil {
		return v.fails(a)
	}
	if v.poison.Load() && poisoned(a.CommID, a.Action) {
		return simulator.FaultError
	}
	return simulator.NoFault
}

// poisoned reports whether an action fails for a call: for one call in eight it is one
// action.
func poisoned(commID, action string) bool {
	if commID == "" {
		return false
	}
	h := fnv.New32a()
	h.Write([]byte(commID))
	switch h.Sum32() % 24 {
	case 0:
		return action == "DescribeUserInfo"
	case 1:
		return action == "DescribeCallDetailInfo"
	case 2:
		return action == "DescribeUserEvent"
	}
	return false
}

// poisonedCall reports whether any action fails for a call.
func poisonedCall(commID string) bool {
	return poisoned(commID, "DescribeUserInfo") || poisoned(commID, "DescribeCallDetailInfo") || poisoned(commID, "DescribeUserEvent")
}

// stopAfter calls stop at the nth request from now.
func (v *vendor) stopAfter(n int, stop func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.at, v.stop = v.asked+n, stop
}

// pipes is a network of one listener.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }
