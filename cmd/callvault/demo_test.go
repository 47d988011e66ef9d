package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/demo"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/verify"
)

// TestDemo makes a demo, which takes half a minute at the vendor's pace, looks at the console
// that --keep leaves up, and runs each command that has --demo. A week later the demo's vendor
// is in the same state.
func TestDemo(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	later := func() time.Time { return time.Now().Add(7 * 24 * time.Hour) }
	demo := func(args ...string) (int, string, string) {
		t.Helper()
		var out, errs bytes.Buffer
		env := []string{"HOME=" + home, "CALLVAULT_CLICKHOUSE_LIB=" + embeddedtest.Library(t), "CALLVAULT_NOTIFY_URL=http://127.0.0.1:1/"}
		code := run(t.Context(), &process{args: args, environ: env, stdout: &out, stderr: &errs, now: later, attempts: ask.DefaultAttempts()})
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
	report := keptDemo(t, home, later)
	t.Log(report)
	demoTells(t, report)
	for _, command := range followUpsIn(t, report) {
		var out bytes.Buffer
		sh := exec.Command("sh", "-c", "callvault "+command)
		sh.Env = append(os.Environ(), "HOME="+home, "CALLVAULT_CLICKHOUSE_LIB="+embeddedtest.Library(t))
		sh.Stdout, sh.Stderr = &out, &out
		if err := sh.Run(); err != nil || strings.Count(out.String(), "\n") < 5 {
			t.Errorf("%s: %v\n%s", command, err, out.String())
		}
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

	verify := func(want int, args ...string) *verify.Report {
		t.Helper()
		code, out, errs := demo(append([]string{"verify", "--demo", "--json", "--quiet", "--from", "1d", "--sample", "2"}, args...)...)
		var r verify.Report
		if err := json.Unmarshal([]byte(out), &r); err != nil || code != want || (errs == "") != (want == exitDone) {
			t.Fatalf("verify: exit code %d, %v\n%s\n%s", code, err, out, errs)
		}
		return &r
	}
	if r := verify(exitDone); !r.Equal || r.Apps[0].Listed < 4 || r.Apps[0].Calls != 2 {
		t.Errorf("verified %+v", r.Apps[0])
	}
	if code, _, errs := demo("sql", "--demo", "--write", "DELETE FROM trtc_store.rooms_data WHERE comm_id IN (SELECT comm_id FROM trtc.rooms WHERE is_finished ORDER BY created_at DESC LIMIT 2) SETTINGS lightweight_deletes_sync = 2"); code != exitDone {
		t.Fatalf("delete: exit code %d\n%s", code, errs)
	}
	if r := verify(exitPartial); len(r.Differences()) != 2 {
		t.Errorf("without two rooms: %v", r.Lines())
	}
	if r := verify(exitDone, "--repair"); !r.Equal {
		t.Errorf("repaired: %v", r.Lines())
	}
	if err := os.Remove(filepath.Join(home, ".local/share/callvault/demo/vendor.json")); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := demo("verify", "--demo"); code != exitFailed || !strings.Contains(errs, "run callvault demo first") {
		t.Errorf("verify of a demo that has not come to its end: exit code %d\n%s", code, errs)
	}
}

// keptDemo makes a demo with --keep, opens pages of the console, and interrupts it. It
// returns the report.
func keptDemo(t *testing.T, home string, now func() time.Time) string {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	reads, writes := io.Pipe()
	var out, errs bytes.Buffer
	code := make(chan int, 1)
	go func() {
		env := []string{"HOME=" + home, "CALLVAULT_CLICKHOUSE_LIB=" + embeddedtest.Library(t)}
		code <- run(ctx, &process{args: []string{"demo", "--keep"}, environ: env, stdout: writes, stderr: &errs, now: now, attempts: ask.DefaultAttempts()})
		writes.Close()
	}()
	lines := bufio.NewScanner(io.TeeReader(reads, &out))
	console := ""
	for lines.Scan() {
		if found, ok := strings.CutPrefix(lines.Text(), "  console "); ok {
			console = found
			for _, path := range []string{"", "?grade=serious", "fleet"} {
				if resp, err := http.Get(console + path); err != nil || resp.StatusCode != http.StatusOK || resp.Body.Close() != nil {
					t.Errorf("%s%s: %v, %v", console, path, resp, err)
				}
			}
			interrupt()
		}
	}
	if got := <-code; got != exitDone || console == "" {
		t.Fatalf("demo --keep: exit code %d\n%s%s", got, out.String(), errs.String())
	}
	return out.String()
}

// demoTells compares the report with the troubles that the demo's vendor plants: each kind
// shows, in words, on lines of 80 columns.
func demoTells(t *testing.T, report string) {
	t.Helper()
	_, worst, _ := strings.Cut(report, "What went wrong")
	worst, causes, ok := strings.Cut(worst, "Where bad minutes came from")
	if !ok || strings.Count(worst, "bad minute") < 6 {
		t.Errorf("the report does not say what went wrong:\n%s", report)
	}
	for line := range strings.Lines(worst) {
		if text.StringWidth(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("longer than 80 columns: %s", line)
		}
	}
	planted := map[simulator.TroubleKind]bool{}
	sim, err := simulator.New(demo.Vendor{Seed: demo.Seed, Calls: demo.Calls, Began: time.Now().UTC()}.Options())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range sim.Troubles(time.Now()) {
		planted[x.Kind] = true
	}
	for kind, words := range map[simulator.TroubleKind][2]string{
		simulator.WeakCamera:    {"camera of", "sender's camera gave few frames"},
		simulator.WeakEncoder:   {"encoded", "sender's device sent few frames"},
		simulator.LossyUplink:   {"uplink of", "sender's uplink lost packets"},
		simulator.LossyDownlink: {"downlink of", "user's downlink lost packets"},
		simulator.SlowDevice:    {"processor", "user's device was too slow"},
		simulator.FarAway:       {"round trip of", "user was far from the cloud"},
		simulator.Unexplained:   {"", "no measurement explains it"},
	} {
		if !planted[kind] {
			t.Errorf("%s: not planted", kind)
		}
		if prose := strings.Join(strings.Fields(worst), " "); !strings.Contains(prose, words[0]) {
			t.Errorf("%s: no call with %q", kind, words[0])
		}
		if !strings.Contains(causes, words[1]) {
			t.Errorf("%s: no cause %q", kind, words[1])
		}
	}
}

// followUpsIn returns the commands of the report that ask about a call, without the
// program's name.
func followUpsIn(t *testing.T, report string) (all []string) {
	t.Helper()
	_, rest, _ := strings.Cut(report, "Follow the first one up")
	rest, _, _ = strings.Cut(rest, "And then:")
	for _, command := range strings.Split(rest, demo.ShellWord(os.Args[0])+" ")[1:] {
		all = append(all, strings.TrimSpace(command))
	}
	if len(all) != 3 {
		t.Errorf("%d queries to follow up:\n%s", len(all), rest)
	}
	return all
}
