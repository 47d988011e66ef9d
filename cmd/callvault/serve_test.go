package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
)

// syncBuffer is a buffer that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// served runs the daemon until its log has every one of some texts.
func (in *installation) served(t *testing.T, until ...string) (log string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out syncBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, &process{args: []string{"serve"}, environ: in.env, stdout: &out, stderr: &out})
	}()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for done := 0; done < len(until); {
		select {
		case code := <-ended:
			t.Fatalf("serve ended with exit code %d\n%s", code, out.String())
		case <-look.C:
		}
		for done < len(until) && strings.Contains(out.String(), until[done]) {
			done++
		}
	}
	cancel()
	if code := <-ended; code != exitDone {
		t.Errorf("serve ended with exit code %d\n%s", code, out.String())
	}
	return out.String()
}

// TestServeCatchesUp starts the daemon on nothing: it makes a pass at once.
// Started again it has missed nothing.
func TestServeCatchesUp(t *testing.T) {
	in := install(t, simulator.Options{Seed: 3, Calls: 10, QPS: -1})
	in.env = append(in.env, "CALLVAULT_LISTEN="+freeAddress(t), "CALLVAULT_DATA_DIR="+t.TempDir())
	log := in.served(t, `"run done","schedule":"archive"`, `"run done","schedule":"expiring"`)
	if n := strings.Count(log, `"run begins"`); n != 2 {
		t.Errorf("%d runs began\n%s", n, log)
	}
	compare(t, in.store, in.truth)

	code, out, errs := in.callvault(t.Context(), "schedules", "--json")
	var list []scheduled
	if err := json.Unmarshal([]byte(out), &list); code != exitDone || err != nil || len(list) != 2 {
		t.Fatalf("schedules: exit code %d, %v\n%s%s", code, err, out, errs)
	}
	for _, s := range list {
		if s.Last == nil || s.Last.Error != "" || s.Next == nil || time.Since(s.Last.Began) > time.Hour {
			t.Errorf("schedule %+v", s)
		}
	}
	if log := in.served(t, `"scheduled","schedule":"expiring"`); strings.Contains(log, `"missed":true`) {
		t.Errorf("a run was caught up that was not missed\n%s", log)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
