// Package servertest gives tests ClickHouse servers of other versions than the embedded
// one, as packages of chDB have them: each is ClickHouse itself as a library.
//
// They are downloaded into the user's cache with pip or npm, each once, and need Linux on
// amd64 and Python 3.11 (pip takes the package for it).
package servertest

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/callvault/callvault/internal/embedded"
)

const (
	// patience bounds a start.
	patience = time.Minute
	poll     = 50 * time.Millisecond
	// lifeline runs a program until standard input ends, however this process does.
	lifeline = `"$@" & read nothing; kill -9 $!; wait $! 2>/dev/null; exit 0`
)

//go:embed run.py
var runner string

//go:embed config.xml.tmpl
var configText string

//go:embed users.xml.tmpl
var usersText string

// Server is a ClickHouse of a test.
type Server struct {
	*embedded.Server
	Dir string // embedded.Discover finds the server by it

	release Release
	library string
	end     func(testing.TB)
}

// Start runs a server until the test's end.
func (r Release) Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{Dir: t.TempDir(), release: r, library: r.library(t), end: func(testing.TB) {}}
	s.start(t)
	t.Cleanup(func() { s.end(t) })
	return s
}

// Restart ends the server as kill -9 does and starts it again, on other ports.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.end(t)
	s.start(t)
}

func (s *Server) start(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if s.release.How == engine {
		s.startEngine(ctx, t)
	} else {
		s.startServer(ctx, t)
	}
	version, err := s.Query(ctx, "SELECT version()")
	if err != nil || version != s.release.Version {
		t.Fatalf("the server says version %q, %v; want %s", version, err, s.release.Version)
	}
}

func (s *Server) startEngine(ctx context.Context, t testing.TB) {
	t.Helper()
	srv, err := embedded.Start(ctx, embedded.Options{Library: s.library, Path: s.Dir})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = srv
	s.end = func(testing.TB) {
		ended, cancel := context.WithCancel(context.Background())
		cancel() // an end at once
		_ = srv.Stop(ended)
		s.end = func(testing.TB) {}
	}
}

// startServer configures and runs a server, and writes down where it is, as an engine does.
func (s *Server) startServer(ctx context.Context, t testing.TB) {
	t.Helper()
	o := struct {
		Dir       string `json:"-"`
		OwnerPID  int    `json:"owner_pid"`
		EnginePID int    `json:"engine_pid"`
		TCPPort   int    `json:"tcp_port"`
		HTTPPort  int    `json:"http_port"`
		Database  string `json:"database"`
		Password  string `json:"password"`
	}{Dir: s.Dir, OwnerPID: os.Getpid(), TCPPort: free(t), HTTPPort: free(t), Database: embedded.DefaultDatabase, Password: rand.Text()}
	s.write(t, "run.py", []byte(runner))
	s.write(t, "config.xml", rendered(t, configText, o))
	s.write(t, "users.xml", rendered(t, usersText, o))
	s.run(t, &o.EnginePID)
	place, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "engine.json", place)
	for {
		srv, up := embedded.Discover(ctx, s.Dir)
		if up {
			s.Server = srv
			break
		}
		select {
		case <-ctx.Done():
			said, _ := os.ReadFile(filepath.Join(s.Dir, "said.log"))
			t.Fatalf("ClickHouse %s does not start: %s", s.release.Version, tail(said))
		case <-time.After(poll):
		}
	}
	if _, err := s.Query(ctx, "CREATE DATABASE IF NOT EXISTS "+embedded.DefaultDatabase); err != nil {
		t.Fatal(err)
	}
}

// run starts the process. It ends with the test's, however that does.
func (s *Server) run(t testing.TB, pid *int) {
	t.Helper()
	log, err := os.Create(filepath.Join(s.Dir, "said.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("sh", "-c", lifeline, "sh", "python3", "run.py", string(s.release.How), s.library)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.Dir, log, log
	cmd.Env = append(os.Environ(), "CLICKHOUSE_WATCHDOG_ENABLE=0", "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt from the terminal must not end the lifeline alone
	var stdin io.Closer
	if stdin, err = cmd.StdinPipe(); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	*pid = cmd.Process.Pid
	s.end = func(testing.TB) {
		stdin.Close()
		_ = cmd.Wait()
		s.end = func(testing.TB) {}
	}
}

func (s *Server) write(t testing.TB, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func rendered(t testing.TB, text string, data any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := template.Must(template.New("").Parse(text)).Execute(&b, data); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// free is a port on loopback that nobody listens at.
func free(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// String names a release in tests and tables: 24.8.
func (r Release) String() string {
	var major, minor int
	_, _ = fmt.Sscanf(r.Version, "%d.%d", &major, &minor)
	return fmt.Sprintf("%d.%d", major, minor)
}
