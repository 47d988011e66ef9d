package schema_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/migrations"
)

// latest is the number of the last version of two.
const latest = 2

// two holds the schema and a later version, which adds a table, a column and a view, and
// makes a view anew.
func two(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	_, minutes, ok := strings.Cut(string(files["0001_schema.up.sql"].Data), "CREATE OR REPLACE VIEW {{.Database}}.quality_minutes ")
	if !ok {
		t.Fatal("no view quality_minutes")
	}
	minutes, _, _ = strings.Cut(minutes, ";\n")
	files["0002_next.up.sql"] = &fstest.MapFile{Data: []byte(`
CREATE TABLE IF NOT EXISTS {{.Store}}.next {{.OnCluster}} (a UInt8) ENGINE = {{engine "MergeTree"}} ORDER BY a;
ALTER TABLE {{.Store}}.rooms_data {{.OnCluster}} ADD COLUMN IF NOT EXISTS next UInt8 DEFAULT 7 COMMENT 'next';
CREATE OR REPLACE VIEW {{.Database}}.next_rooms {{.OnCluster}} AS SELECT comm_id, next FROM {{.Store}}.rooms_data;
CREATE OR REPLACE VIEW {{.Database}}.quality_minutes {{.OnCluster}} AS SELECT comm_id, next FROM {{.Database}}.next_rooms;
`)}
	files["0002_next.down.sql"] = &fstest.MapFile{Data: []byte(`
CREATE OR REPLACE VIEW {{.Database}}.quality_minutes ` + minutes + `;
DROP VIEW IF EXISTS {{.Database}}.next_rooms {{.OnCluster}} SYNC;
ALTER TABLE {{.Store}}.rooms_data {{.OnCluster}} DROP COLUMN IF EXISTS next;
DROP TABLE IF EXISTS {{.Store}}.next {{.OnCluster}} SYNC;
`)}
	return files
}

// ending returns two versions, one of which ends with another statement.
func ending(t *testing.T, version int, statement string) fs.FS {
	t.Helper()
	files := two(t)
	for name, file := range files {
		if strings.HasPrefix(name, fmt.Sprintf("%04d_", version)) && strings.HasSuffix(name, ".up.sql") {
			file.Data = append(slices.Clone(file.Data), "\n"+statement+";\n"...)
		}
	}
	return files
}

// definitions returns what the server says about the database's tables and their
// columns, without what rows take.
func definitions(t *testing.T, s *store.Store) []string {
	t.Helper()
	const tables = `
		SELECT toString((name, engine, engine_full, create_table_query, as_select, partition_key, sorting_key, primary_key, sampling_key, comment)) AS line
		FROM system.tables WHERE ` + ofBoth + ` ORDER BY name`
	const columns = `
		SELECT toString((table, position, name, type, default_kind, default_expression, compression_codec, comment, is_in_partition_key, is_in_sorting_key, is_in_primary_key)) AS line
		FROM system.columns WHERE ` + ofBoth + ` ORDER BY table, position`
	const indexes = `
		SELECT toString((table, name, type_full, expr, granularity)) AS line
		FROM system.data_skipping_indices WHERE ` + ofBoth + ` ORDER BY table, name`
	all := slices.Concat(column(t, s, tables), column(t, s, columns), column(t, s, indexes))
	for i, line := range all {
		all[i] = strings.ReplaceAll(line, s.Database(), "database")
	}
	return all
}

// fresh returns the definitions of a database that was empty.
func fresh(t *testing.T, files fs.FS) []string {
	t.Helper()
	s := connect(t)
	if _, err := newSchema(t, s, schema.Options{FS: files}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return definitions(t, s)
}

// written are rows of load 1, which is visible, 2, which is not committed, and 3,
// which is replaced.
var written = []string{
	"INSERT INTO hidden_loads (load_id, step) VALUES (2, 'opened'), (3, 'opened'), (3, 'committed'), (3, 'replaced')",
	"INSERT INTO rooms_data (load_id, sdk_app_id, comm_id, room_id, created_at, destroyed_at, is_finished, creator_user_id) VALUES (1, 1, 'a', 'room', 1000, 2000, true, 'u'), (2, 1, 'b', 'room', 1000, NULL, false, 'u'), (3, 1, 'a', 'room', 1000, NULL, false, 'u')",
	"INSERT INTO user_sessions_data VALUES (1, 1, 'a', 'room', 'u', 1000, 2000, true, 'Android', '12.3', '192.0.2.1', 1000), (2, 1, 'c', 'room', 'u', 1000, 2000, true, 'iPhone', '12.4', '192.0.2.1', 990)",
	"INSERT INTO quality_samples_data VALUES (1, 1, 'a', 'room', 'u', '', 'rtt', 1000, 40, 1, 0), (1, 1, 'a', 'room', 'u', 'v', 'aLoss', 1002, 0, 0, 0.5), (3, 1, 'a', 'room', 'u', '', 'rtt', 1000, 40, 1, 0)",
	"INSERT INTO user_events_data VALUES (1, 1, 'a', 'room', 'u', '', 5001, 1000.5, 0, 1, 2)",
	"INSERT INTO unusual_events_data VALUES (1, 1, 'room', 'u', 3, 1000, 0, '')",
	"INSERT INTO daily_scale_data (load_id, sdk_app_id, user_number, user_count, room_numbers, day_start) VALUES (1, 1, 1, 1, 1, 0)",
	"INSERT INTO quality_thresholds (measure, good, poor, serious, remark) VALUES ('rtt', 50, 150, 300, 'our network')",
}

// shown is what the relations of the contract show of the rows in written.
var shown = map[string][]string{
	"rooms":           {"(1,'a','room','1970-01-01 00:16:40','1970-01-01 00:33:20',true,'u')"},
	"user_sessions":   {"(1,'a','room','u','1970-01-01 00:16:40','1970-01-01 00:33:20',true,'Android','12.3','192.0.2.1')"},
	"quality_samples": {"(1,'a','room','u','','rtt','1970-01-01 00:16:40',40)", "(1,'a','room','u','v','aLoss','1970-01-01 00:16:42',0.5)"},
	"user_events":     {"(1,'a','room','u','',5001,'1970-01-01 00:16:40.500',0,1,2)"},
	"unusual_events":  {"(1,'room','u',3,'1970-01-01 00:16:40',0,'','a')"},
	"daily_scale":     {"(1,'1970-01-01',1,1,1,'1970-01-01 00:00:00')"},
}

// baseTables lists the tables of the versions.
func baseTables(t *testing.T, s *store.Store) []string {
	t.Helper()
	return column(t, s, "SELECT name FROM system.tables WHERE "+ofBoth+" AND engine LIKE '%MergeTree' AND name NOT IN ('lease', 'schema_migrations') ORDER BY name")
}

// rowsIn reads relations as lines, without the column that version 2 adds.
func rowsIn(t *testing.T, s *store.Store, names []string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, name := range names {
		columns := column(t, s, "SELECT concat('`', name, '`') FROM system.columns WHERE "+ofBoth+" AND name != 'next' AND table = '"+name+"' ORDER BY position")
		all[name] = column(t, s, "SELECT toString(tuple("+strings.Join(columns, ", ")+")) AS line FROM "+name+" ORDER BY line")
	}
	return all
}

// holds checks that the database is equal to a new one, except for its rows.
func holds(t *testing.T, s *store.Store, definition []string, rows map[string][]string) {
	t.Helper()
	if diff := cmp.Diff(definition, definitions(t, s)); diff != "" {
		t.Errorf("the schema is not a new database's (-new +this):\n%s", diff)
	}
	for name, want := range rows {
		if diff := cmp.Diff(want, rowsIn(t, s, []string{name})[name]); diff != "" {
			t.Errorf("rows of %s (-want +got):\n%s", name, diff)
		}
	}
	for _, name := range column(t, s, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'") {
		if err := s.Conn().Exec(t.Context(), "SELECT * FROM "+name); err != nil {
			t.Errorf("view %s: %v", name, err)
		}
	}
}

// TestLongUpgradeKeepsData goes to a later version with rows, and back.
func TestLongUpgradeKeepsData(t *testing.T) {
	t.Parallel()
	s := connect(t)
	old := newSchema(t, s, schema.Options{})
	if n, err := old.Up(t.Context()); n != 1 || err != nil {
		t.Fatalf("up: %d, %v", n, err)
	}
	for _, q := range written {
		if err := archive(s).Exec(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	first, second := fresh(t, migrations.FS), fresh(t, two(t))
	if len(first) < 400 {
		t.Errorf("%d definitions", len(first))
	}
	tables := baseTables(t, s)
	rows := rowsIn(t, s, tables)
	holds(t, s, first, shown)
	m := newSchema(t, s, schema.Options{FS: two(t)})
	if n, err := m.Up(t.Context()); n != 1 || err != nil {
		t.Fatalf("up: %d, %v", n, err)
	}
	holds(t, s, second, rows)
	holds(t, s, second, shown)
	if got := column(t, s, "SELECT concat(comm_id, toString(next)) AS x FROM next_rooms ORDER BY x"); !slices.Equal(got, []string{"a7", "a7", "b7"}) {
		t.Errorf("the new column: %v", got)
	}
	if n, err := m.Down(t.Context(), 1); n != 1 || err != nil {
		t.Fatalf("down: %d, %v", n, err)
	}
	holds(t, s, first, rows)
	if left := baseTables(t, s); !slices.Equal(left, tables) {
		t.Errorf("tables after down: %v, want %v", left, tables)
	}
}

// TestViews makes the views of the version that the database has, by a program
// that has a later one as well.
func TestViews(t *testing.T) {
	t.Parallel()
	for _, files := range []fs.FS{migrations.FS, two(t)} {
		s := connect(t)
		if _, err := newSchema(t, s, schema.Options{FS: files}).Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := definitions(t, s)
		if err := s.Conn().Exec(t.Context(), "CREATE OR REPLACE VIEW quality_minutes AS SELECT 1 AS wrong"); err != nil {
			t.Fatal(err)
		}
		if err := newSchema(t, s, schema.Options{FS: two(t)}).Views(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds(t, s, want, nil)
	}
}

// TestSameAfterInterruptions cuts the way up short in each version. The next way up goes on
// and leads to the same schema.
func TestSameAfterInterruptions(t *testing.T) {
	t.Parallel()
	s := connect(t)
	m := newSchema(t, s, schema.Options{FS: two(t)})
	for version := 1; version <= latest; version++ {
		n, err := newSchema(t, s, schema.Options{FS: ending(t, version, "SELECT no_such_column")}).Up(t.Context())
		if n != version-1 || err == nil || !strings.Contains(err.Error(), "no_such_column") {
			t.Fatalf("cut short in version %d: %d, %v", version, n, err)
		}
		if st, err := m.Status(t.Context()); err != nil || st.Current != version || !st.Dirty {
			t.Fatalf("status after version %d: %+v, %v", version, st, err)
		}
	}
	names := []string{"quality_thresholds", "event_names", "event_values", "experience_names", "abnormal_event_names"}
	again := rowsIn(t, s, names)
	if n, err := m.Up(t.Context()); err != nil || n != 1 {
		t.Fatalf("up: %d, %v", n, err)
	}
	holds(t, s, fresh(t, two(t)), again)
	if got := column(t, s, "SELECT toString(count() - uniqExact(event_id)) FROM event_names"); got[0] != "0" {
		t.Errorf("%s names twice", got[0])
	}
}

// TestLoses compares the tables that Schema.Loses names with the tables that are dropped.
func TestLoses(t *testing.T) {
	t.Parallel()
	s := connect(t)
	m := newSchema(t, s, schema.Options{FS: two(t)})
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	for version := latest; version >= 1; version-- {
		want := baseTables(t, s)
		if n, err := m.Down(t.Context(), 1); err != nil || n != 1 {
			t.Fatalf("down from %d: %d, %v", version, n, err)
		}
		left := baseTables(t, s)
		want = slices.DeleteFunc(want, func(name string) bool { return slices.Contains(left, name) })
		if loses, err := m.Loses(version, version-1); err != nil || !slices.Equal(loses, want) {
			t.Errorf("version %d: loses %v, %v; want %v", version, loses, err, want)
		}
	}
}
