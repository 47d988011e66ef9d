package schema_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/migrations"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

func connect(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), embeddedtest.Database(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// ofBoth is a condition on a table of system: the row belongs to one of both databases.
const ofBoth = "startsWith(database, currentDatabase())"

func newSchema(t *testing.T, s *store.Store, o schema.Options) *schema.Schema {
	t.Helper()
	m, err := schema.New(s.ClickHouse(), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// archive is a connection to both databases.
func archive(s *store.Store) driver.Conn { return archivetest.Conn(s.Conn(), s.Database()) }

// column reads one column of strings.
func column(t *testing.T, s *store.Store, q string) []string {
	t.Helper()
	return archivetest.Strings(t, archive(s), q)
}

func TestUpDownUp(t *testing.T) {
	t.Parallel()
	s := connect(t)
	m := newSchema(t, s, schema.Options{FS: two(t)})
	steps := []struct {
		do      func() (int, error)
		ran     int
		current int
	}{
		{func() (int, error) { return m.Up(t.Context()) }, latest, latest},
		{func() (int, error) { return m.Up(t.Context()) }, 0, latest},
		{func() (int, error) { return m.Down(t.Context(), 1) }, 1, latest - 1},
		{func() (int, error) { return m.Up(t.Context()) }, 1, latest},
		{func() (int, error) { return m.Down(t.Context(), 0) }, latest, -1},
		{func() (int, error) { return m.Down(t.Context(), 0) }, 0, -1},
		{func() (int, error) { return m.Up(t.Context()) }, latest, latest},
		{func() (int, error) { return m.Down(t.Context(), latest+3) }, latest, -1},
	}
	if st, err := m.Status(t.Context()); err != nil || st.Current != -1 || st.Pending() != latest {
		t.Fatalf("status of an empty database: %+v, %v", st, err)
	}
	for i, step := range steps {
		n, err := step.do()
		if err != nil || n != step.ran {
			t.Fatalf("step %d: ran %d, %v; want %d", i, n, err, step.ran)
		}
		st, err := m.Status(t.Context())
		if err != nil || st.Current != step.current || st.Dirty || st.Newer {
			t.Fatalf("step %d: status %+v, %v; want %d", i, st, err, step.current)
		}
	}
	left := column(t, s, "SELECT name FROM system.tables WHERE "+ofBoth+" ORDER BY name")
	if want := []string{"lease", "schema_migrations"}; !slices.Equal(left, want) {
		t.Errorf("tables after down: %v, want %v", left, want)
	}
}

// The names and types that outsiders rely on, in their order.
var contract = map[string]string{
	"rooms":           "sdk_app_id UInt32, comm_id String, room_id String, created_at DateTime('UTC'), destroyed_at Nullable(DateTime('UTC')), is_finished Bool, creator_user_id String",
	"user_sessions":   "sdk_app_id UInt32, comm_id String, room_id String, user_id String, joined_at DateTime('UTC'), left_at Nullable(DateTime('UTC')), is_finished Bool, device_type String, sdk_version String, client_ip String",
	"quality_samples": "sdk_app_id UInt32, comm_id String, room_id String, user_id String, peer_id String, metric String, ts DateTime('UTC'), value Float64",
	"user_events":     "sdk_app_id UInt32, comm_id String, room_id String, user_id String, peer_id String, event_id UInt32, ts DateTime64(3, 'UTC'), stream_type UInt8, param_one Int64, param_two Int64",
	"unusual_events":  "sdk_app_id UInt32, room_id String, user_id String, experience_id UInt32, ts DateTime('UTC'), abnormal_event_id UInt32, peer_id String, comm_id String",
	"usage_days":      "sdk_app_id UInt32, product String, day Date, time_key String, starts_at Nullable(DateTime('UTC')), usage_key String, value Nullable(Float64), unit String, text String",
	"usage_rooms":     "sdk_app_id UInt32, day Date, room_id String, line UInt32, usage_key String, value Nullable(Float64), text String",
	"market_hours":    "sdk_app_id UInt32, statement String, ts DateTime('UTC'), metric String, value Float64",
	"daily_scale":     "sdk_app_id UInt32, day Date, user_number UInt64, user_count UInt64, room_numbers UInt64, day_start DateTime('UTC')",
}

func TestContract(t *testing.T) {
	t.Parallel()
	s := connect(t)
	if _, err := newSchema(t, s, schema.Options{}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, view := range slices.Sorted(maps.Keys(contract)) {
		cols := column(t, s, "SELECT name || ' ' || replace(type, 'LowCardinality(String)', 'String') FROM system.columns WHERE database = currentDatabase() AND table = '"+view+"' ORDER BY position")
		got[view] = strings.Join(cols, ", ")
	}
	if diff := cmp.Diff(contract, got); diff != "" {
		t.Error(diff)
	}
	bare := column(t, s, `
		SELECT name FROM system.tables WHERE `+ofBoth+` AND comment = ''
		UNION ALL
		SELECT table || '.' || name FROM system.columns WHERE `+ofBoth+` AND comment = ''`)
	if len(bare) > 0 {
		t.Errorf("without a comment: %v", bare)
	}
}

func TestTogether(t *testing.T) {
	t.Parallel()
	s := connect(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for range 4 {
		wg.Go(func() {
			n, err := newSchema(t, s, schema.Options{FS: two(t)}).Up(t.Context())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			total += n
			mu.Unlock()
		})
	}
	wg.Wait()
	if total != latest {
		t.Errorf("%d versions applied by all together, want %d", total, latest)
	}
}

func TestHeld(t *testing.T) {
	t.Parallel()
	s := connect(t)
	m := newSchema(t, s, schema.Options{LockWait: time.Millisecond})
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := lease.Acquire(t.Context(), s.StoreConn(), lease.Migrate, "somebody", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release(context.Background())
	if _, err := m.Up(t.Context()); !errors.Is(err, lease.ErrHeld) || !strings.Contains(err.Error(), "somebody") {
		t.Errorf("got %v", err)
	}
}

// TestWaitsForAPass checks that tables are not altered while a pass writes to them.
func TestWaitsForAPass(t *testing.T) {
	t.Parallel()
	s := connect(t)
	if _, err := newSchema(t, s, schema.Options{}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := newSchema(t, s, schema.Options{FS: two(t), LockWait: time.Millisecond})
	l, err := lease.Acquire(t.Context(), s.StoreConn(), lease.Archive, "last night's pass", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context()); !errors.Is(err, lease.ErrHeld) || !strings.Contains(err.Error(), "last night's pass") {
		t.Errorf("up: %v", err)
	}
	if _, err := m.Down(t.Context(), 1); !errors.Is(err, lease.ErrHeld) {
		t.Errorf("down: %v", err)
	}
	l.Release(t.Context())
	if n, err := m.Up(t.Context()); err != nil || n != 1 {
		t.Errorf("up after the pass: %d, %v", n, err)
	}
}

// with is the bootstrap and two versions, the second of which runs sql.
func with(t *testing.T, sql string) fstest.MapFS {
	t.Helper()
	boot, err := migrations.FS.ReadFile("bootstrap.sql")
	if err != nil {
		t.Fatal(err)
	}
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"bootstrap.sql":      {Data: boot},
		"0001_one.up.sql":    file("CREATE TABLE IF NOT EXISTS {{.Store}}.one (a UInt8) ENGINE = {{engine \"MergeTree\"}} ORDER BY a;\n"),
		"0001_one.down.sql":  file("DROP TABLE IF EXISTS {{.Store}}.one SYNC;\n"),
		"0002_two.up.sql":    file("CREATE TABLE IF NOT EXISTS {{.Store}}.two (a UInt8) ENGINE = MergeTree ORDER BY a;\n" + sql + ";\nCREATE TABLE IF NOT EXISTS {{.Store}}.three (a UInt8) ENGINE = MergeTree ORDER BY a;\n"),
		"0002_two.down.sql":  file("DROP TABLE IF EXISTS {{.Store}}.three SYNC;\nDROP TABLE IF EXISTS {{.Store}}.two SYNC;\n"),
		"not_a_migration.md": file("nothing"),
	}
}

func TestDirty(t *testing.T) {
	t.Parallel()
	s := connect(t)
	bad := newSchema(t, s, schema.Options{FS: with(t, "SELECT no_such_column")})
	good := newSchema(t, s, schema.Options{FS: with(t, "SELECT 1")})
	if _, err := bad.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "0002_two.up.sql: statement 2 of 3") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("failing statement: got %v", err)
	}
	if st, err := bad.Status(t.Context()); err != nil || st.Current != 2 || !st.Dirty || st.Pending() != 1 {
		t.Fatalf("status: %+v, %v", st, err)
	}
	if _, err := good.Down(t.Context(), 1); !errors.Is(err, schema.ErrDirty) || !strings.Contains(err.Error(), "callvault migrate up") {
		t.Errorf("down from a dirty version: got %v", err)
	}
	if _, err := bad.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "statement 2 of 3") {
		t.Errorf("failing statement again: got %v", err)
	}
	if n, err := good.Up(t.Context()); err != nil || n != 1 {
		t.Fatalf("up from a dirty version: %d, %v", n, err)
	}
	if got := column(t, s, "SELECT name FROM system.tables WHERE "+ofBoth+" AND name LIKE 't%' ORDER BY name"); !slices.Equal(got, []string{"three", "two"}) {
		t.Errorf("tables: %v", got)
	}
	if err := good.Force(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if n, err := good.Up(t.Context()); err != nil || n != 1 {
		t.Errorf("up after force: %d, %v", n, err)
	}
	if err := good.Force(t.Context(), 9); err == nil {
		t.Error("force of an unknown version succeeded")
	}
}

func TestNewer(t *testing.T) {
	t.Parallel()
	s := connect(t)
	newer := with(t, "SELECT 1")
	if _, err := newSchema(t, s, schema.Options{FS: newer}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	delete(newer, "0002_two.up.sql")
	old := newSchema(t, s, schema.Options{FS: newer})
	for name, do := range map[string]func() (int, error){
		"up":   func() (int, error) { return old.Up(t.Context()) },
		"down": func() (int, error) { return old.Down(t.Context(), 1) },
	} {
		if n, err := do(); n != 0 || !errors.Is(err, schema.ErrNewer) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	if st, err := old.Status(t.Context()); err != nil || !st.Newer {
		t.Errorf("status: %+v, %v", st, err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{{"1_x.up.sql"}, {"0001_x.up.sql"}, {"0001_x.up.sql", "0001_x.down.sql", "0001_y.up.sql", "0001_y.down.sql"}} {
		files := fstest.MapFS{}
		for _, n := range names {
			files[n] = &fstest.MapFile{}
		}
		if _, err := schema.New(nil, schema.Options{FS: files}); err == nil {
			t.Error(fmt.Sprint(names), "accepted")
		}
	}
}

// TestNoKeeper checks that the schema causes no error in the log of a server without Keeper.
func TestNoKeeper(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), embeddedtest.Start(t).DSN(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := newSchema(t, s, schema.Options{}).Force(t.Context(), -1); err != nil {
		t.Fatal(err)
	}
	if all := column(t, s, "SELECT name FROM system.tables WHERE "+ofBoth+" ORDER BY name"); !slices.Equal(all, []string{"lease", "schema_migrations"}) {
		t.Errorf("tables: %v", all)
	}
	if all := column(t, s, "SELECT concat(name, ': ', last_error_message) FROM system.errors WHERE name = 'BAD_ARGUMENTS' OR last_error_message ILIKE '%keeper%'"); len(all) > 0 {
		t.Errorf("errors of the server: %v", all)
	}
}
