package embedded

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// connect opens a native client and closes it at the end of the test.
func connect(t *testing.T, dsn string) driver.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func run(t *testing.T, conn driver.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if err := conn.Exec(testContext(t), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func number(t *testing.T, conn driver.Conn, sql string) uint64 {
	t.Helper()
	var n uint64
	if err := conn.QueryRow(testContext(t), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	began := time.Now()
	if err := s.Stop(testContext(t)); err != nil {
		t.Fatal(err)
	}
	t.Logf("stopped in %s", time.Since(began))
	select {
	case <-s.Done():
	default:
		t.Error("stopped, but not done")
	}
}

func TestDataIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b & 'c'")
	began := time.Now()
	s := startTest(t, Options{Path: dir})
	t.Logf("cold start in %s", time.Since(began))
	dsn := s.DSN()
	conn := connect(t, dsn)
	run(t, conn, "CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a", "INSERT INTO kept VALUES (1), (2)")
	_ = conn.Close()
	stop(t, s)
	if err := s.Stop(testContext(t)); err != nil {
		t.Errorf("second stop: %v", err)
	}

	began = time.Now()
	s = startTest(t, Options{Path: dir})
	t.Logf("warm start in %s", time.Since(began))
	if password(dsn) != password(s.DSN()) {
		t.Error("the password changed with a restart")
	}
	conn = connect(t, s.DSN())
	if n := number(t, conn, "SELECT count() FROM kept"); n != 2 {
		t.Errorf("%d rows after a restart, want 2", n)
	}
	_ = conn.Close()
	stop(t, s)

	s = startTest(t, Options{Path: dir, Password: "own & <word>"})
	if err := connect(t, s.DSN()).Ping(testContext(t)); err != nil {
		t.Errorf("log in with the given password: %v", err)
	}
}

func password(dsn string) string {
	_, rest, _ := strings.Cut(dsn, User+":")
	word, _, _ := strings.Cut(rest, "@")
	return word
}

func TestKilledEngine(t *testing.T) {
	dir := t.TempDir()
	s := startTest(t, Options{Path: dir})
	conn := connect(t, s.DSN())
	run(t, conn, "CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a", "INSERT INTO kept VALUES (1)")
	if err := syscall.Kill(s.state.EnginePID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the end of the engine was not noticed")
	}
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Err = %v, want that it was killed", err)
	}
	s = startTest(t, Options{Path: dir})
	if n := number(t, connect(t, s.DSN()), "SELECT count() FROM kept"); n != 1 {
		t.Errorf("%d rows after a kill, want 1", n)
	}
}

func TestKilledParent(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.CommandContext(testContext(t), exe, parentMarker, testLibrary(t), dir)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "up\n" {
		t.Fatalf("parent said %q, %v", line, err)
	}
	s, ok := Discover(testContext(t), dir)
	if !ok {
		t.Fatal("the parent's engine was not discovered")
	}
	// A client that stays connected must not keep the orphan alive.
	if err := connect(t, s.DSN()).Ping(testContext(t)); err != nil {
		t.Fatal(err)
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	began := time.Now()
	eventually(t, 2*time.Second, "the engine is gone", func() bool { return gone(s.state.EnginePID) })
	t.Logf("gone after %s", time.Since(began))
	if _, ok := Discover(testContext(t), dir); ok {
		t.Error("a dead engine was discovered")
	}
	startTest(t, Options{Path: dir})
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	for _, o := range []Options{{TCPPort: port}, {HTTPPort: port}} {
		o.Path, o.Library = t.TempDir(), testLibrary(t)
		_, err := Start(testContext(t), o)
		if !errors.Is(err, ErrPortTaken) || !strings.Contains(err.Error(), l.Addr().String()) {
			t.Errorf("error = %v, want ErrPortTaken with the port", err)
		}
		// The same, when only the engine notices.
		o, _ = o.withDefaults()
		lock, err := claim(testContext(t), o.Path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = startLocked(testContext(t), o, lock); !errors.Is(err, ErrPortTaken) {
			t.Errorf("error = %v, want ErrPortTaken", err)
		}
	}
}

func TestTwoOnOnePath(t *testing.T) {
	dir := t.TempDir()
	first := startTest(t, Options{Path: dir})
	if _, err := Start(testContext(t), Options{Path: dir, Library: testLibrary(t)}); !errors.Is(err, ErrInUse) {
		t.Errorf("error = %v, want ErrInUse", err)
	}
	second, err := Open(testContext(t), Options{Path: dir, Library: testLibrary(t), Database: "other"})
	if err != nil {
		t.Fatal(err)
	}
	if second.engine != nil || first.engine == nil || second.HTTPURL() != first.HTTPURL() {
		t.Error("the second did not attach to the first")
	}
	conn := connect(t, second.DSN())
	run(t, conn, "CREATE TABLE other.t (a UInt8) ENGINE = MergeTree ORDER BY a")
	_ = conn.Close()
	stop(t, second)
	if _, err := first.Query(testContext(t), "SELECT 1"); err != nil {
		t.Errorf("the end of the attached one stopped the engine: %v", err)
	}
	stop(t, first)
	if _, ok := Discover(testContext(t), dir); ok {
		t.Error("a stopped engine was discovered")
	}
}

func TestOpenTogether(t *testing.T) {
	o := Options{Path: t.TempDir(), Library: testLibrary(t)}
	type result struct {
		s   *Server
		err error
	}
	results := make(chan result, 3)
	for range cap(results) {
		go func() {
			s, err := Open(testContext(t), o)
			results <- result{s, err}
		}()
	}
	owners := 0
	for range cap(results) {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
			continue
		}
		if r.s.engine != nil {
			owners++
			defer func() { _ = r.s.Stop(context.Background()) }()
		}
	}
	if owners != 1 {
		t.Errorf("%d engines, want one", owners)
	}
}

func TestStartFails(t *testing.T) {
	junk := filepath.Join(t.TempDir(), "libchdb.so")
	if err := os.WriteFile(junk, []byte("not a library"), 0o755); err != nil {
		t.Fatal(err)
	}
	for library, want := range map[string]string{junk: "load ClickHouse", junk + ".no": "find the library"} {
		_, err := Start(testContext(t), Options{Path: t.TempDir(), Library: library})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
	dir := t.TempDir()
	damaged := filepath.Join(dataPath(dir), "metadata")
	if err := errors.Join(os.Mkdir(dataPath(dir), 0o700), os.WriteFile(damaged, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	_, err := Start(testContext(t), Options{Path: dir, Library: testLibrary(t)})
	if err == nil || !strings.Contains(err.Error(), "xception") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error = %v, want the engine's own words in one line", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	dir = t.TempDir()
	if _, err := Start(ctx, Options{Path: dir, Library: testLibrary(t)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want the context's", err)
	}
	startTest(t, Options{Path: dir}) // the failed start has left nothing behind
}

// TestStopKillsInTheEnd checks that an engine which does not end in time is killed.
func TestStopKillsInTheEnd(t *testing.T) {
	s := startTest(t, Options{Path: t.TempDir()})
	if err := connect(t, s.DSN()).Ping(testContext(t)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Stop(ctx); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("error = %v, want that it was killed", err)
	}
}
