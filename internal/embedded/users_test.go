package embedded

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
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
	for _, open := range []bool{false, true} {
		s := startTest(t, Options{Path: t.TempDir(), OpenAnalyst: open})
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
				t.Errorf("analyst (open: %t): %s: %d, want %d: %s", open, sql, got, want, text)
			}
		}
		if got, _ := ask(t, s, Analyst, "", "SELECT 1"); (got == 200) != open {
			t.Errorf("analyst without a password: %d (open: %t)", got, open)
		}
		if strings.Contains(s.PlayURL(), "password") == open {
			t.Errorf("PlayURL %s (open: %t)", s.PlayURL(), open)
		}
	}
}

// The engine's own user has no password, so it must have no rights.
func TestDefaultUserIsUseless(t *testing.T) {
	s := startTest(t, Options{Path: t.TempDir()})
	run(t, connect(t, s.DSN()), "CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a")
	for _, sql := range []string{
		"SYSTEM STOP LISTEN HTTP",
		"SYSTEM STOP LISTEN TCP",
		"SYSTEM SHUTDOWN",
		"SELECT * FROM trtc.t",
		"CREATE TABLE default.t (a UInt8) ENGINE = Memory",
		"SELECT * FROM file('/etc/passwd', 'LineAsString')",
	} {
		got, text := ask(t, s, "default", "", sql)
		if got == 200 || !strings.Contains(text, "QUOTA_EXCEEDED") && !strings.Contains(text, "ACCESS_DENIED") {
			t.Errorf("default: %s: %d, want that it is refused: %s", sql, got, text)
		}
	}
	if got, text := ask(t, s, "default", "", "SELECT name FROM system.tables WHERE database = 'trtc'"); got == 200 && text != "" {
		t.Errorf("default sees the tables: %s", text)
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
