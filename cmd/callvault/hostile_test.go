package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/callvault/callvault/internal/simulator"
)

// upsetting matches what a text from outside may not do to a terminal, a log or a reader.
func upsetting(r rune) bool {
	return unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

// long matches commands whose lines are data, and as long as these.
var long = regexp.MustCompile(`sql|json|grants`)

// harmless checks what a command says: text without what upsets, without a line that a text
// from outside has begun, and without a line that nobody can read.
func harmless(t *testing.T, what, said string) {
	t.Helper()
	if !utf8.ValidString(said) {
		t.Errorf("%s: not UTF-8: %.300q", what, said)
	}
	for line := range strings.Lines(said) {
		if at := strings.IndexFunc(line, upsetting); at >= 0 {
			t.Errorf("%s: %.200q", what, line[max(0, at-60):])
			return
		}
		if strings.HasPrefix(strings.TrimPrefix(line, "callvault: "), "forged") || len(line) > 8<<10 && !long.MatchString(what) {
			t.Errorf("%s: a forged line, or one of %d bytes: %.100q", what, len(line), line)
			return
		}
	}
}

// TestLongHostileNames has a vendor whose rooms, users, devices and versions have names that
// upset careless programs. All is archived as it is, every command does its work, and nothing
// that it says, logs, sends or serves does what the names want.
func TestLongHostileNames(t *testing.T) {
	t.Parallel()
	seed := setting(t, "CALLVAULT_SEED", uint64(time.Now().UnixNano()))
	t.Logf("seed %d", seed)
	in := install(t, simulator.Options{Seed: seed, Calls: 5, Hostile: true, QPS: -1})
	hook, heard := newHook(t)
	spans := newCollector(t)
	lake := t.TempDir()
	in.env = append(in.env, "CALLVAULT_NOTIFY_URL="+hook, "CALLVAULT_BACKUP_TO="+t.TempDir())
	do := func(codes []int, args ...string) string {
		t.Helper()
		code, out, errs := in.callvault(t.Context(), args...)
		what := fmt.Sprintf("%.100q", args)
		if !slices.Contains(codes, code) {
			t.Errorf("%s: exit code %d\n%.2000s%.2000s", what, code, out, errs)
		}
		harmless(t, what, errs)
		if !slices.Contains(args, "csv") && !slices.Contains(args, "tsv") { // data for programs, as it is
			harmless(t, what, out)
		}
		return out
	}
	fine, mostly := []int{exitDone}, []int{exitDone, exitPartial}
	faults := func(text string) {
		f, err := simulator.ParseFaults(text)
		if err == nil {
			err = in.vendor.SetFaults(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	faults("odd=0.05,poison=0.3,null=0.2,html=0.05,cut=0.05,error=0.05,seed=4")
	do(mostly, "archive", "--json")
	// the SDK of traces reads the environment of a process; with a clock it makes short pauses
	if code := start(t, in.traced(spans.url, clockVariable+"="+newClock(t, time.Now()).file), "archive", "--quiet").wait(t); !slices.Contains(mostly, code) {
		t.Errorf("traced: exit code %d", code)
	}
	for _, args := range [][]string{{"status"}, {"status", "--json"}, {"verify", "--all", "--json"}, {"sql", "SELECT * FROM ledger WHERE reason != ''"}} {
		do(mostly, args...)
	}
	faults("seed=4")
	do(fine, "archive")
	compare(t, in.store, in.truth)
	for _, args := range [][]string{
		{"status"}, {"status", "--space"}, {"status", "--json"}, {"plan"}, {"doctor"}, {"verify", "--all"}, {"replay"}, {"backup"}, {"schedules"},
		{"export", lake}, {"export", lake + "/csv", "--format", "csv"},
		{"sql", "SELECT * FROM calls"}, {"sql", "SELECT * FROM call_users", "--format", "vertical"}, {"sql", "SELECT * FROM user_sessions", "--format", "jsonl"},
	} {
		do(fine, args...)
	}
	in.sameInCSV(t, do(fine, "sql", "SELECT user_id, room_id, device_type FROM user_sessions ORDER BY 1, 2, 3", "--format", "csv"))
	rooms, users := map[string]string{}, map[string]bool{}
	for r := range in.truth.Rooms() {
		rooms[r.CommID] = r.RoomID
	}
	for s := range in.truth.UserSessions() {
		users[s.UserID] = true
	}
	in.hostilePages(t, rooms, users)
	n := 0
	for comm, room := range rooms {
		_, page, _ := in.callvault(t.Context(), "report", comm, "-o", "-")
		if !strings.HasPrefix(page, "<!doctype html>") || markup.MatchString(page) || strings.ContainsFunc(page, func(r rune) bool { return upsetting(r) && r != '\t' }) {
			t.Errorf("the report of %s: %.300q, markup %q", comm, page, markup.FindString(page))
		}
		if n++; n == 1 {
			do(fine, "archive", "--room="+room, "--again")
			do([]int{exitFailed}, "report", room, "-o", "-")
		}
	}
	all := slices.Sorted(maps.Keys(users))
	for i := 0; i < len(all); i += 12 {
		do(fine, "person", "--", all[i])
	}
	do(fine, "person", "--json", "--export", filepath.Join(t.TempDir(), "x"), "--", all[0])
	do(fine, "erase", "--user="+all[0])
	do(fine, "erase", "--user="+all[0], "--user="+all[1], "--yes", "--json")
	if out := do(fine, "person", "--", all[1]); !strings.Contains(out, "nothing of it") {
		t.Errorf("%q is still there: %s", all[1], out)
	}
	for i := 0; i < len(all); i += 5 {
		name := all[i]
		for _, args := range [][]string{{name}, {"sql", name}, {"sql", "SELECT 1 AS `" + name}, {"report", name, "-o", "-"}, {"archive", "--app", name}, {"archive", "--from", name}, {"status", "--app", name}, {"export", lake, "-r", name}, {"grants", name, "--user", "x"}, {"grants", "analyst", "--user", name}, {"restore", name}} {
			_, out, errs := in.callvault(t.Context(), args...)
			harmless(t, fmt.Sprintf("%.100q", args), out+errs)
		}
	}
	wrong := *in
	wrong.env = append(slices.Clone(in.env), "TENCENTCLOUD_SECRET_KEY=wrong\u202e")
	wrong.callvault(t.Context(), "archive", "--quiet")
	if len(*heard) == 0 {
		t.Error("the webhook heard nothing")
	}
	for _, body := range *heard {
		harmless(t, "a notice", body)
	}
	if len(spans.spans) < 20 {
		t.Errorf("%d spans", len(spans.spans))
	}
}

// newHook returns the URL of a webhook, and what it hears.
func newHook(t *testing.T) (string, *[]string) {
	t.Helper()
	var mu sync.Mutex
	heard := &[]string{}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || !json.Valid(b) {
			t.Errorf("a notice is no JSON: %v: %.200q", err, b)
		}
		mu.Lock()
		defer mu.Unlock()
		*heard = append(*heard, string(b))
	}))
	t.Cleanup(hook.Close)
	return hook.URL, heard
}

// sameInCSV checks that CSV has ids and devices as they are.
func (in *installation) sameInCSV(t *testing.T, text string) {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	var got []string
	for row, err := r.Read(); !errors.Is(err, io.EOF); row, err = r.Read() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join(row, "\x00\x00"))
	}
	var want []string
	for s := range in.truth.UserSessions() {
		// encoding/csv reads a line break of Windows as one of Unix
		want = append(want, strings.ReplaceAll(strings.Join([]string{s.UserID, s.RoomID, s.DeviceType}, "\x00\x00"), "\r\n", "\n"))
	}
	slices.Sort(want)
	got = slices.Sorted(slices.Values(got[1:]))
	if !slices.Equal(got, want) {
		t.Errorf("CSV has %d sessions, the vendor %d, or other names", len(got), len(want))
	}
}

var (
	markup = regexp.MustCompile(`(?i)<script>alert|<img src=x|href="javascript:|<b>&amp`)
	places = regexp.MustCompile(`href="([^"]*)"`)
)

// hostilePages asks the console for the pages of calls and users, and for what their links lead to.
func (in *installation) hostilePages(t *testing.T, rooms map[string]string, users map[string]bool) {
	t.Helper()
	base, stop := in.console(t)
	seen, queue := map[string]bool{}, []string{""}
	for _, room := range rooms {
		queue = append(queue, "?q="+url.QueryEscape(room))
	}
	for user := range users {
		queue = append(queue, "?q="+url.QueryEscape(user))
	}
	const most = 40
	for len(queue) > 0 && len(seen) < most {
		page := queue[0]
		queue = queue[1:]
		if seen[page] || len(page) > 60<<10 {
			continue
		}
		seen[page] = true
		status, body := fetch(t, base+page)
		if status != http.StatusOK && status != http.StatusNotFound || markup.MatchString(body) || strings.ContainsFunc(body, func(r rune) bool { return upsetting(r) && r != '\t' }) {
			t.Errorf("%.200q: status %d, markup %q\n%.300q", page, status, markup.FindString(body), body)
		}
		for _, m := range places.FindAllStringSubmatch(body, -1) {
			link := html.UnescapeString(m[1])
			if strings.HasPrefix(link, "call?") || strings.HasPrefix(link, "user?") || strings.HasPrefix(link, "pair?") {
				queue = append([]string{link}, queue...)
			}
		}
	}
	t.Logf("%d pages", len(seen))
	_, said := stop()
	harmless(t, "the console", said)
}
