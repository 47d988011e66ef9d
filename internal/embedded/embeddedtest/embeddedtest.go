// Package embeddedtest gives tests a real ClickHouse: one engine per test
// binary, started by the first test that wants it, and a database per test.
//
//	func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }
//
//	func TestX(t *testing.T) { dsn := embeddedtest.Database(t); … }
//
// The library comes from the user's cache and is downloaded if it is not there;
// CALLVAULT_CLICKHOUSE_LIB names another.
package embeddedtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/embedded"
)

// timeout of everything but a download.
const timeout = 60 * time.Second

// shared is the test binary's engine. It must outlive the test that started it,
// which is why it is the package's and not a test's.
var shared struct {
	mu     sync.Mutex
	server *embedded.Server
	dir    string
	err    error
}

// Main runs the tests and then stops the shared engine. It must be the first
// thing TestMain does: the engine is this binary, started again.
func Main(m *testing.M) int {
	embedded.RunChild()
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// Library is the path of the verified library, downloaded if need be.
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

// Start runs an engine for this test alone, in a directory of its own, and
// stops it at the test's end.
func Start(t testing.TB) *embedded.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	s, err := embedded.Start(ctx, embedded.Options{Library: Library(t), Path: t.TempDir()})
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

// Shared is the test binary's engine, started if it is not running yet.
func Shared(t testing.TB) *embedded.Server {
	t.Helper()
	library := Library(t)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.dir, shared.err = startShared(library)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// Database makes a database of the test's own in the shared engine, empty, and
// drops it at the test's end, with that of an archive's tables if one was made
// beside it. The address has all rights.
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

func startShared(library string) (*embedded.Server, string, error) {
	dir, err := os.MkdirTemp("", "callvault-test-")
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

// stopShared kills rather than waits for connections that tests left open: the
// data goes anyway.
func stopShared() error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil {
		return nil
	}
	defer os.RemoveAll(shared.dir)
	err := shared.server.Err()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = shared.server.Stop(ctx)
	return err
}
