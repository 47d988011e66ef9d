// Package embeddedtest gives tests a real ClickHouse: one engine for each test binary,
// started by the first test that needs it, and a database for each test.
//
//	func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }
//
//	func TestX(t *testing.T) { dsn := embeddedtest.Database(t); … }
//
// The library comes from the user's cache and is downloaded if it is missing.
// CALLVAULT_CLICKHOUSE_LIB names another library, CALLVAULT_TEST_SERVER the data directory
// of a server that runs (test/servertest), which is then that of all tests.
package embeddedtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/embedded"
)

// timeout of everything except a download.
const timeout = 60 * time.Second

// shared is the engine of the test binary. It is a variable of the package because it
// must outlive the test that starts it.
var shared struct {
	mu     sync.Mutex
	server *embedded.Server
	dir    string
	err    error
}

// Main runs the tests and then stops the shared engine. TestMain must call it first,
// because the engine is this binary, started again.
func Main(m *testing.M) int {
	embedded.RunChild()
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// Library returns the path of the verified library, and downloads it if needed.
func Library(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute)
	defer cancel()
	path, err := embedded.Fetch(ctx, embedded.FetchOptions{Library: os.Getenv("CALLVAULT_CLICKHOUSE_LIB")})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Start starts an engine for one test, in a directory of its own, and stops it at the
// end of the test.
func Start(t testing.TB) *embedded.Server {
	t.Helper()
	return StartIn(t, Dir(t))
}

// StartWithUsers is Start for an engine with more users. users is the XML of a file in
// ClickHouse's users.d.
func StartWithUsers(t testing.TB, users string) *embedded.Server {
	t.Helper()
	dir := Dir(t)
	err := os.Mkdir(filepath.Join(dir, "users.d"), 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "users.d", "users.xml"), []byte(users), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return StartIn(t, dir)
}

// StartIn is Start in a directory of the test.
func StartIn(t testing.TB, dir string) *embedded.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	s, err := embedded.Start(ctx, embedded.Options{Library: Library(t), Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Shared returns the engine of the test binary, and starts it if needed.
func Shared(t testing.TB) *embedded.Server {
	t.Helper()
	running := os.Getenv("CALLVAULT_TEST_SERVER")
	library := ""
	if running == "" {
		library = Library(t)
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	switch {
	case shared.server != nil || shared.err != nil:
	case running != "":
		shared.server, shared.err = attach(running)
	default:
		shared.server, shared.dir, shared.err = startShared(library)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// Database makes an empty database for one test in the shared engine. It drops it at the
// end of the test, and the database of the archive's tables that may have been made with
// it. The user of the DSN has all rights.
func Database(t testing.TB) (dsn string) {
	t.Helper()
	s := Shared(t)
	name := "test_" + strings.ToLower(rand.Text()[:12])
	exec(t, s, "CREATE DATABASE "+name+" ENGINE = Atomic")
	t.Cleanup(func() {
		exec(t, s, "DROP DATABASE IF EXISTS "+name+" SYNC")
		exec(t, s, "DROP DATABASE IF EXISTS "+catalogue.StoreOf(name)+" SYNC")
	})
	return s.DatabaseDSN(name)
}

func exec(t testing.TB, s *embedded.Server, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if _, err := s.Query(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

// attach finds a server that runs.
func attach(dir string) (*embedded.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	s, found := embedded.Discover(ctx, dir)
	if !found {
		return nil, fmt.Errorf("no server runs in %s", dir)
	}
	return s, nil
}

func startShared(library string) (*embedded.Server, string, error) {
	dir, err := makeDir()
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	s, err := embedded.Start(ctx, embedded.Options{Library: library, Path: dir})
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, "", err
	}
	return s, dir, nil
}

// stopShared kills the engine rather than wait for open connections: its data is removed
// anyway.
func stopShared() error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil || shared.server.Attached() {
		return nil
	}
	defer os.RemoveAll(shared.dir)
	err := shared.server.Err()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = shared.server.Stop(ctx)
	return err
}
