package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/lease"
)

// barrier holds the vendor's request number n, and all after it, until release
// is closed. reached is closed when it has come.
type barrier struct {
	next             http.Handler
	n                atomic.Int64
	reached, release chan struct{}
	once             sync.Once
}

// open lets everything pass.
func (b *barrier) open() { b.once.Do(func() { close(b.release) }) }

func (b *barrier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch left := b.n.Add(-1); {
	case left == 0:
		close(b.reached)
		fallthrough
	case left < 0:
		<-b.release
	}
	b.next.ServeHTTP(w, r)
}

func (in *installation) hold(t *testing.T, n int64) *barrier {
	b := &barrier{next: in.sim, reached: make(chan struct{}), release: make(chan struct{})}
	b.n.Store(n)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	t.Cleanup(b.open)
	in.env = append(in.env, "CALLVAULT_TRTC_ENDPOINT="+server.URL)
	return b
}

// nightly is a setting that leaves only the nightly pass.
func nightly(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "expiring.cron"), []byte("never\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "CALLVAULT_SCHEDULES=" + dir
}

// TestSoftStop checks that a daemon that is told to stop lets a running pass end.
func TestSoftStop(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 10, QPS: -1})
	b := in.hold(t, 20)
	s := in.serve(t, "CALLVAULT_GRACE=1h", nightly(t))
	<-b.reached
	all := in.runs(t, runs.Filter{})
	for until := time.Now().Add(time.Minute); len(all) == 0 && time.Now().Before(until); all = in.runs(t, runs.Filter{}) {
		<-time.After(50 * time.Millisecond) // the history gets a run when it begins to write, or after some seconds
	}
	if len(all) != 1 || all[0].Outcome != runs.Running {
		t.Errorf("runs %+v", all)
	}
	s.stop()
	s.until(t, `"stopping: no new runs`)
	b.open()
	log := s.end(t, exitDone)
	if !strings.Contains(log, `"run done"`) || strings.Contains(log, "grace period is over") {
		t.Errorf("log\n%s", log)
	}
	if all := in.runs(t, runs.Filter{Outcomes: []runs.Outcome{runs.Done}}); len(all) != 1 || !strings.Contains(log, all[0].ID) {
		t.Errorf("runs %+v\n%s", all, log)
	}
}

// TestGraceIsOver stops a pass that does not end in time. The next one goes on.
func TestGraceIsOver(t *testing.T) {
	in := install(t, simulator.Options{Seed: 3, Calls: 10, QPS: -1})
	b := in.hold(t, 40)
	s := in.serve(t, "CALLVAULT_GRACE=1ms", nightly(t))
	<-b.reached
	s.stop()
	log := s.end(t, exitDone)
	if all := in.runs(t, runs.Filter{}); len(all) != 1 || all[0].Outcome != runs.Interrupted {
		t.Errorf("runs %+v", all)
	}
	if !strings.Contains(log, "the grace period is over") || strings.Contains(log, `"run done"`) {
		t.Errorf("log\n%s", log)
	}
	in.env = append(in.env, "CALLVAULT_TRTC_ENDPOINT="+in.vendor.url)
	in.archive(t, exitDone)
	compare(t, in.store, in.truth)
}

// TestSecondDaemon checks that a daemon skips a pass that another process makes, and says so.
func TestSecondDaemon(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 3, QPS: -1})
	in.archive(t, exitDone)
	held, err := lease.Acquire(t.Context(), in.store.StoreConn(), lease.Archive, "somebody", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release(t.Context())
	log := in.served(t, `"run skipped"`)
	if !strings.Contains(log, "held by somebody") {
		t.Errorf("log\n%s", log)
	}
	if all := in.runs(t, runs.Filter{Outcomes: []runs.Outcome{runs.Busy}}); len(all) == 0 || all[0].Schedule == "" {
		t.Errorf("runs %+v", all)
	}
}

// TestClickHouseComesLater starts the daemon before its ClickHouse.
func TestClickHouseComesLater(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 3, QPS: -1})
	u, err := url.Parse(in.dsn())
	if err != nil {
		t.Fatal(err)
	}
	real, later := u.Host, freeAddress(t)
	u.Host = later
	s := in.serve(t, "CLICKHOUSE_DSN="+u.String())
	s.until(t, `"waiting for ClickHouse"`)
	if code, _ := s.get(t, "/healthz"); code != http.StatusOK {
		t.Errorf("alive: %d", code)
	}
	if code, body := s.get(t, "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "waiting for ClickHouse") {
		t.Errorf("ready: %d %s", code, body)
	}
	forward(t, later, real)
	s.until(t, `"ClickHouse is there"`, `"run done","schedule":"archive"`)
	if code, body := s.get(t, "/readyz"); code != http.StatusOK {
		t.Errorf("ready: %d %s", code, body)
	}
	s.stop()
	if log := s.end(t, exitDone); strings.Count(log, `"waiting for ClickHouse"`) != 1 {
		t.Errorf("log\n%s", log)
	}
}

func TestWaitIsOver(t *testing.T) {
	in := install(t, simulator.Options{Seed: 3, Calls: 1})
	s := in.serve(t, "CLICKHOUSE_DSN=clickhouse://u:not-this-one@127.0.0.1:1/x", "CALLVAULT_WAIT=1ms")
	log := s.end(t, exitFailed)
	if !strings.Contains(log, "CALLVAULT_WAIT") || strings.Contains(log, "not-this-one") || strings.Count(log, "callvault: ") != 1 {
		t.Errorf("log\n%s", log)
	}
}

// dsn is the installation's ClickHouse.
func (in *installation) dsn() string {
	for _, v := range in.env {
		if dsn, ok := strings.CutPrefix(v, "CLICKHOUSE_DSN="); ok {
			return dsn
		}
	}
	return ""
}

// forward forwards connections from one address to another.
func forward(t *testing.T, from, to string) {
	t.Helper()
	l, err := net.Listen("tcp", from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go pipe(c, to)
		}
	}()
}

func pipe(c net.Conn, to string) {
	defer c.Close()
	s, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer s.Close()
	go func() { io.Copy(s, c); s.(*net.TCPConn).CloseWrite() }()
	io.Copy(c, s)
}

// TestReload starts the built program on a file, breaks the file, mends it.
func TestReload(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 2, QPS: -1})
	file := filepath.Join(t.TempDir(), "callvault.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("settle: 15m\n")
	var s serving
	cmd := exec.Command("callvault", "serve", "--config", file)
	cmd.Env = append(append(os.Environ(), in.env...), "CALLVAULT_LISTEN="+freeAddress(t), "CALLVAULT_DATA_DIR="+t.TempDir())
	cmd.Stderr = &s.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	s.until(t, `"run done","schedule":"archive"`, `"run done","schedule":"expiring"`)
	for _, c := range []struct{ text, want string }{
		{"settle: soon\n", `"new settings refused; the old ones go on"`},
		{"settle: -1m\n", `line 1: settle: is negative`},
		{"data_dir: /elsewhere\nlease: 30s\nclickhouse_cluster: mine\n", `CALLVAULT_CLICKHOUSE_CLUSTER: has changed`},
		{"settle: 20m\n", `"settings reloaded"`},
	} {
		write(c.text)
		cmd.Process.Signal(syscall.SIGHUP)
		s.until(t, c.want)
	}
	if n := strings.Count(s.out.String(), `"run begins"`); n != 2 {
		t.Errorf("%d runs began\n%s", n, s.out.String())
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v\n%s", err, s.out.String())
	}
}

// TestSystemd checks the messages to systemd.
func TestSystemd(t *testing.T) {
	in := install(t, simulator.Options{Seed: 3, Calls: 2, QPS: -1})
	name := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	heard := func(wanted ...string) { // in any order
		t.Helper()
		b := make([]byte, 1000)
		for len(wanted) > 0 {
			n, err := c.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			wanted = slices.DeleteFunc(wanted, func(w string) bool { return strings.Contains(string(b[:n]), w) })
		}
	}
	s := in.serve(t, "NOTIFY_SOCKET="+name, "WATCHDOG_USEC=100000")
	heard("READY=1", "WATCHDOG=1", "STATUS=following the schedules")
	heard("WATCHDOG=1")
	s.until(t, `"run done","schedule":"archive"`)
	go s.stop()
	heard("STOPPING=1")
	s.end(t, exitDone)
}
