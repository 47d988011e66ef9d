package ui_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/daemon"
	"github.com/callvault/callvault/doctor"
	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/status"
	"github.com/callvault/callvault/verify"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	app  = call.AppID(1400353843)
	long = "1400353843_a-room-whose-name-goes-on-and-on_and-does-not-end-before-the-line_1795990969"
)

// page is what is printed of a value. Its times are around now.
type page struct {
	name   string
	print  func(s ui.Screen, now time.Time, asJSON bool)
	noJSON bool
	loud   bool // it is what was asked for, and is printed also if quiet
}

var pages = []page{
	{name: "archived", print: func(s ui.Screen, now time.Time, asJSON bool) { s.Report(archived(now), asJSON) }},
	{name: "archived-nothing", print: func(s ui.Screen, now time.Time, asJSON bool) {
		s.Report(&archive.Report{Started: now, Ended: now, Counts: ask.NewCounts()}, asJSON)
	}},
	{name: "plan", noJSON: true, print: func(s ui.Screen, now time.Time, _ bool) { s.Plan(plan(now)) }},
	{name: "plan-nothing", noJSON: true, print: func(s ui.Screen, _ time.Time, _ bool) {
		s.Plan(&archive.Plan{Exact: true})
	}},
	{name: "status", noJSON: true, print: func(s ui.Screen, now time.Time, _ bool) { s.Status(held(now)) }},
	{name: "status-nothing", noJSON: true, print: func(s ui.Screen, now time.Time, _ bool) { s.Status(status.New(nil, now)) }},
	{name: "space", noJSON: true, print: func(s ui.Screen, now time.Time, _ bool) { s.Space(space(now)) }},
	{name: "verified", print: func(s ui.Screen, now time.Time, asJSON bool) { s.Verification(verified(now), asJSON) }},
	{name: "verified-repaired", print: func(s ui.Screen, now time.Time, asJSON bool) {
		r := verified(now)
		r.Repaired, r.AfterRepair, r.Warnings, r.Lacking, r.All = true, []*verify.Result{{App: app}}, nil, nil, true
		r.Apps[0].Unverified = nil
		r.Apps[0].Differences = r.Apps[0].Differences[:1]
		s.Verification(r, asJSON)
	}},
	{name: "replayed", print: func(s ui.Screen, _ time.Time, asJSON bool) {
		r := &archive.Replay{Calls: 1234, Others: 14, Samples: 5678901, Mended: 3, Lacking: 2, NotKept: 1, Seconds: 12.34}
		asked(&r.Failures, `[{"unit": "call x", "reason": "it cannot be read"}]`)
		s.Replayed(r, asJSON)
	}},
	{name: "exported", print: func(s ui.Screen, _ time.Time, asJSON bool) {
		s.Exported(ui.Exported{Destination: "/srv/files", Seconds: 1.5, Relations: []export.Result{
			{Relation: "quality_samples", Written: 14, Kept: 1, Rows: 123456789, Bytes: 3 << 30}, {Relation: "rooms", Written: 1, Kept: 1400, Rows: 1},
		}}, asJSON)
	}},
	{name: "backup", print: func(s ui.Screen, now time.Time, asJSON bool) {
		s.Backup(&backup.Run{Note: backups(now)[1], Differences: []backup.Difference{{Of: "rooms", Wanted: &backup.Content{Of: "rooms", Rows: 7}}}, Removed: []string{"1999-12-01T00-00-00Z-full"}}, asJSON, backup.ErrDiffers)
	}},
	{name: "backups", loud: true, print: func(s ui.Screen, now time.Time, asJSON bool) { _ = s.Backups(backups(now), asJSON) }},
	{name: "backups-none", loud: true, print: func(s ui.Screen, _ time.Time, asJSON bool) { _ = s.Backups(nil, asJSON) }},
	{name: "schedules", noJSON: true, loud: true, print: func(s ui.Screen, now time.Time, _ bool) {
		var all []daemon.Scheduled
		asked(&all, `[
			{"name": "nightly", "job": "archive", "spec": "0 4 * * *", "zone": "UTC", "last": {"began": "1999-12-31T04:00:00Z", "error": "no"}, "next": "2000-01-01T04:00:00Z"},
			{"name": "weekly", "job": "verify", "args": ["--all"], "spec": "TZ=Asia/Shanghai 0 1 * * 0", "zone": "UTC"}]`)
		s.Schedules(all, now)
	}},
	{name: "findings", noJSON: true, loud: true, print: func(s ui.Screen, _ time.Time, _ bool) {
		s.Finding(doctor.Finding{Check: "clickhouse", Verdict: doctor.OK, Found: "version 26.8"})
		s.Finding(doctor.Finding{Check: "disk", Verdict: doctor.Warn, Found: "1 GiB of 20 GiB free", Try: "make room"})
		s.Finding(doctor.Finding{Check: "last success", Verdict: doctor.Fail, Found: "never"})
	}},
}

// asked sets what only its package can make.
func asked(into any, text string) {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		panic(err)
	}
}

// TestPages holds every page against its golden file, at 80 columns and without colours,
// and that it is JSON for scripts and silent if quiet.
func TestPages(t *testing.T) {
	for _, p := range pages {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out, errs bytes.Buffer
				p.print(ui.Screen{Out: &out, Err: &errs, Colours: true}, time.Now().UTC(), false)
				golden(t, p.name+".txt", out.String()+"--- on stderr\n"+errs.String())
				for line := range strings.Lines(out.String()) {
					if n := text.StringWidthWithoutEscSequences(strings.TrimRight(line, "\n")); n > ui.Width || strings.Contains(line, "\x1b") {
						t.Errorf("%d columns: %q", n, line)
					}
				}
				var silence bytes.Buffer
				p.print(ui.Screen{Out: &silence, Err: io.Discard, Quiet: true}, time.Now().UTC(), false)
				if (silence.Len() > 0) != p.loud {
					t.Errorf("if quiet:\n%s", silence.String())
				}
				var script bytes.Buffer
				if p.print(ui.Screen{Out: &script, Err: io.Discard}, time.Now().UTC(), true); !p.noJSON && !json.Valid(script.Bytes()) {
					t.Errorf("no JSON:\n%s", script.String())
				}
			})
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if d := cmp.Diff(string(want), got); err != nil || d != "" {
		t.Errorf("%s: %v (-want +got; -update writes it anew)\n%s", name, err, d)
	}
}

// TestColours: a terminal gets them where it wants them.
func TestColours(t *testing.T) {
	for wanted, want := range map[bool]string{true: "\x1b[31mfail\x1b[0m  disk         full\r\n", false: "fail  disk         full\r\n"} {
		terminal, screen, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		ui.Screen{Out: screen, Colours: wanted}.Finding(doctor.Finding{Check: "disk", Verdict: doctor.Fail, Found: "full"})
		got := make([]byte, len(want))
		if _, err := io.ReadFull(terminal, got); err != nil || string(got) != want {
			t.Errorf("colours %v: %q, %v", wanted, got, err)
		}
		screen.Close()
		terminal.Close()
	}
}

// TestBars: a terminal gets a bar for each stage.
func TestBars(t *testing.T) {
	terminal, screen, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	shown := make(chan string)
	go func() {
		all, _ := io.ReadAll(terminal) // ends with an error once the other side is closed
		shown <- string(all)
	}()
	if err := pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: 120}); err != nil {
		t.Fatal(err)
	}
	s := ui.Screen{Err: screen}
	pass := s.Watch()
	pass.Add(extract.StageSeries, 3)
	pass.Done(extract.StageSeries, 3)
	pass.Done(extract.StageSamples, 1234)
	pass.Say("ClickHouse is away")
	pass.Close()
	files := s.Files()
	files.Add(2)
	files.Done("a", export.Done{Rows: 5678}, true)
	files.Close()
	progress, finish := s.Download("fetching")
	progress(1<<20, 2<<20)
	finish()
	screen.Close()
	text := <-shown
	for _, want := range []string{"room lists", "series", "3/3", "1,234 samples", "ClickHouse is away\r\n", "files", "5,678 rows", "fetching", "1 MiB"} {
		if !strings.Contains(text, want) {
			t.Errorf("the terminal has no %q:\n%q", want, text)
		}
	}
}

// TestSheet: results of queries are told how wide a terminal is.
func TestSheet(t *testing.T) {
	terminal, screen, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	defer screen.Close()
	if err := pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: 123}); err != nil {
		t.Fatal(err)
	}
	if n := (ui.Screen{Out: screen}).Sheet().Width; n != 123 {
		t.Errorf("a terminal of 123 columns has %d", n)
	}
	for quiet, want := range map[bool]string{false: "callvault: a note\n", true: ""} {
		var out, errs bytes.Buffer
		s := ui.Screen{Out: &out, Err: &errs, Quiet: quiet}.Sheet()
		if s.Note("a note"); s.Width != 0 || errs.String() != want {
			t.Errorf("no terminal, quiet %v: %d columns, %q", quiet, s.Width, errs.String())
		}
	}
}

// TestProgressInLines: where there is no terminal, a pass is told of now and then.
func TestProgressInLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs bytes.Buffer
		w := ui.Screen{Err: &errs}.Watch()
		time.Sleep(6 * time.Second) // nothing to tell
		w.Add(extract.StageCalls, 1234)
		w.Add(extract.StageSeries, 100)
		w.Done(extract.StageSeries, 25)
		w.Done(extract.StageSamples, 56789)
		time.Sleep(5 * time.Second)
		w.Say("ClickHouse is away")
		w.Done(extract.StageSeries, 75)
		time.Sleep(5 * time.Second)
		w.Close()
		want := "calls 0/1234, series 25/100, 56,789 samples, about 30s left\nClickHouse is away\ncalls 0/1234, series 100/100, 56,789 samples\n"
		if errs.String() != want {
			t.Errorf("got\n%swant\n%s", errs.String(), want)
		}
	})
}

// TestFilesInLines: so is an export.
func TestFilesInLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs bytes.Buffer
		w := ui.Screen{Err: &errs}.Files()
		w.Add(4)
		w.Done("a", export.Done{Rows: 1234}, true)
		w.Done("b", export.Done{Rows: 1000}, false)
		time.Sleep(6 * time.Second)
		w.Close()
		if want := "files 2/4, 1,234 rows, about 5s left\n"; errs.String() != want {
			t.Errorf("got %q, want %q", errs.String(), want)
		}
		errs.Reset()
		quiet := ui.Screen{Err: &errs, Quiet: true}.Files()
		quiet.Add(1)
		if quiet.Close(); errs.Len() > 0 {
			t.Errorf("if quiet: %q", errs.String())
		}
	})
}

// TestDownloadInLines: a download is told of at every fifth of it.
func TestDownloadInLines(t *testing.T) {
	var errs bytes.Buffer
	progress, finish := ui.Screen{Err: &errs}.Download("fetching")
	for done := range int64(1001) {
		progress(done<<20, 1000<<20)
	}
	finish()
	if lines := strings.Split(errs.String(), "\n"); len(lines) != 7 || lines[0] != "fetching: 0 B of 1000 MiB" || lines[5] != "fetching: 1000 MiB of 1000 MiB" {
		t.Errorf("%q", lines)
	}
}

func archived(now time.Time) *archive.Report {
	r := &archive.Report{Started: now.Add(-83*time.Second - 456*time.Millisecond), Ended: now, Apps: []extract.Report{{
		App: app, Listed: 1500, Held: 1000, Archived: 480, Provisional: 20, Waiting: 3, Incomplete: 5, Sessions: 1234, Users: 1000, Samples: 9876543,
		Events: 5432, Unusual: 21, Repeated: 7, Days: 14, FailureCount: 9, Notes: []string{"the plan keeps 7 days"},
	}}}
	for _, f := range []extract.Failure{
		{What: "unusual events of 1999-12-31T05:00:00Z", Reason: "no answer at 5", Cause: "no answer"},
		{What: "unusual events of 1999-12-31T06:00:00Z", Reason: "no answer at 6", Cause: "no answer"},
		{What: "daily scale", Reason: "no plan"},
		{CommID: "a", RoomID: "r", Reason: "null 1", Cause: "null"}, {CommID: "b", RoomID: "r", Reason: "null 2", Cause: "null"},
		{CommID: "c", RoomID: "r", Reason: "null 3", Cause: "null"}, {CommID: "d", RoomID: "r", Reason: "null 4", Cause: "null"},
		{CommID: "e", RoomID: "r", Reason: "cut"},
	} {
		r.Apps[0].Failures = append(r.Apps[0].Failures, f)
	}
	asked(&r.Refused, `[{"Reason": "account b: the secret is wrong"}]`)
	r.Apps[0].Completed = 1234
	r.Counts = ask.NewCounts()
	r.Counts.Bytes = 345 << 20
	r.Counts.Requests["DescribeCallDetailInfo"], r.Counts.Requests["DescribeRoomInfo"] = 2000, 30
	r.Counts.Errors["RequestLimitExceeded"], r.Counts.Errors["InternalError"] = 1500, 2
	return r
}

func plan(now time.Time) *archive.Plan {
	deadline, first := now.Add(5*time.Hour), now.Add(26*time.Hour)
	return &archive.Plan{
		Calls: 12345, Due: 678, Waiting: 9, Sampled: 100, Seconds: 3725, Expiring: 12, Deadline: &deadline, FirstExpiring: &first,
		Requests:       map[string]int{"DescribeCallDetailInfo": 70775, "DescribeRoomInfo": 12, "DescribeUserEvent": 34567},
		Rates:          map[string]float64{"DescribeCallDetailInfo": 19, "DescribeRoomInfo": 19, "DescribeUserEvent": 19},
		SecondsWithout: map[string]float64{"user_events": 3000}, Notes: []string{"the vendor no longer has the days before"},
		Fewer: 1200,
		Daily: []archive.Daily{
			{Account: "account 1", Action: "DescribeUserEvent", Requests: 2_000_000, Quota: 1_728_000, Try: "CALLVAULT_USER_EVENTS=troubled"},
			{Account: "account 1", Action: "DescribeCallDetailInfo", Requests: 1_000_000, Quota: 1_728_000},
			{Account: "account 1", Action: "DescribeUnusualEvent", Requests: 24, Quota: 1_728_000},
		},
	}
}

func held(now time.Time) *status.Status {
	st := status.New(nil, now)
	ago := func(d time.Duration) *time.Time { t := now.Add(-d); return &t }
	st.Apps = []status.App{{App: app, WindowStart: now.Add(-3 * 24 * time.Hour)}}
	st.LastSuccess, st.LastArchived = ago(20*time.Hour), ago(19*time.Hour)
	st.Days = []status.Day{
		{App: app, Day: "1999-12-27", Calls: 1000, Archived: 999, Lost: 1, List: "final"},
		{App: app, Day: "1999-12-28", Calls: 1000, Archived: 990, Expired: 10, List: "final"},
		{App: app, Day: "1999-12-29", Calls: 123456, Archived: 123449, Provisional: 4, Incomplete: 2, Failed: 1, List: "final"},
		{App: app, Day: "1999-12-30", List: "none"},
		{App: app, Day: "1999-12-31", Calls: 70, Archived: 60, Pending: 10, List: "partial", ListedUntil: ago(0)},
	}
	st.EventsOf = map[ledger.EventsOf]uint64{ledger.EventsOfAll: 1000, ledger.EventsOfTroubled: 123456, ledger.EventsOfNobody: 1}
	unit := status.Unit{App: app, Kind: call.UnitCall, Key: long, State: ledger.Provisional, Reason: "the vendor answers null where data is due", Deadline: now.Add(36 * time.Hour), Attempts: 2}
	list, hour, day := unit, unit, unit
	list.Kind, list.Key, list.State, list.Deadline = call.UnitList, "1999-12-30", ledger.Failed, now.Add(-time.Hour)
	hour.Kind, hour.Key, hour.Attempts = call.UnitUnusual, "1999-12-30T05:00:00Z", 1
	day.Kind, day.Key, day.Reason = call.UnitScale, "1999-12-20T16:00:00Z", "nobody asked for it"
	st.AtRisk = status.Units{Count: 1234, NextDeadline: &list.Deadline, Units: []status.Unit{list, unit}}
	st.Waiting = status.Units{Count: 1, Units: []status.Unit{unit}}
	st.Failed = status.Units{Count: 2, Units: []status.Unit{list, hour}}
	st.Lost = status.Units{Count: 1, Units: []status.Unit{day}}
	st.Bytes["rooms"], st.Bytes["quality_samples"] = 1<<20, 5<<30
	st.Runs = []status.Command{
		{Command: "archive", LastSuccess: ago(20 * time.Hour), Last: status.Run{Outcome: runs.Done, Started: *ago(20 * time.Hour)}},
		{Command: "verify", Last: status.Run{Outcome: runs.Partial, Started: *ago(3 * time.Hour), Reason: strings.Repeat("something could not be compared; ", 4)}},
	}
	return st
}

func space(now time.Time) *status.Space {
	free, full := uint64(70<<30), now.Add(400*24*time.Hour)
	return &status.Space{
		Bytes: 30 << 30, Free: &free, NoMetric: "this server does not tell " + strings.Repeat("how much each takes ", 5),
		Forecast: []status.Rates{{Days: 14, PerDay: 100 << 20, InAYear: 65 << 30}, {Days: 1, PerDay: 170 << 20, InAYear: 90 << 30, DiskFull: &full}},
		Tables:   []status.Use{{Name: "quality_samples", Rows: 12345678901, Bytes: 29 << 30, Uncompressed: 300 << 30, PerRow: 2.52}, {Name: "user_sessions", Rows: 1234567, Bytes: 1 << 30, Uncompressed: 4 << 30, PerRow: 869.71}},
		Months:   []status.Use{{Name: "1999-12", Rows: 12345678901, Bytes: 29 << 30, Uncompressed: 300 << 30, PerRow: 2.52}},
	}
}

func verified(now time.Time) *verify.Report {
	r := &verify.Report{Seed: 7, Started: now.Add(-61 * time.Second), Ended: now, ScaleDays: 14, Requests: map[string]int{"DescribeRoomInfo": 1234}, Bytes: 5 << 20}
	x := &verify.Result{App: app, Listed: 1500, Calls: 50, Hours: 12, Days: 14, Waiting: 3, Expired: 1, Rows: map[string]uint64{"quality_samples": 1234567, "user_sessions": 89, "user_events": 1000}}
	x.Differences = []verify.Difference{
		{App: app, Kind: call.UnitCall, Key: long, Relation: "quality_samples", What: "12 rows are missing and 3 are too many", Mendable: true},
		{App: app, Kind: call.UnitUnusual, Key: "1999-12-30T05:00:00Z", Relation: "unusual_events", What: "1 row differs"},
	}
	for range 45 {
		x.Differences = append(x.Differences, verify.Difference{App: app, Kind: call.UnitCall, Key: "another", What: "is not in the archive", Mendable: true})
	}
	x.Unverified = []extract.Failure{{CommID: "u", RoomID: "r", Reason: "no answer"}}
	r.Apps = []*verify.Result{x}
	r.Warnings = []verify.Warning{
		{App: app, Day: now.Add(-40 * time.Hour), Vendor: verify.Counts{Rooms: 10, Entries: 20, Users: 15}, Archive: verify.Counts{Rooms: 10, Entries: 21, Users: 15}},
		{App: app, Day: now.Add(-64 * time.Hour), Vendor: verify.Counts{Rooms: 10, Entries: 20, Users: 15}, Archive: verify.Counts{Rooms: 1, Entries: 2, Users: 1}, Beyond: true, InReach: true},
	}
	r.Lacking = []verify.Lack{{App: app, Kind: call.UnitCall, Key: "l", Reason: "it was cut"}, {App: app, Kind: call.UnitList, Key: "1999-12-30", Reason: "no answer"}, {App: app, Kind: call.UnitCall, Key: "w", Waits: true}}
	return r
}

func backups(now time.Time) []backup.Note {
	taken := now.Add(-7 * 24 * time.Hour)
	full := backup.Note{Name: "1999-12-25T00-00-00Z-full", Kind: backup.Full, Taken: taken, Bytes: 30 << 30, Whole: 30 << 30, Verified: &now}
	next := backup.Note{Name: "1999-12-31T00-00-00Z-incremental", Kind: backup.Incremental, Base: full.Name, Taken: now, Bytes: 1 << 30, Whole: 31 << 30, Lost: "1999-12-29T00-00-00Z-full"}
	differs, gone, useless := full, full, next
	differs.Differs = []string{"rooms"}
	gone.Gone, useless.Gone = gone.Name, gone.Name
	return []backup.Note{full, next, differs, gone, useless}
}
