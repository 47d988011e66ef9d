package trtc

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestOneLargeBodyAtATime has many come at once, some of which are not given back.
func TestOneLargeBodyAtATime(t *testing.T) {
	want := []byte(`{"Response":{"Filler":"` + strings.Repeat("x", largeBody) + `"}}`)
	c := client(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(want) })
	var now, most atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			resp, err := c.Do(t.Context(), roomList(), "")
			if err != nil || len(resp.Body) != len(want) {
				t.Errorf("%d bytes, %v", len(resp.Body), err)
				return
			}
			most.Store(max(most.Load(), now.Add(1)))
			now.Add(-1)
			resp.Recycle()
		})
	}
	wg.Wait()
	if n := most.Load(); n != 1 {
		t.Errorf("%d at once", n)
	}
	if _, err := c.Do(t.Context(), roomList(), ""); err != nil { // and is forgotten
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		resp, err := c.Do(t.Context(), roomList(), "")
		if err == nil {
			resp.Recycle()
		}
		ended <- err
	}()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			return
		case <-tick.C:
			runtime.GC()
		}
	}
}

// TestWaitingForATurnEnds with the context, and is not the vendor's fault.
func TestWaitingForATurnEnds(t *testing.T) {
	held, err := takeTurn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.end()
	c := client(t, reply(""))
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errWhole)
	defer cancel()
	x := &body{bytes: c.bodies.room(largeBody)}
	err = c.bodies.grow(ctx, x, -1)
	var sent exchange
	sent.connected.Store(true)
	if e := c.failure(ctx, &sent, "X", transport{bodies: c.bodies}.unread(err)); e.Timeout || e.Kind != Retryable || !strings.Contains(e.Error(), "another large answer") {
		t.Errorf("%+v", e)
	}
}
