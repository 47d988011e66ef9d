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

// TestOneLargeBodyAtATime receives many bodies at once for which there is no room. Some of
// them are never recycled.
func TestOneLargeBodyAtATime(t *testing.T) {
	want := []byte(`{"Response":{"Filler":"` + strings.Repeat("x", 8<<20) + `"}}`)
	c := clientOf(t, Options{Memory: NewMemory(1 << 20)}, func(w http.ResponseWriter, _ *http.Request) { w.Write(want) })
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
	if _, err := c.Do(t.Context(), roomList(), ""); err != nil { // its body is never recycled
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

// TestWaitingForATurnEnds checks that the wait ends with the context, and that its error is
// not the vendor's.
func TestWaitingForATurnEnds(t *testing.T) {
	m := NewMemory(0)
	held := &share{of: m}
	if err := held.cover(t.Context(), 1<<20); err != nil {
		t.Fatal(err)
	}
	defer held.end()
	c := clientOf(t, Options{Memory: m}, reply(""))
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errWhole)
	defer cancel()
	x := &body{bytes: c.bodies.room(1 << 20), share: &share{of: m}}
	err := c.bodies.grow(ctx, x, -1)
	var sent exchange
	sent.connected.Store(true)
	if e := c.failure(ctx, &sent, "X", transport{bodies: c.bodies}.unread(err)); e.Timeout || e.Kind != Retryable || !strings.Contains(e.Error(), "other large answers") {
		t.Errorf("%+v", e)
	}
}

// TestMemoryIsGivenBack checks that the memory is free after bodies are recycled or freed,
// and that together they never use more than all of it.
func TestMemoryIsGivenBack(t *testing.T) {
	const all = 4 << 20
	m := NewMemory(all)
	want := []byte(`{"Response":{"Filler":"` + strings.Repeat("x", 1<<20) + `"}}`)
	c := clientOf(t, Options{Memory: m}, func(w http.ResponseWriter, _ *http.Request) { w.Write(want) })
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			resp, err := c.Do(t.Context(), roomList(), "")
			if err != nil {
				t.Error(err)
				return
			}
			m.mu.Lock()
			free := m.free
			m.mu.Unlock()
			if free < 0 {
				t.Errorf("%d bytes are free", free)
			}
			resp.Recycle()
		})
	}
	wg.Wait()
	if m.free != all {
		t.Errorf("%d bytes are free in the end, want %d", m.free, all)
	}
}
