package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
)

// fetch returns the status and the body of a page.
func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(body)
}

// TestConsole serves the console by its command and by the daemon, and writes a report.
func TestConsole(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 2, QPS: -1})
	for _, args := range [][]string{{"console", "--listen", "127.0.0.1:0"}, {"report", "x", "-o", filepath.Join(t.TempDir(), "x.html")}} {
		if code, _, errs := in.callvault(t.Context(), args...); code != exitFailed || !strings.Contains(errs, "nothing is archived yet") {
			t.Errorf("%v of nothing: exit code %d\n%s", args, code, errs)
		}
	}
	in.archive(t, exitDone)
	t.Run("command", in.testConsole)
	t.Run("daemon", in.testDaemonConsole)
	t.Run("report", in.testReport)
}

func (in *installation) testConsole(t *testing.T) {
	code, _, errs := in.callvault(t.Context(), "console", "--listen", "0.0.0.0:0")
	if code != exitUsage || !strings.Contains(errs, "has no password; set CALLVAULT_CONSOLE_PASSWORD") {
		t.Errorf("open to all: exit code %d\n%s", code, errs)
	}
	url, stop := in.console(t)
	status, page := fetch(t, url)
	if status != http.StatusOK || !strings.Contains(page, `href="call?app=`) {
		t.Errorf("%d\n%s", status, page)
	}
	if code, said := stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, said)
	}
}

// console starts the console. It returns its address, which ends with a slash, and what ends it
// and returns its exit code and all that it said.
func (in *installation) console(t *testing.T) (url string, stop func() (code int, said string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	var out, log syncBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, &process{args: []string{"console", "--listen", "127.0.0.1:0"}, environ: in.env, stdout: &out, stderr: &log, now: in.now, attempts: impatient()})
	}()
	address := regexp.MustCompile(`http://\S+`)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !address.MatchString(out.String()) {
		select {
		case code := <-ended:
			t.Fatalf("console ended with exit code %d\n%s", code, log.String())
		case <-look.C:
		}
	}
	return strings.TrimSuffix(address.FindString(out.String()), "/") + "/", func() (int, string) {
		cancel()
		return <-ended, out.String() + log.String()
	}
}

func (in *installation) testDaemonConsole(t *testing.T) {
	at := freeAddress(t)
	s := in.serve(t, "CALLVAULT_CONSOLE="+at)
	s.until(t, `"msg":"console"`, `"msg":"scheduled"`)
	if status, page := fetch(t, "http://"+at+"/fleet"); status != http.StatusOK || !strings.Contains(page, "All calls") {
		t.Errorf("%d\n%s", status, page)
	}
	s.stop()
	if code := <-s.ended; code != exitDone {
		t.Errorf("exit code %d\n%s", code, s.out.String())
	}
}

func (in *installation) testReport(t *testing.T) {
	var id string
	if err := in.store.Conn().QueryRow(t.Context(), "SELECT min(comm_id) FROM rooms").Scan(&id); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "call.html")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"report", exitUsage, "takes one call"},
		{"report CALL", exitUsage, "needs -o"},
		{"report CALL -o FILE --lang fr", exitUsage, "use en or zh"},
		{"report CALL -o FILE --app x", exitUsage, "is not an SDKAppID"},
		{"report none -o FILE", exitFailed, `call "none": There is no such call in the archive`},
		{"report CALL -o FILE", exitDone, ""},
		{"report CALL -o FILE", exitUsage, "replace it with --force"},
		{"report CALL -o FILE --force --lang zh", exitDone, ""},
	} {
		args := strings.Fields(strings.NewReplacer("FILE", file).Replace(c.args))
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "CALL", id)
		}
		if code, _, errs := in.callvault(t.Context(), args...); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%s: exit code %d\n%s", c.args, code, errs)
		}
	}
	page, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(page), "谁接收谁") || strings.Contains(string(page), "<link") {
		t.Errorf("report: %v, %d bytes", err, len(page))
	}
	code, out, errs := in.callvault(t.Context(), "report", id, "-o", "-")
	if code != exitDone || !strings.HasPrefix(out, "<!doctype html>") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}
