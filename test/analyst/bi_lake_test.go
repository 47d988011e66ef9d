//go:build bi

package analyst

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callvault/callvault/export"
)

// exportedRelation is what the files of a relation should show.
type exportedRelation struct {
	Rows    uint64
	Columns map[string]string // types, as ClickHouse names them
}

// lake exports all relations, and reads the folders with pandas, pyarrow, polars and
// DuckDB.
func (b *bi) lake(t *testing.T) {
	dir := t.TempDir()
	parquet, csv, rows, relations := filepath.Join(dir, "parquet"), filepath.Join(dir, "csv"), filepath.Join(dir, "rows.json"), filepath.Join(dir, "relations.json")
	want := map[string]exportedRelation{}
	for _, r := range b.export(t, parquet, export.Formats()[0]) {
		want[r.Relation] = exportedRelation{r.Rows, b.columns(t, r.Relation)}
		if r.Rows == 0 {
			t.Errorf("nothing of %s to read", r.Relation)
		}
	}
	b.export(t, csv, export.Formats()[1])
	content, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(relations, content, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "", []string{"PARQUET=" + parquet, "CSV=" + csv, "RELATIONS=" + relations, "ROWS=" + rows}, filepath.Join(python(t, "lake"), "python"), tools+"lake/read.py")
	var read map[string][][]any
	readJSON(t, rows, &read)
	for reader, rows := range read {
		var lines []string
		for _, row := range rows {
			lines = append(lines, strings.TrimSuffix(fmt.Sprintln(row...), "\n"))
		}
		t.Logf("lake: %s", reader)
		b.same(t, "lake", lines, "1970-01-01", "2100-01-01")
	}
	if len(read) != 13 {
		t.Errorf("%d ways to read, want 13", len(read))
	}
}

// export writes all relations into a folder.
func (b *bi) export(t *testing.T, dir string, f export.Format) []export.Result {
	t.Helper()
	s := b.reader.auth
	to, err := export.OpenFolder(t.Context(), s.Conn(), s.ClickHouse(), "", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	results, err := export.Run(t.Context(), export.Archive{Relations: s.Conn(), Tables: s.StoreConn()}, to, export.Options{
		Relations: export.Relations(), Format: f, Progress: unwatched{},
		From: at.Add(-10 * month), To: at.Add(month), Today: at.Truncate(month / 30),
	})
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// columns returns the columns of a relation with their types.
func (b *bi) columns(t *testing.T, relation string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, c := range column(t, b.reader.auth, "SELECT name || ' ' || type FROM system.columns WHERE database = currentDatabase() AND table = '"+relation+"'") {
		name, kind, _ := strings.Cut(c, " ")
		found[name] = kind
	}
	return found
}

// unwatched ignores the progress of an export.
type unwatched struct{}

func (unwatched) Add(int)                        {}
func (unwatched) Done(string, export.Done, bool) {}
