package main

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/proxytest"
)

// database is a ClickHouse of a test's own that can be killed, and the network
// before it: programs reach it through tap and toxic, the test itself directly.
type database struct {
	dir, library string
	dsn          string // through the network
	tap          *proxytest.Tap
	toxic        *proxytest.Toxic

	mu     sync.Mutex
	engine *embedded.Server
	store  *store.Store
}

func newDatabase(t *testing.T, dir string) *database {
	t.Helper()
	d := &database{dir: dir, library: embeddedtest.Library(t)}
	d.start(t)
	t.Cleanup(func() { d.stop(t, false) })
	u := d.address(t)
	d.toxic = proxytest.NewToxic(t, u.Host)
	d.tap = proxytest.NewTap(t, d.toxic.Addr())
	u.Host = d.tap.Addr()
	d.dsn = u.String()
	return d
}

// both returns a connection that finds relations and tables by their bare names.
func both(s *store.Store) driver.Conn { return archivetest.Conn(s.Conn(), s.Database()) }

// direct returns a connection that only the end of the engine disturbs.
func (d *database) direct() *store.Store {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.store
}

// address is the engine's own.
func (d *database) address(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(d.engine.DSN())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (d *database) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	engine, err := embedded.Start(ctx, embedded.Options{Library: d.library, Path: d.dir})
	if err != nil {
		t.Fatal(err)
	}
	store, err := store.Open(ctx, engine.DSN(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.engine, d.store = engine, store
}

// stop ends the engine: normally, or with kill -9.
func (d *database) stop(t *testing.T, hard bool) {
	t.Helper()
	d.direct().Close()
	if hard {
		d.kill(t)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = d.engine.Stop(ctx) // killed after a second where clients stay connected
}

func (d *database) kill(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, "engine.json"))
	if err != nil {
		t.Fatal(err)
	}
	var running struct {
		PID int `json:"engine_pid"`
	}
	if err := json.Unmarshal(text, &running); err != nil || running.PID == 0 {
		t.Fatalf("engine.json: %s, %v", text, err)
	}
	if err := syscall.Kill(running.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-d.engine.Done()
}

// restart ends the engine and starts it again at the same address.
func (d *database) restart(t *testing.T, hard bool) {
	t.Helper()
	d.stop(t, hard)
	d.start(t)
	d.toxic.Move(t, d.address(t).Host)
}

// number returns the only value of a query's result.
func (d *database) number(t *testing.T, query string) uint64 {
	t.Helper()
	return archivetest.Number(t, both(d.direct()), query)
}

// has reports whether a table exists.
func (d *database) has(t *testing.T, table string) bool {
	t.Helper()
	return d.number(t, "SELECT count() FROM system.tables WHERE startsWith(database, currentDatabase()) AND name = '"+table+"'") > 0
}

// untilFree waits until no pass holds the lease. A pass that died keeps it for a while.
func (d *database) untilFree(t *testing.T) {
	t.Helper()
	const live = `SELECT count() FROM (SELECT claim_id FROM lease WHERE name = 'archive' GROUP BY claim_id
		HAVING NOT max(released) AND dateDiff('microsecond', max(at), now64(6)) < max(ttl_ms) * 1000)`
	if !d.has(t, "lease") {
		return
	}
	await(t, "the lease to be free", func() bool { return d.number(t, live) == 0 })
}

// await polls until a condition is true.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	timeout := time.After(programTimeout)
	for !done() {
		select {
		case <-again.C:
		case <-timeout:
			t.Fatalf("timed out waiting for %s", what)
		}
	}
}
