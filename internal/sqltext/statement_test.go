package sqltext

import (
	"strings"
	"testing"
)

// TestFormat: ClickHouse reads each of these as it is read here, which
// TestFormatsAreClickHouses sees for those with a clause.
func TestFormat(t *testing.T) {
	for _, x := range []struct{ text, format, plain string }{
		{"SELECT 1", "", ""},
		{"SELECT 1 FORMAT JSON", "JSON", "SELECT 1 "},
		{"SELECT 1 format csv;", "csv", "SELECT 1 "},
		{"SELECT 1\nFORMAT /* what? */ JSONCompact -- FORMAT CSV", "JSONCompact", "SELECT 1\n"},
		{"SELECT 1 FORMAT `CSV` # end", "CSV", "SELECT 1 "},
		{"SELECT 1 FORMAT CSV SETTINGS max_threads = 1", "CSV", "SELECT 1 FORMAT CSV SETTINGS max_threads = 1"},
		{"SELECT * FORMAT XML", "XML", "SELECT * "},
		{"SELECT t.* FORMAT XML", "XML", "SELECT t.* "},
		{"SELECT count(*) FORMAT XML", "XML", "SELECT count(*) "},
		{"SELECT 1, * FORMAT XML", "XML", "SELECT 1, * "},
		{"SELECT 2 * 3 FORMAT XML", "XML", "SELECT 2 * 3 "},
		{"SELECT 'it''s; \\' FORMAT JSON' FORMAT TSV", "TSV", "SELECT 'it''s; \\' FORMAT JSON' "},
		{"SELECT $x$ '; $x$ FORMAT CSV", "CSV", "SELECT $x$ '; $x$ "},
		{"SELECT 1 /* /* */ FORMAT CSV */ FORMAT TSV", "TSV", "SELECT 1 /* /* */ FORMAT CSV */ "},
		{"SHOW TABLES FORMAT CSV", "CSV", "SHOW TABLES "},
		{"SELECT x GROUP BY ALL FORMAT CSV", "CSV", "SELECT x GROUP BY ALL "},
		{"SELECT x FROM t ORDER BY x DESC FORMAT CSV", "CSV", "SELECT x FROM t ORDER BY x DESC "},
		{"SELECT format FROM t ORDER BY format FORMAT CSV", "CSV", "SELECT format FROM t ORDER BY format "},
		{"SELECT 'FORMAT JSON'", "", ""},
		{"SELECT 1 -- FORMAT JSON", "", ""},
		{"SELECT 1 /* FORMAT JSON */", "", ""},
		{"SELECT 1 AS format", "", ""},
		{"SELECT format x", "", ""},
		{"SELECT DISTINCT format x", "", ""},
		{"SELECT 1, format x", "", ""},
		{"SELECT 2 * format x", "", ""},
		{"SELECT t.format x", "", ""},
		{"SELECT not format x", "", ""},
		{"SELECT format FROM t ORDER BY format DESC", "", ""},
		{"SELECT x FROM t ORDER BY x, format ASC", "", ""},
		{"SELECT \"format\" JSON", "", ""},
		{"SELECT (SELECT 1 FORMAT JSON)", "", ""},
		{"INSERT INTO t FORMAT JSONEachRow", "", ""},
		{"WITH 1 AS x INSERT INTO t SELECT x FORMAT CSV", "", ""},
	} {
		all := Statements(x.text)
		if len(all) != 1 {
			t.Errorf("%s: %d statements", x.text, len(all))
			continue
		}
		if x.format == "" {
			x.plain = x.text
		}
		if got := all[0]; got.Format != x.format || got.Plain != x.plain {
			t.Errorf("%s: format %q of %q, want %q of %q", x.text, got.Format, got.Plain, x.format, x.plain)
		}
	}
}

func TestStatements(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		" ;; -- nothing\n;":                 "",
		"SELECT 1":                          "SELECT 1",
		"SELECT 1; SELECT 2;":               "SELECT 1| SELECT 2",
		"SELECT ';'; SELECT \";\", `;` --;": "SELECT ';'| SELECT \";\", `;` --;",
		"SELECT 1 /* ; */; SELECT 'a\\';'":  "SELECT 1 /* ; */| SELECT 'a\\';'",
		"SELECT 'open; SELECT 2":            "SELECT 'open; SELECT 2",
		"SELECT 'ä', '´'; SELECT x.ü":       "SELECT 'ä', '´'| SELECT x.ü",
	} {
		var got []string
		for _, s := range Statements(text) {
			got = append(got, s.Text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestWrites(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1":                       "",
		"-- x\ninsert into t values (1)": "INSERT",
		"WITH 1 AS x INSERT INTO FUNCTION file('a') SELECT x": "INSERT",
		"create temporary table t (a UInt8)":                  "CREATE",
		"UNDROP TABLE t":                                      "UNDROP", "((select 1) union all (select 2))": "", "set default role x to y": "SET DEFAULT ROLE", "DROP TABLE t": "",
		"KILL QUERY WHERE 1":                             "KILL",
		"BACKUP TABLE t TO File('x')":                    "BACKUP",
		"RESTORE TABLE t FROM File('x')":                 "RESTORE",
		"DROP TABLE t PARALLEL WITH BACKUP TABLE t TO x": "BACKUP",
		"(BACKUP TABLE t TO x)":                          "BACKUP",
		"SELECT insert, kill FROM backup":                "",
		"SELECT 'INSERT INTO t'":                         "",
		"SHOW CREATE TABLE t":                            "",
		"EXPLAIN INSERT INTO t SELECT 1":                 "",
		"WITH t AS (SELECT 1) SELECT * FROM t":           "",
	} {
		if got := Statements(text)[0].Writes; got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if !Statements("SELECT 1 INTO OUTFILE 'x' FORMAT CSV")[0].Outfile || Statements("SELECT 'INTO OUTFILE x'")[0].Outfile {
		t.Error("INTO OUTFILE")
	}
}
