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
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"text/template"
	"time"

	"github.com/callvault/callvault/internal/embedded"
)

const (
	// patience bounds a start.
	patience = time.Minute
	poll     = 50 * time.Millisecond
)

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
	s.write(t, "config.xml", rendered(t, configText, o))
	s.write(t, "users.xml", rendered(t, usersText, o))
	p := s.release.Run(t, s.Dir)
	s.end = func(testing.TB) { p.Kill() }
	o.EnginePID = p.PID
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
			t.Fatalf("ClickHouse %s does not start: %s", s.release.Version, p.Said())
		case <-time.After(poll):
		}
	}
	if _, err := s.Query(ctx, "CREATE DATABASE IF NOT EXISTS "+embedded.DefaultDatabase); err != nil {
		t.Fatal(err)
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
