package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/embedded/embeddedtest"
)

// TestDemo makes a demo, at the vendor's pace of half a minute, and looks at it with
// each command that has --demo. A week later its vendor is what it was.
func TestDemo(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	later := func() time.Time { return time.Now().Add(7 * 24 * time.Hour) }
	demo := func(args ...string) (int, string, string) {
		t.Helper()
		var out, errs bytes.Buffer
		env := []string{"HOME=" + home, "CALLVAULT_CLICKHOUSE_LIB=" + embeddedtest.Library(t), "CALLVAULT_NOTIFY_URL=http://127.0.0.1:1/"}
		code := run(t.Context(), &process{args: args, environ: env, stdout: &out, stderr: &errs, now: later, attempts: extract.DefaultAttempts()})
		return code, out.String(), errs.String()
	}
	lake := filepath.Join(home, "lake")
	for _, args := range [][]string{{"sql", "SELECT 1"}, {"status"}, {"export", lake}} {
		if code, _, errs := demo(args...); code != exitFailed || !strings.Contains(errs, "callvault "+args[0]+" --demo)") {
			t.Errorf("%v: exit code %d\n%s", args, code, errs)
		}
	}
	for _, args := range [][]string{{"sql", "SELECT 1"}, {"status"}, {"export", lake}, {"verify"}} {
		if code, _, errs := demo(append(args, "--demo")...); code != exitFailed || !strings.Contains(errs, "run callvault demo first") {
			t.Errorf("%v --demo: exit code %d\n%s", args, code, errs)
		}
	}
	if code, _, errs := demo("demo", "--quiet"); code != exitDone {
		t.Fatalf("demo: exit code %d\n%s", code, errs)
	}
	if code, out, errs := demo("sql", "--demo", "-f", "csv", "SELECT count() AS n FROM rooms"); code != exitDone || out != "n\n120\n" {
		t.Errorf("sql: exit code %d\n%s%s", code, out, errs)
	}
	if code, out, errs := demo("status", "--demo"); code != exitDone || !strings.Contains(out, "application 1400353843") || !strings.Contains(out, "last complete") {
		t.Errorf("status: exit code %d\n%s%s", code, out, errs)
	}
	if code, _, errs := demo("export", "--demo", "--quiet", "-r", "rooms", lake); code != exitDone {
		t.Errorf("export: exit code %d\n%s", code, errs)
	}
	if files, _ := filepath.Glob(filepath.Join(lake, "rooms", "*", "*.parquet")); len(files) < 10 {
		t.Errorf("exported %v", files)
	}

	verify := func(want int, args ...string) *verification {
		t.Helper()
		code, out, errs := demo(append([]string{"verify", "--demo", "--json", "--quiet", "--from", "1d", "--sample", "2"}, args...)...)
		var r verification
		if err := json.Unmarshal([]byte(out), &r); err != nil || code != want || (errs == "") != (want == exitDone) {
			t.Fatalf("verify: exit code %d, %v\n%s\n%s", code, err, out, errs)
		}
		return &r
	}
	if r := verify(exitDone); !r.Equal || r.Apps[0].Listed < 4 || r.Apps[0].Calls != 2 {
		t.Errorf("verified %+v", r.Apps[0])
	}
	if code, _, errs := demo("sql", "--demo", "--write", "DELETE FROM rooms_data WHERE comm_id IN (SELECT comm_id FROM rooms WHERE is_finished ORDER BY created_at DESC LIMIT 2) SETTINGS lightweight_deletes_sync = 2"); code != exitDone {
		t.Fatalf("delete: exit code %d\n%s", code, errs)
	}
	if r := verify(exitPartial); len(r.differences()) != 2 {
		t.Errorf("without two rooms: %v", r.lines())
	}
	if r := verify(exitDone, "--repair"); !r.Equal {
		t.Errorf("repaired: %v", r.lines())
	}
	if err := os.Remove(filepath.Join(home, ".local/share/callvault/demo/vendor.json")); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := demo("verify", "--demo"); code != exitFailed || !strings.Contains(errs, "run callvault demo first") {
		t.Errorf("verify of a demo that has not come to its end: exit code %d\n%s", code, errs)
	}
}
