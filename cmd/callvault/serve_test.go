package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/daemon"
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

// serving is a daemon that runs in this process.
type serving struct {
	out   syncBuffer
	ended chan int
	stop  context.CancelFunc // as SIGTERM does
	url   string
}

// serve starts the daemon with more settings.
func (in *installation) serve(t *testing.T, env ...string) *serving {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	addr := freeAddress(t)
	s := &serving{ended: make(chan int, 1), stop: cancel, url: "http://" + addr}
	environ := append(append([]string{"CALLVAULT_DATA_DIR=" + t.TempDir(), "CALLVAULT_GRACE=0s"}, in.env...), "CALLVAULT_LISTEN="+addr)
	environ = append(environ, env...)
	go func() {
		s.ended <- run(ctx, &process{args: []string{"serve"}, environ: environ, stdout: &s.out, stderr: &s.out, now: time.Now, attempts: impatient()})
	}()
	t.Cleanup(cancel)
	return s
}

// until waits until the log has every one of some texts.
func (s *serving) until(t *testing.T, texts ...string) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	enough := time.After(3 * time.Minute)
	for done := 0; done < len(texts); {
		select {
		case code := <-s.ended:
			t.Fatalf("serve ended with exit code %d\n%s", code, s.out.String())
		case <-enough:
			t.Fatalf("serve does not say %q\n%s", texts[done], s.out.String())
		case <-look.C:
		}
		for done < len(texts) && strings.Contains(s.out.String(), texts[done]) {
			done++
		}
	}
}

// end waits for the end of a daemon that was stopped, and returns its log.
func (s *serving) end(t *testing.T, wantCode int) (log string) {
	t.Helper()
	if code := <-s.ended; code != wantCode {
		t.Errorf("serve ended with exit code %d, want %d\n%s", code, wantCode, s.out.String())
	}
	return s.out.String()
}

// get asks the daemon over HTTP.
func (s *serving) get(t *testing.T, path string) (code int, body string) {
	t.Helper()
	resp, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// served runs the daemon until its log has every one of some texts.
func (in *installation) served(t *testing.T, until ...string) (log string) {
	t.Helper()
	s := in.serve(t)
	s.until(t, until...)
	s.stop()
	return s.end(t, exitDone)
}

// TestServeCatchesUp starts the daemon without an archive: it makes a pass at once. A restart
// makes no further pass.
func TestServeCatchesUp(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 10, QPS: -1})
	in.env = append(in.env, "CALLVAULT_DATA_DIR="+t.TempDir())
	log := in.served(t, `"run done","schedule":"archive"`, `"run done","schedule":"expiring"`)
	if n := strings.Count(log, `"run begins"`); n != 2 {
		t.Errorf("%d runs began\n%s", n, log)
	}
	compare(t, in.store, in.truth)

	code, out, errs := in.callvault(t.Context(), "schedules", "--json")
	var list []daemon.Scheduled
	if err := json.Unmarshal([]byte(out), &list); code != exitDone || err != nil || len(list) != 4 {
		t.Fatalf("schedules: exit code %d, %v\n%s%s", code, err, out, errs)
	}
	for _, s := range list {
		if s.Job != archive.Command {
			if s.Last != nil || (s.Next == nil) != (s.Job == backup.Command) { // there is no place for backups
				t.Errorf("schedule %+v", s)
			}
			continue
		}
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
