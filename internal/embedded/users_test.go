package embedded

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestOwnerMayDoEverything(t *testing.T) {
	dir := t.TempDir()
	s := startTest(t, Options{Path: dir})
	conn := connect(t, s.DSN())
	run(t, conn,
		"CREATE TABLE t (a UInt32, b String) ENGINE = MergeTree ORDER BY a",
		"CREATE TABLE r (a UInt32, v UInt32) ENGINE = ReplacingMergeTree(v) ORDER BY a",
		"CREATE VIEW v AS SELECT a FROM t WHERE a > 1",
		"CREATE MATERIALIZED VIEW m TO r AS SELECT a, toUInt32(length(b)) AS v FROM t",
		"INSERT INTO t SELECT number, toString(number) FROM numbers(10)",
		"DELETE FROM t WHERE a = 5",
		"ALTER TABLE t UPDATE b = 'x' WHERE a = 2 SETTINGS mutations_sync = 2",
		"OPTIMIZE TABLE t FINAL",
		"CREATE DATABASE second",
		"RENAME TABLE r TO second.r",
		"DROP DATABASE second SYNC",
		"DROP VIEW m",
		"BACKUP TABLE t TO File('"+filepath.Join(dir, "backups", "one")+"')",
	)
	if n := number(t, conn, "SELECT count() FROM v"); n != 7 {
		t.Errorf("%d rows in the view, want 7", n)
	}
	if n := number(t, conn, "SELECT count() FROM system.parts WHERE active AND database = 'trtc'"); n == 0 {
		t.Error("no parts")
	}
	if n := number(t, conn, "SELECT count() FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log'"); n != 0 {
		t.Errorf("%d log tables, want none", n)
	}
}

// ask runs a query over HTTP as any user.
func ask(t *testing.T, s *Server, user, password, sql string) (int, string) {
	t.Helper()
	q := url.Values{"user": {user}, "password": {password}, "query": {sql}}
	req, err := http.NewRequestWithContext(testContext(t), http.MethodPost, s.HTTPURL()+"/?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestAnalystMayReadOnly(t *testing.T) {
	s := startTest(t, Options{Path: t.TempDir()})
	conn := connect(t, s.DSN())
	run(t, conn, "CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a", "CREATE VIEW v AS SELECT * FROM t",
		"CREATE DATABASE second", "CREATE TABLE second.t (a UInt32) ENGINE = MergeTree ORDER BY a")
	word := s.state.AnalystPassword
	for sql, want := range map[string]int{
		"SELECT count() FROM trtc.v":                               200,
		"SELECT name FROM system.tables":                           200,
		"SELECT 1 SETTINGS max_threads = 1":                        200,
		"SELECT 1 SETTINGS max_memory_usage = 900000000":           500,
		"INSERT INTO trtc.t VALUES (1)":                            500,
		"DROP TABLE trtc.t":                                        500,
		"SELECT count() FROM second.t":                             500,
		"SELECT * FROM file('/etc/passwd', 'LineAsString')":        500,
		"SELECT * FROM url('" + s.HTTPURL() + "', 'LineAsString')": 500,
		"SYSTEM STOP LISTEN TCP":                                   500,
	} {
		if got, text := ask(t, s, Analyst, word, sql); (got == 200) != (want == 200) {
			t.Errorf("analyst: %s: %d, want %d: %s", sql, got, want, text)
		}
	}
	if got, _ := ask(t, s, Analyst, "", "SELECT 1"); got == 200 {
		t.Errorf("analyst without a password: %d", got)
	}
	if !strings.Contains(s.PlayURL(), "password="+word) {
		t.Errorf("PlayURL %s", s.PlayURL())
	}
}

// TestNobodyIsDefault: the engine logs in to itself as a user without a password, whose only session
// that is. Nobody else can be this user, over HTTP or the native protocol.
func TestNobodyIsDefault(t *testing.T) {
	s := startTest(t, Options{Path: t.TempDir()})
	for _, more := range []string{"", "&max_sessions_for_user=9", "&session_id=x", "&profile=default"} {
		for _, sql := range []string{"SELECT 1", "SYSTEM STOP LISTEN HTTP", "SELECT file('credentials.json')"} {
			resp, err := http.Get(s.HTTPURL() + "/?query=" + url.QueryEscape(sql) + more)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode == http.StatusOK || !strings.Contains(string(text), "SESSION_LIMIT") {
				t.Errorf("default: %s%s: %d, want that it is not let in: %s", sql, more, resp.StatusCode, text)
			}
		}
		u, err := url.Parse(s.DSN())
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword("default", "")
		if err := connect(t, u.String()).Ping(testContext(t)); err == nil {
			t.Error("default is let in")
		}
	}
	if _, err := s.Query(testContext(t), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

func TestSecretsArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	startTest(t, Options{Path: dir})
	for _, name := range []string{"engine.json", "credentials.json", "users.xml", "config.xml", "lock"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want 0600", name, info, err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data directory: %v, %v; want 0700", info, err)
	}
}

// TestTwoThreads checks that queries of every user run with two threads.
func TestTwoThreads(t *testing.T) {
	s := startTest(t, Options{Path: t.TempDir()})
	for user, password := range map[string]string{"callvault": s.state.Password, "analyst": s.state.AnalystPassword} {
		code, pipeline := ask(t, s, user, password, "EXPLAIN PIPELINE SELECT sum(number) FROM numbers_mt(1000000000)")
		if code != http.StatusOK || !strings.Contains(pipeline, "× 2 0 → 1") {
			t.Errorf("%s: %d\n%s", user, code, pipeline)
		}
	}
}

// TestEngineSeesNoSecrets: neither the environment nor the arguments of the engine have any.
func TestEngineSeesNoSecrets(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	t.Setenv("TENCENTCLOUD_SECRET_KEY", "marked-secret")
	s := startTest(t, Options{Path: t.TempDir()})
	for _, name := range []string{"environ", "cmdline"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", s.state.EnginePID, name))
		if err != nil || len(text) == 0 {
			t.Fatal(err)
		}
		for _, secret := range []string{"marked-secret", s.state.Password, s.state.AnalystPassword} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s has %s", name, secret)
			}
		}
	}
}

// TestAnotherHost: a page of another site, whose name is made to point to this machine, gets
// nothing, not even with a password.
func TestAnotherHost(t *testing.T) {
	s := startTest(t, Options{Path: t.TempDir()})
	at, err := url.Parse(s.HTTPURL())
	if err != nil {
		t.Fatal(err)
	}
	analyst := "user=analyst&password=" + s.state.AnalystPassword
	for host, may := range map[string]bool{
		at.Host: true, "localhost:" + at.Port(): true, "localhost": true, "evil.example:" + at.Port(): false, "evil.example": false, "127.0.0.1.evil.example": false, "localhost.evil.example": false, "x@127.0.0.1": false,
	} {
		for _, path := range []string{"/?" + analyst + "&query=SELECT+4711", "/play"} {
			req, err := http.NewRequestWithContext(testContext(t), http.MethodGet, s.HTTPURL()+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = host
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || (resp.StatusCode == http.StatusOK) != may {
				t.Errorf("%s as %s: %d, %v: %.200s", path, host, resp.StatusCode, err, text)
			}
		}
	}
}

// TestAnalystReadsNothingElse: no table function takes an analyst out of the archive: not to files,
// other servers, URLs or programs. What remains is the function file, which ClickHouse lets
// everybody use in this mode (docs/security.md): if it is refused one day, this test says so.
func TestAnalystReadsNothingElse(t *testing.T) {
	dir := t.TempDir()
	s := startTest(t, Options{Path: dir})
	secret := filepath.Join(dir, "credentials.json")
	for _, sql := range []string{
		"SELECT * FROM file('" + secret + "', 'LineAsString')", "SELECT * FROM `default`.`" + secret + "`", "SELECT * FROM `" + secret + "`",
		"SELECT * FROM url('" + s.HTTPURL() + "', 'LineAsString')",
		"SELECT * FROM s3('" + s.HTTPURL() + "/bucket/a', 'LineAsString', 'line String')", "SELECT * FROM gcs('" + s.HTTPURL() + "/bucket/a', 'LineAsString', 'line String')",
		"SELECT * FROM azureBlobStorage('DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=" + s.HTTPURL() + "/bucket/a', 'c', 'b', 'LineAsString', 'auto', 'line String')",
		"SELECT * FROM remote('127.0.0.1:" + fmt.Sprint(s.state.TCPPort) + "', system.one)", "SELECT * FROM remoteSecure('127.0.0.1', system.one)",
		"SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')", "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')", "SELECT * FROM mongodb('127.0.0.1:1', 'd', 'c', 'u', 'p', 'a String')", "SELECT * FROM redis('127.0.0.1:1', 'k', 'k String')",
		"SELECT * FROM sqlite('" + secret + "', 't')", "SELECT * FROM executable('x.sh', 'LineAsString', 'line String')", "SELECT * FROM hdfs('hdfs://127.0.0.1:1/a', 'LineAsString', 'line String')",
		"SELECT * FROM odbc('DSN=x', 'd', 't')", "SELECT * FROM jdbc('x', 'd', 't')", "SELECT * FROM python('x')", "SELECT * FROM Python(x)",
		"SELECT * FROM deltaLake('" + s.HTTPURL() + "/bucket/a')", "SELECT * FROM iceberg('" + s.HTTPURL() + "/bucket/a')", "SELECT * FROM icebergLocal('" + dir + "')", "SELECT * FROM deltaLakeLocal('" + dir + "')", "SELECT * FROM hudi('" + s.HTTPURL() + "/bucket/a')", "SELECT * FROM arrowFlight('127.0.0.1:1', 'x')",
		"CREATE TEMPORARY TABLE x (line String) ENGINE = File(LineAsString)", "CREATE TABLE trtc.x (line String) ENGINE = URL('" + s.HTTPURL() + "', 'LineAsString')", "INSERT INTO FUNCTION file('" + dir + "/x', 'LineAsString') SELECT 'a'",
		"SELECT * FROM system.users", "SELECT * FROM system.query_log", "SELECT * FROM system.processes", "SYSTEM FLUSH LOGS", "BACKUP DATABASE trtc TO File('" + dir + "/b')", "SHOW CREATE USER callvault", "CREATE FUNCTION f AS () -> 1", "KILL QUERY WHERE 1",
	} {
		for user, password := range map[string]string{Analyst: s.state.AnalystPassword} {
			code, text := ask(t, s, user, password, sql)
			refused := slices.ContainsFunc([]string{"ACCESS_DENIED", "UNKNOWN_FUNCTION", "QUOTA_EXCEEDED", "UNKNOWN_TABLE", "READONLY", "SUPPORT_IS_DISABLED"}, func(why string) bool { return strings.Contains(text, why) })
			if code == http.StatusOK && (strings.TrimSpace(text) != "" || !strings.Contains(sql, "system.")) || code != http.StatusOK && !refused {
				t.Errorf("%s: %s: %d: %.300s", user, sql, code, text)
			}
		}
	}
	if code, text := ask(t, s, Analyst, s.state.AnalystPassword, "SHOW GRANTS FORMAT TSVRaw"); code != http.StatusOK || strings.Count(text, "GRANT ") != 1 || !strings.Contains(text, "ON trtc.*") {
		t.Errorf("an analyst's grants: %d %s", code, text)
	}
}

// TestFilesArePrivate: nobody else may read a file of the engine or enter a folder.
func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := startTest(t, Options{Path: dir})
	run(t, connect(t, s.DSN()), "CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a", "INSERT INTO t VALUES (1)", "OPTIMIZE TABLE t FINAL", "BACKUP TABLE t TO File('"+filepath.Join(dir, "backups", "one")+"')")
	entered := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // a part that was merged
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		entered++
		if err != nil || info.Mode().Perm()&0o077 != 0 && d.Type()&fs.ModeSymlink == 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
		return nil
	})
	if err != nil || entered < 20 {
		t.Errorf("%d files: %v", entered, err)
	}
}
