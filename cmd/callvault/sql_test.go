package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/test/embeddedtest"
)

// asks runs callvault sql at a ClickHouse.
func asks(t *testing.T, dsn string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = asksInto(t, dsn, &out, &errs, args...)
	if strings.Count(errs.String(), "\n") > 1 {
		t.Errorf("%v: wants one line on stderr:\n%s", args, errs.String())
	}
	return code, out.String(), errs.String()
}

func asksInto(t *testing.T, dsn string, out, errs io.Writer, args ...string) int {
	t.Helper()
	env := []string{"HOME=" + t.TempDir(), "CLICKHOUSE_DSN=" + dsn}
	return run(t.Context(), &process{args: append([]string{"sql"}, args...), environ: env, stdout: out, stderr: errs, now: time.Now})
}

// answer is the result of a query that must succeed.
func answer(t *testing.T, dsn string, args ...string) string {
	t.Helper()
	code, out, errs := asks(t, dsn, args...)
	if code != exitDone {
		t.Fatalf("%v: exit code %d\n%s", args, code, errs)
	}
	return out
}

func TestSQLOnlyReads(t *testing.T) {
	t.Parallel()
	dsn := embeddedtest.Database(t)
	answer(t, dsn, "--write", "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a; INSERT INTO t VALUES (1), (2); CREATE TABLE gone (a UInt8) ENGINE = MergeTree ORDER BY a; DROP TABLE gone")
	file := "callvault-" + filepath.Base(dsn)
	for _, q := range []string{
		"DROP TABLE t", "TRUNCATE TABLE t", "OPTIMIZE TABLE t", "RENAME TABLE t TO u", "DETACH TABLE t",
		"INSERT INTO t VALUES (3)", "WITH 3 AS x INSERT INTO t SELECT x", "INSERT INTO t FORMAT CSV 3",
		"DELETE FROM t WHERE a = 1", "ALTER TABLE t DELETE WHERE a = 1",
		"CREATE TABLE u (a UInt8) ENGINE = Memory", "CREATE TEMPORARY TABLE u (a UInt8)", "CREATE DATABASE callvault_sql_test",
		"KILL QUERY WHERE 1", "SYSTEM STOP MERGES", "/* x */ insert into function file('" + file + ".csv') SELECT 1",
		"BACKUP TABLE t TO File('" + file + "')", "RESTORE TABLE t AS u FROM File('" + file + "')",
		"DROP TABLE t SETTINGS profile = 'default'", "SELECT 1; DROP TABLE t",
		"ALTER TABLE t FREEZE", "ALTER TABLE t MODIFY COMMENT 'x'", "ALTER TABLE t DETACH PARTITION ALL", "ATTACH TABLE u", "UNDROP TABLE gone", "DROP DATABASE " + filepath.Base(dsn), "DROP FUNCTION nothing", "EXCHANGE TABLES t AND t",
		"UPDATE t SET a = 5 WHERE 1", "DROP TABLE t PARALLEL WITH KILL QUERY WHERE 1", "MOVE QUOTA a TO users_xml", "CREATE USER u", "SET max_threads = 1; DROP TABLE t",
		"DROP TABLE t FORMAT JSON", "SET readonly = 0; DROP TABLE t", "SET readonly = 0", "SELECT 1 SETTINGS readonly = 0", "SELECT 1 SETTINGS readonly = 0 FORMAT JSON",
	} {
		if code, _, errs := asks(t, dsn, q); code != exitFailed || !strings.Contains(errs, "use --write") {
			t.Errorf("%s: exit code %d\n%s", q, code, errs)
		}
	}
	if got := answer(t, dsn, "-f", "tsv", "SELECT count(), sum(a), (SELECT count() FROM system.tables WHERE database = currentDatabase()) AS n FROM t"); got != "count()\tsum(a)\tn\n2\t3\t1\n" {
		t.Errorf("afterwards: %q", got)
	}
	for q, want := range map[string]string{
		"SELECT a FROM t ORDER BY a LIMIT 1":                                    "a\n1\n",
		"SELECT getSetting('max_threads') AS n SETTINGS max_threads = 3":        "n\n3\n",
		"SET max_threads = 3; SELECT getSetting('max_threads') AS n":            "n\n3\n",
		"SET max_threads = 3; SELECT getSetting('max_threads') AS n FORMAT CSV": "3\n",
		"USE system; SELECT currentDatabase() AS d":                             "d\nsystem\n",
		"USE system; SELECT currentDatabase() AS d FORMAT CSVWithNames":         "\"d\"\n\"system\"\n",
		"EXISTS TABLE t": "result\n1\n",
		"SELECT ';' AS x, 'INSERT INTO t' AS y; -- DROP TABLE t;\nSELECT 'a\\';' AS x": "x\ty\n;\tINSERT INTO t\nx\na';\n",
	} {
		if got := answer(t, dsn, "-f", "tsv", q); got != want {
			t.Errorf("%s: got %q, want %q", q, got, want)
		}
	}
	if code, _, errs := asks(t, dsn, "SELECT 1 INTO OUTFILE 'x'"); code != exitFailed || !strings.Contains(errs, "> file") {
		t.Errorf("INTO OUTFILE: exit code %d\n%s", code, errs)
	}
	answer(t, dsn, "--write", "CREATE TEMPORARY TABLE u AS SELECT 1 AS x; INSERT INTO t SELECT x FROM u; DROP TABLE t")
}

// TestSQLAsReadOnlyUser checks that a user without the right to change settings can read.
func TestSQLAsReadOnlyUser(t *testing.T) {
	t.Parallel()
	reader := `<clickhouse>
  <profiles><reads><readonly>1</readonly></reads></profiles>
  <users><reader><password>pw</password><networks><ip>127.0.0.1</ip></networks><profile>reads</profile><quota>default</quota>
    <grants><query>GRANT SELECT ON trtc.*</query></grants></reader></users>
</clickhouse>`
	srv := embeddedtest.StartWithUsers(t, reader)
	answer(t, srv.DSN(), "--write", "CREATE TABLE t ENGINE = MergeTree ORDER BY a AS SELECT 7 AS a")
	_, at, _ := strings.Cut(srv.DSN(), "@")
	dsn := "clickhouse://reader:pw@" + at
	for q, want := range map[string]string{
		"SELECT a FROM t": "a\n7\n",
		"SELECT a, getSetting('readonly') AS r FROM t FORMAT CSV": "7,1\n",
	} {
		if got := answer(t, dsn, "-f", "csv", q); got != want {
			t.Errorf("%s: got %q, want %q", q, got, want)
		}
	}
	for q, want := range map[string]string{
		"SET max_threads = 1": "may only read", "DROP TABLE t": "DROP TABLE", "KILL QUERY WHERE 1": "only reads",
	} {
		if code, _, errs := asks(t, dsn, q); code != exitFailed || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d\n%s", q, code, errs)
		}
	}
	if code, _, errs := asks(t, dsn, "--write", "SELECT 1"); code != exitFailed || !strings.Contains(errs, "may only read") {
		t.Errorf("--write: exit code %d\n%s", code, errs)
	}
}

// everyKind is a query with a column of each kind of type.
const everyKind = `SELECT 1 AS i, 18446744073709551615 AS u64, toInt128('-170141183460469231731687303715884105728') AS i128, 1.5 AS f, 1e6 AS mega, 1.5e-9 AS nano, toFloat32(0.1) AS f32,
	0 / 0 AS nan, -1 / 0 AS inf, [1 / 0, 0 / 0, 0.5] AS floats, NULL AS nothing, true AS yes, 'a"b\t<ä>\\' AS s, CAST('x', 'Enum8(''x'' = 1)') AS e, [NULL, 1] AS l,
	['a', 'it''s'] AS strings, map('b', 2, 'a', 1) AS m, (1, 'x', toDate('2026-01-02')) AS t, CAST((1, toDateTime64('2026-01-02 03:04:05.678', 3, 'UTC')), 'Tuple(z UInt8, at DateTime64(3, ''UTC''))') AS n,
	toDecimal64('1.25', 3) AS d, toDateTime('2026-01-02 03:04:05', 'UTC') AS at, toDateTime64('2026-01-02 03:04:05.123456', 6, 'UTC') AS micros, toDate32('1950-01-02') AS d32,
	toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0') AS uuid, toIPv4('1.2.3.4') AS v4, toIPv6('::ffff:1.2.3.4') AS v6, toLowCardinality('low') AS low, toLowCardinality(toNullable('n')) AS lown`

func TestSQLValues(t *testing.T) {
	t.Parallel()
	dsn := embeddedtest.Database(t)
	want := `{"i":1,"u64":18446744073709551615,"i128":-170141183460469231731687303715884105728,"f":1.5,"mega":1000000,"nano":1.5e-9,"f32":0.1,` +
		`"nan":null,"inf":null,"floats":[null,null,0.5],"nothing":null,"yes":true,"s":"a\"b\t<ä>\\","e":"x","l":[null,1],` +
		`"strings":["a","it's"],"m":{"a":1,"b":2},"t":[1,"x","2026-01-02"],"n":{"z":1,"at":"2026-01-02 03:04:05.678"},` +
		`"d":"1.25","at":"2026-01-02 03:04:05","micros":"2026-01-02 03:04:05.123456","d32":"1950-01-02",` +
		`"uuid":"61f0c404-5cb3-11e7-907b-a6006ad3dba0","v4":"1.2.3.4","v6":"::ffff:1.2.3.4","low":"low","lown":"n"}` + "\n"
	if got := answer(t, dsn, "-f", "jsonl", everyKind); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	got := answer(t, dsn, "-f", "vertical", everyKind)
	for _, want := range []string{
		"u64      18446744073709551615", "i128     -170141183460469231731687303715884105728", "mega     1000000", "nano     1.5e-9", "nan      nan", "inf      -inf", "floats   [inf,nan,0.5]",
		"nothing  NULL", `l        [null,1]`, `strings  ["a","it's"]`, `m        {"a":1,"b":2}`, `t        [1,"x","2026-01-02"]`, "micros   2026-01-02 03:04:05.123456", "v6       ::ffff:1.2.3.4",
	} {
		if !strings.Contains(got, "\n  "+want+"\n") {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, f := range []string{"table", "csv", "tsv"} {
		if got := answer(t, dsn, "-f", f, everyKind); !strings.Contains(got, "-170141183460469231731687303715884105728") || !strings.Contains(got, "-inf") {
			t.Errorf("%s:\n%s", f, got)
		}
	}
}

// TestFormatsAreClickHouses checks that the output of a FORMAT clause equals ClickHouse's own,
// byte by byte.
func TestFormatsAreClickHouses(t *testing.T) {
	t.Parallel()
	srv := embeddedtest.Shared(t)
	dsn := srv.DatabaseDSN("default")
	var queries []string
	for _, f := range []string{
		"JSON", "JSONEachRow", "JSONCompact", "JSONCompactEachRow", "CSV", "CSVWithNames", "TSV", "TSVWithNames", "TabSeparated", "Vertical",
		"Pretty", "PrettyCompact", "PrettySpace", "Markdown", "Values", "XML", "RowBinary", "Null",
	} {
		queries = append(queries, everyKind+", number FROM numbers(3) SETTINGS output_format_write_statistics = 0 FORMAT "+f)
	}
	queries = append(queries,
		"SELECT 1 AS format format csv;", "SELECT 7 AS format, format x", "SELECT * FROM (SELECT 7 AS format) ORDER BY format DESC FORMAT /* this */ Values -- FORMAT JSON",
		"SELECT 'FORMAT JSON' AS x -- FORMAT XML\n FORMAT `JSONEachRow`", "SELECT 1 FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 1",
		"SELECT 5000000000 AS x SETTINGS max_threads = 1 FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 1", "EXPLAIN SELECT 1 FORMAT CSV",
		"SELECT format x FROM (SELECT 7 AS format) FORMAT CSV", "SELECT 7 AS format, format x FORMAT CSV",
		"SELECT number % 2 AS k, count() FROM numbers(9) GROUP BY k WITH TOTALS ORDER BY k FORMAT JSONCompact SETTINGS output_format_write_statistics = 0",
	)
	for _, q := range queries {
		want, err := srv.Query(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		if strings.HasSuffix(q, "format x") { // no clause
			want = "format\tx\n" + want
		}
		if got := answer(t, dsn, "-f", "tsv", q); strings.TrimSuffix(got, "\n") != want {
			t.Errorf("%s:\ngot  %.500q\nwant %.500q", q, got, want)
		}
	}
	for q, want := range map[string]string{
		"SELECT 1 FORMAT Nothing": "Unknown format Nothing",
		"SELECT oops FORMAT JSON": "code 47",
		"SELECT throwIf(number = 100000) FROM numbers(1000000) SETTINGS max_block_size = 1000 FORMAT JSONEachRow": "code 395",
	} {
		if code, _, errs := asks(t, dsn, q); code != exitFailed || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d\n%s", q, code, errs)
		}
	}
	var out, errs bytes.Buffer
	env := []string{"HOME=" + t.TempDir(), "CLICKHOUSE_DSN=" + dsn, "CALLVAULT_CLICKHOUSE_HTTP=http://127.0.0.1:1"}
	code := run(t.Context(), &process{args: []string{"sql", "SELECT 1 FORMAT JSON"}, environ: env, stdout: &out, stderr: &errs})
	if code != exitFailed || strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), "set CALLVAULT_CLICKHOUSE_HTTP, or use --format") {
		t.Errorf("without HTTP: exit code %d\n%s", code, errs.String())
	}
}

func TestSQLHint(t *testing.T) {
	t.Parallel()
	dsn := embeddedtest.Database(t)
	answer(t, dsn, "--write", "CREATE TABLE t ENGINE = MergeTree ORDER BY user_id AS SELECT toLowCardinality('1716') AS user_id, 'x' AS comm_id")
	for _, q := range []string{
		"SELECT * FROM t WHERE user_id = 1716", "SELECT * FROM t WHERE comm_id > 1716", "SELECT * FROM t WHERE 5 != comm_id", "SELECT * FROM t WHERE user_id = 1716 FORMAT JSON",
	} {
		if code, _, errs := asks(t, dsn, q); code != exitFailed || !strings.Contains(errs, "are strings: put quotes around the value, as in user_id = '1716'") {
			t.Errorf("%s: exit code %d\n%s", q, code, errs)
		}
	}
	if _, _, errs := asks(t, dsn, "SELECT\nuser_id\nFROM\nnothing\nWHERE x"); strings.Contains(errs, "quotes") || errs == "" {
		t.Errorf("another error: %s", errs)
	}
}

// meter measures the heap while something is written.
type meter struct {
	bytes, since int
	most         uint64
}

func (m *meter) Write(b []byte) (int, error) {
	m.bytes += len(b)
	if m.since += len(b); m.since > 4<<20 {
		m.since = 0
		m.most = max(m.most, heap())
	}
	return len(b), nil
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// TestLongSQLStreams checks that a long result takes no more memory than a short one. It does
// not run in parallel, because it measures the process.
func TestLongSQLStreams(t *testing.T) {
	dsn := embeddedtest.Database(t)
	const q = `SELECT number AS a, toString(number) AS b, concat('user_', toString(number)) AS c, now() AS d, number / 3 AS e, [number] AS f, 'some text' AS g, number % 7 AS h,
		if(number % 2 = 0, NULL, number) AS i, toDecimal64(number, 3) AS j, 'more text' AS k, toDate(number % 30000) AS l FROM numbers(200000) SETTINGS max_block_size = 8192`
	for _, args := range [][]string{{"-f", "table", q}, {"-f", "csv", q}, {"-f", "tsv", q}, {"-f", "jsonl", q}, {"-f", "vertical", q}, {q + " FORMAT JSON"}} {
		before := heap()
		var m meter
		if code := asksInto(t, dsn, &m, os.Stderr, args...); code != exitDone {
			t.Fatalf("%v: exit code %d", args, code)
		}
		if m.most == 0 {
			t.Fatalf("%v: %d bytes, which are too few to measure", args[:1], m.bytes)
		}
		grown := int64(m.most) - int64(before)
		t.Logf("%.10s: %d MB written, heap +%d MB", strings.Join(args, " "), m.bytes>>20, grown>>20)
		if grown > 50<<20 {
			t.Errorf("%.20s: the heap has grown by %d MB", args, grown>>20)
		}
	}
}
