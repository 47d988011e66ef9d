package schema_test

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/migrations"
)

// written is what the program of a version wrote that the one before did not:
// rows of its own tables, or of old ones in its own way. Load 1 is visible, 2 is
// not committed, 3 is replaced.
var written = map[int][]string{
	1: {
		"INSERT INTO hidden_loads (load_id, step) VALUES (2, 'opened'), (3, 'opened'), (3, 'committed'), (3, 'replaced')",
		`INSERT INTO ledger_units (sdk_app_id, kind, key, state, starts_at, held_until, deadline, rooms, user_sessions, quality_samples, run_id)
			VALUES (1, 'call', 'a', 'archived', 1000, 2000, 3000, 1, 1, 2, 'r'), (1, 'list', '1970-01-01', 'failed', 0, 0, 3000, 0, 0, 0, 'r')`,
		`INSERT INTO ledger_parts (sdk_app_id, kind, key, part, part_key, room_id, load_id, settled, users, owned_from, owned_to, rows, run_id)
			VALUES (1, 'call', 'a', 'series', 'w', 'room', 1, true, ['u'], [1000], [2000], 2, 'r'), (1, 'call', 'b', 'room', '', 'room', 2, false, [''], [0], [0], 1, 'r')`,
	},
	2: {
		"INSERT INTO rooms_data VALUES (1, 1, 'a', 'room', 1000, 2000, true, 'u'), (2, 1, 'b', 'room', 1000, NULL, false, 'u'), (3, 1, 'a', 'room', 1000, NULL, false, 'u')",
		"INSERT INTO user_sessions_data VALUES (1, 1, 'a', 'room', 'u', 1000, 2000, true, 'Android', '12.3', '192.0.2.1')",
		"INSERT INTO quality_samples_data VALUES (1, 1, 'a', 'room', 'u', '', 'rtt', 1000, 40), (1, 1, 'a', 'room', 'u', 'v', 'aLoss', 1002, 0.5), (3, 1, 'a', 'room', 'u', '', 'rtt', 1000, 40)",
		"INSERT INTO user_events_data VALUES (1, 1, 'a', 'room', 'u', '', 5001, 1000.5, 0, 1, 2)",
		"INSERT INTO unusual_events_data VALUES (1, 1, 'room', 'u', 3, 1000, 0, '')",
		"INSERT INTO daily_scale_data (load_id, sdk_app_id, user_number, user_count, room_numbers, day_start) VALUES (1, 1, 1, 1, 1, 0)",
	},
	3: {"INSERT INTO raw_responses VALUES (9, 1, 'r', 1, 'DescribeCallDetailInfo', '{}', '{\"Response\":{}}', now() + 86400)"},
	5: {"INSERT INTO quality_streams_data (load_id, sdk_app_id, comm_id, room_id, user_id, peer_id, day, samples) VALUES (1, 1, 'a', 'room', 'u', '', '1970-01-01', 1), (1, 1, 'a', 'room', 'u', 'v', '1970-01-01', 2), (1, 1, 'a', 'room', 'w', 'v', '1970-01-01', 4)"},
	6: {"INSERT INTO quality_thresholds (measure, good, poor, serious, remark) VALUES ('rtt', 50, 150, 300, 'our network')"},
	13: {
		"INSERT INTO user_sessions_data VALUES (2, 1, 'c', 'room', 'u', 1000, 2000, true, 'iPhone', '12.4', '192.0.2.1', 990)",
		"INSERT INTO quality_streams_data (load_id, sdk_app_id, comm_id, call_created_at, room_id, user_id, peer_id, day, device_type, sdk_version, samples) VALUES (2, 1, 'c', 990, 'room', 'u', '', '1970-01-01', 'iPhone', '12.4', 1)",
	},
	8: {"INSERT INTO archive_runs_data (run_id, step, command, outcome, started_at, ended_at) VALUES ('r', 1, 'archive', 'running', 1, 0), ('r', 2, 'archive', 'done', 1, 2)"},
}

// upTo are the files of the versions up to one.
func upTo(t *testing.T, version int) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(name, "%04d_", &n); err == nil && n > version {
			continue
		}
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	return files
}

// at makes a database as the programs up to a version have left it.
func at(t *testing.T, version int) *load.Store {
	t.Helper()
	s := store(t)
	for v := 1; v <= version; v++ {
		if n, err := newSchema(t, s, schema.Options{FS: upTo(t, v)}).Up(t.Context()); err != nil || n != 1 {
			t.Fatalf("up to version %d: %d, %v", v, n, err)
		}
		for _, q := range written[v] {
			if err := s.Conn().Exec(t.Context(), q); err != nil {
				t.Fatalf("version %d: %v", v, err)
			}
		}
	}
	return s
}

// baseTables are those of a version, without what belongs to no version and the
// copies of those that are being made anew.
func baseTables(t *testing.T, s *load.Store) []string {
	t.Helper()
	return column(t, s, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name NOT IN ('lease', 'schema_migrations') AND name NOT LIKE '%\\_copy' ORDER BY name")
}

// copiesOf are the copies of tables that are being made anew.
func copiesOf(t *testing.T, s *load.Store) []string {
	t.Helper()
	return column(t, s, "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE '%\\_copy'")
}

// columnsOf are the columns of tables that are not computed, without one that
// goes on the way up and is made again on the way down.
func columnsOf(t *testing.T, s *load.Store, tables []string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range tables {
		columns := column(t, s, "SELECT concat('`', name, '`') FROM system.columns WHERE database = currentDatabase() AND default_kind = '' AND name != 'received' AND table = '"+name+"' ORDER BY position")
		all[name] = strings.Join(columns, ", ")
	}
	return all
}

// rowsIn reads columns of tables as lines.
func rowsIn(t *testing.T, s *load.Store, columns map[string]string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for name, list := range columns {
		all[name] = column(t, s, "SELECT toString(tuple("+list+")) AS line FROM "+rowsOf(t, s, name)+" ORDER BY line")
	}
	return all
}

// rowsOf is the FROM of the rows of a table that are compared.
func rowsOf(t *testing.T, s *load.Store, name string) string {
	t.Helper()
	from := name
	if len(column(t, s, "SELECT name FROM system.tables WHERE database = currentDatabase() AND name = '"+name+"' AND engine LIKE '%Replacing%'")) > 0 {
		from += " FINAL"
	}
	if name == "quality_streams_data" {
		from += " WHERE samples > 0" // the way up adds what a user receives in rows without any
	}
	if name == "ledger_parts" {
		from += " WHERE part != 'summary'" // which the way up makes
	}
	return from
}

// shown is what the relations of the contract show of the rows in written.
var shown = map[string][]string{
	"rooms":           {"(1,'a','room','1970-01-01 00:16:40','1970-01-01 00:33:20',true,'u')"},
	"user_sessions":   {"(1,'a','room','u','1970-01-01 00:16:40','1970-01-01 00:33:20',true,'Android','12.3','192.0.2.1')"},
	"quality_samples": {"(1,'a','room','u','','rtt','1970-01-01 00:16:40',40)", "(1,'a','room','u','v','aLoss','1970-01-01 00:16:42',0.5)"},
	"user_events":     {"(1,'a','room','u','',5001,'1970-01-01 00:16:40.500',0,1,2)"},
	"unusual_events":  {"(1,'room','u',3,'1970-01-01 00:16:40',0,'')"},
	"daily_scale":     {"(1,'1970-01-01',1,1,1,'1970-01-01 00:00:00')"},
}

// TestUpgradeKeepsData goes from every version, with the rows its program had
// written, to the newest one and back.
func TestUpgradeKeepsData(t *testing.T) {
	t.Parallel()
	defined := fresh(t)
	for version := 1; version <= latest; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			s := at(t, version)
			m := newSchema(t, s, schema.Options{})
			tables := baseTables(t, s)
			columns := columnsOf(t, s, tables)
			before := rowsIn(t, s, columns)
			if n, err := m.Up(t.Context()); err != nil || n != latest-version {
				t.Fatalf("up: %d, %v", n, err)
			}
			if diff := cmp.Diff(before, rowsIn(t, s, columns)); diff != "" {
				t.Errorf("up has changed rows (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(defined, definitions(t, s)); diff != "" {
				t.Errorf("the schema is not a new database's (-new +upgraded):\n%s", diff)
			}
			if version >= 2 {
				if diff := cmp.Diff(shown, rowsIn(t, s, columnsOf(t, s, slices.Sorted(maps.Keys(shown))))); diff != "" {
					t.Errorf("relations (-want +got):\n%s", diff)
				}
			}
			if left := copiesOf(t, s); len(left) > 0 {
				t.Errorf("copies left: %v", left)
			}
			if version >= 5 {
				const q = "SELECT toString((toUnixTimestamp(call_created_at), device_type, sdk_version, samples)) FROM quality_streams WHERE comm_id = 'a' AND samples > 0 ORDER BY samples"
				if got := column(t, s, q); !slices.Equal(got, []string{"(1000,'Android','12.3',1)", "(1000,'Android','12.3',2)", "(1000,'','',4)"}) {
					t.Errorf("streams: %v", got)
				}
				callsAgain(t, s)
			}
			everyViewReads(t, s)
			if version == latest {
				return
			}
			if n, err := m.Down(t.Context(), latest-version); err != nil || n != latest-version {
				t.Fatalf("down: %d, %v", n, err)
			}
			if diff := cmp.Diff(before, rowsIn(t, s, columns)); diff != "" {
				t.Errorf("down has changed rows (-before +after):\n%s", diff)
			}
			if version >= 7 {
				callsAgain(t, s)
			}
			if left := copiesOf(t, s); len(left) > 0 && version < 11 {
				t.Errorf("copies left: %v", left)
			}
			if left := baseTables(t, s); !slices.Equal(left, tables) {
				t.Errorf("tables after down: %v, want %v", left, tables)
			}
			everyViewReads(t, s)
		})
	}
}

// callsAgain sees that calls shows what was written, by whatever way it is made.
func callsAgain(t *testing.T, s *load.Store) {
	t.Helper()
	const q = "SELECT toString((users, sessions, samples)) FROM calls WHERE comm_id = 'a'"
	if got := column(t, s, q); !slices.Equal(got, []string{"(1,1,7)"}) {
		t.Errorf("calls: %v", got)
	}
}

// everyViewReads sees that no view asks for what is not there.
func everyViewReads(t *testing.T, s *load.Store) {
	t.Helper()
	for _, name := range column(t, s, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'") {
		if err := s.Conn().Exec(t.Context(), "SELECT * FROM "+name); err != nil {
			t.Errorf("view %s: %v", name, err)
		}
	}
}

// dropped are the tables whose rows go with a version that is taken back.
var dropped = map[int][]string{
	1: {"hidden_loads", "ledger_parts", "ledger_units"},
	2: {"daily_scale_data", "quality_samples_data", "rooms_data", "unusual_events_data", "user_events_data", "user_sessions_data"},
	3: {"raw_responses"},
	5: {"quality_streams_data"},
	6: {"abnormal_event_names", "event_names", "event_values", "experience_names", "quality_thresholds"},
	8: {"archive_runs_data"},
}

// made are the tables of a version that are made of others.
var made = map[int][]string{16: {"call_users_data", "calls_data", "peer_quality_data"}}

// TestDownLosesItsOwnTablesOnly takes versions back one by one: the rows of all
// other tables stay, and Schema.Loses names what goes.
func TestDownLosesItsOwnTablesOnly(t *testing.T) {
	t.Parallel()
	s := at(t, latest)
	m := newSchema(t, s, schema.Options{})
	for version := latest; version >= 1; version-- {
		columns := columnsOf(t, s, baseTables(t, s))
		before := rowsIn(t, s, columns)
		for _, name := range dropped[version] {
			if before[name] == nil {
				t.Errorf("version %d: %s is not there, or empty", version, name)
			}
			delete(before, name)
			delete(columns, name)
		}
		for _, name := range made[version] {
			delete(before, name)
			delete(columns, name)
		}
		loses, err := m.Loses(version, version-1)
		if err != nil || !slices.Equal(loses, dropped[version]) {
			t.Errorf("version %d: loses %v, %v; want %v", version, loses, err, dropped[version])
		}
		if n, err := m.Down(t.Context(), 1); err != nil || n != 1 {
			t.Fatalf("down from %d: %d, %v", version, n, err)
		}
		for name, list := range columnsOf(t, s, slices.Sorted(maps.Keys(columns))) {
			if list != columns[name] { // TestUpgradeKeepsData compares those that stay
				if n := len(column(t, s, "SELECT '' FROM "+rowsOf(t, s, name))); n != len(before[name]) {
					t.Errorf("down from %d: %s has %d rows, had %d", version, name, n, len(before[name]))
				}
				delete(before, name)
				delete(columns, name)
			}
		}
		if diff := cmp.Diff(before, rowsIn(t, s, columns)); diff != "" {
			t.Errorf("down from %d has changed rows (-before +after):\n%s", version, diff)
		}
	}
}
