package schema_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/schema"
)

// definitions are all that the server tells of the database's tables and their
// columns, without what rows take.
func definitions(t *testing.T, s *load.Store) []string {
	t.Helper()
	const tables = `
		SELECT toString((name, engine, engine_full, create_table_query, as_select, partition_key, sorting_key, primary_key, sampling_key, comment)) AS line
		FROM system.tables WHERE database = currentDatabase() ORDER BY name`
	const columns = `
		SELECT toString((table, position, name, type, default_kind, default_expression, compression_codec, comment, is_in_partition_key, is_in_sorting_key, is_in_primary_key)) AS line
		FROM system.columns WHERE database = currentDatabase() ORDER BY table, position`
	const indexes = `
		SELECT toString((table, name, type_full, expr, granularity)) AS line
		FROM system.data_skipping_indices WHERE database = currentDatabase() ORDER BY table, name`
	all := slices.Concat(column(t, s, tables), column(t, s, columns), column(t, s, indexes))
	for i, line := range all {
		all[i] = strings.ReplaceAll(line, s.Database(), "database")
	}
	return all
}

// fresh are the definitions of a database that was empty.
func fresh(t *testing.T) []string {
	t.Helper()
	s := store(t)
	if _, err := newSchema(t, s, schema.Options{}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return definitions(t, s)
}

// TestSameStepByStep: a new database is what one became that each version was
// applied to on its own, with rows to move.
func TestSameStepByStep(t *testing.T) {
	t.Parallel()
	want := definitions(t, at(t, latest))
	if len(want) < 400 {
		t.Errorf("%d definitions", len(want))
	}
	if diff := cmp.Diff(want, fresh(t)); diff != "" {
		t.Errorf("a new database differs (-step by step +new):\n%s", diff)
	}
}

// TestSameAfterInterruptions: a way up that is cut short in each version in turn
// goes on to the same.
func TestSameAfterInterruptions(t *testing.T) {
	t.Parallel()
	s := store(t)
	m := newSchema(t, s, schema.Options{})
	for version := 1; version <= latest; version++ {
		n, err := newSchema(t, s, schema.Options{FS: ending(t, version, "SELECT no_such_column")}).Up(t.Context())
		if n != min(version-1, 1) || err == nil || !strings.Contains(err.Error(), "no_such_column") {
			t.Fatalf("cut short in version %d: %d, %v", version, n, err)
		}
		if st, err := m.Status(t.Context()); err != nil || st.Current != version || !st.Dirty {
			t.Fatalf("status after version %d: %+v, %v", version, st, err)
		}
	}
	if n, err := m.Up(t.Context()); err != nil || n != 1 {
		t.Fatalf("up: %d, %v", n, err)
	}
	if diff := cmp.Diff(fresh(t), definitions(t, s)); diff != "" {
		t.Errorf("differs (-uninterrupted +interrupted):\n%s", diff)
	}
}

// ending are all versions, and one of them ends with another statement.
func ending(t *testing.T, version int, statement string) fs.FS {
	t.Helper()
	files := upTo(t, latest).(fstest.MapFS)
	for name, file := range files {
		if strings.HasPrefix(name, fmt.Sprintf("%04d_", version)) && strings.HasSuffix(name, ".up.sql") {
			file.Data = append(slices.Clone(file.Data), "\n"+statement+";\n"...)
		}
	}
	return files
}
