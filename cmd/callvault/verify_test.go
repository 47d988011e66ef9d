package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/summarytest"
	"github.com/callvault/callvault/verify"
)

// verify makes a verification and returns its report.
func (in *installation) verify(t *testing.T, wantCode int, args ...string) *verify.Report {
	t.Helper()
	code, out, errs := in.callvault(t.Context(), append([]string{"verify", "--json", "--quiet"}, args...)...)
	var r verify.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("verify: exit code %d: report: %v\n%s\n%s", code, err, out, errs)
	}
	if code != wantCode {
		t.Fatalf("verify: exit code %d, want %d\n%s\n%v\n%v", code, wantCode, errs, r.Lines(), r.Requests)
	}
	return &r
}

func (in *installation) exec(t *testing.T, q string, args ...any) {
	t.Helper()
	if err := both(in.store).Exec(t.Context(), q, args...); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

func (in *installation) strings(t *testing.T, q string, args ...any) []string {
	t.Helper()
	return archivetest.Strings(t, both(in.store), q, args...)
}

// planted is an error in the base tables, with the difference that verify must report.
type planted struct {
	name string
	sql  []string // %s: the unit's key
	want string   // relation: what; %s likewise
}

// ofCalls lists errors in calls, each planted in a call of its own.
var ofCalls = []planted{
	{"samples deleted", []string{"DELETE FROM quality_samples_data WHERE comm_id = '%s' AND toUnixTimestamp(ts) %% 7 = 0"}, "quality_samples: rows missing"},
	{"a session deleted", []string{"DELETE FROM user_sessions_data WHERE comm_id = '%s' AND user_id = (SELECT min(user_id) FROM user_sessions_data WHERE comm_id = '%[1]s')"}, "user_sessions: rows missing"},
	{"events twice", []string{"INSERT INTO user_events_data SELECT * FROM user_events_data WHERE comm_id = '%s'"}, "user_events: rows too many"},
	{"the room twice, in no load", []string{"INSERT INTO rooms_data SELECT * REPLACE (0 AS load_id) FROM rooms_data WHERE comm_id = '%s'"}, "rooms: rows too many"},
	{"a value altered", []string{"ALTER TABLE quality_samples_data UPDATE number = number + 1 WHERE comm_id = '%s' AND metric = 'appCpu' SETTINGS mutations_sync = 2"}, "quality_samples: values differ"},
	{"an address altered", []string{"ALTER TABLE user_sessions_data UPDATE client_ip = '192.0.2.1' WHERE comm_id = '%s' SETTINGS mutations_sync = 2"}, "user_sessions: values differ"},
	{"the call gone", everywhere("DELETE FROM %s WHERE comm_id = '%%s'", "DELETE FROM %s WHERE key = '%%s'"), ": missing from the archive"},
	{"the call unknown to the ledger", []string{"DELETE FROM ledger_units WHERE key = '%s'", "DELETE FROM ledger_parts WHERE key = '%s'"}, ": missing from the archive"},
}

// everywhere is a statement for each table of calls and of the ledger.
func everywhere(data, ledger string) (all []string) {
	for _, table := range []string{"rooms_data", "user_sessions_data", "quality_samples_data", "user_events_data"} {
		all = append(all, fmt.Sprintf(data, table))
	}
	return append(all, fmt.Sprintf(ledger, "ledger_units"), fmt.Sprintf(ledger, "ledger_parts"))
}

// ofOthers lists errors in hours and days.
var ofOthers = []planted{
	{"events of an hour deleted", []string{"DELETE FROM unusual_events_data WHERE sdk_app_id = 1400353843 AND toStartOfHour(ts) = parseDateTimeBestEffort('%s', 'UTC')"}, "unusual_events: rows missing"},
	{"an hour twice", []string{"INSERT INTO unusual_events_data SELECT * FROM unusual_events_data WHERE sdk_app_id = 1400353843 AND toStartOfHour(ts) = parseDateTimeBestEffort('%s', 'UTC')"}, "unusual_events: rows too many"},
	{"an hour gone", []string{"DELETE FROM unusual_events_data WHERE sdk_app_id = 1400353843 AND toStartOfHour(ts) = parseDateTimeBestEffort('%s', 'UTC')", "DELETE FROM ledger_units WHERE sdk_app_id = 1400353843 AND key = '%s' AND kind = 'unusual'"}, ": missing from the archive"},
}

func (in *installation) plant(t *testing.T, p planted, key string) string {
	t.Helper()
	for _, q := range p.sql {
		in.exec(t, fmt.Sprintf(q, key)+awaited(q))
	}
	return key + " " + p.want
}

// awaited makes a lightweight delete wait.
func awaited(q string) string {
	if strings.HasPrefix(q, "DELETE") {
		return " SETTINGS lightweight_deletes_sync = 2"
	}
	return ""
}

// found returns the differences of a report in the form of plant.
func found(r *verify.Report) (all []string) {
	for _, d := range r.Differences() {
		what := strings.TrimPrefix(strings.TrimLeft(d.What, "0123456789 "), fmt.Sprintf("of %d ", d.Vendor))
		all = append(all, fmt.Sprintf("%s %s: %s", d.Key, d.Relation, strings.TrimSuffix(what, ", in pairs")))
	}
	slices.Sort(all)
	return all
}

// TestLongVerifyFindsAndRepairsWhatWasPlanted alters the base tables behind the program's
// back. verify must name exactly these alterations, and the repair must leave the tables equal
// to the truth.
func TestLongVerifyFindsAndRepairsWhatWasPlanted(t *testing.T) {
	t.Parallel()
	seed := setting(t, "CALLVAULT_SEED", uint64(time.Now().UnixNano()))
	t.Logf("seed %d", seed)
	in := install(t, simulator.Options{Seed: seed, Calls: 64, Mix: simulator.MixAll, Apps: []uint32{1400353843, 1400353844}, QPS: -1})
	in.archive(t, exitDone)
	r := in.verify(t, exitDone, "--all")
	if r.Apps[0].Calls+r.Apps[1].Calls < 48 || r.Apps[0].Hours < 330 || r.ScaleDays < 20 || len(r.Warnings) > 0 {
		t.Errorf("compared %+v, %+v, %d days, warnings %v", r.Apps[0], r.Apps[1], r.ScaleDays, r.Warnings)
	}

	calls := in.strings(t, `SELECT comm_id FROM rooms WHERE comm_id IN (SELECT key FROM ledger_units FINAL WHERE state = 'archived')
		AND comm_id IN (SELECT comm_id FROM user_events) AND comm_id IN (SELECT comm_id FROM quality_samples WHERE metric = 'appCpu') ORDER BY cityHash64(comm_id)`)
	hours := in.strings(t, `SELECT DISTINCT formatDateTime(toStartOfHour(ts), '%Y-%m-%dT%H:%i:%SZ') FROM unusual_events WHERE sdk_app_id = 1400353843 AND ts > now() - INTERVAL 13 DAY AND ts < now() - INTERVAL 1 DAY`)
	if len(calls) < len(ofCalls) || len(hours) < len(ofOthers) {
		t.Fatalf("%d calls, %d hours", len(calls), len(hours))
	}
	var want []string
	for i, p := range ofCalls {
		want = append(want, in.plant(t, p, calls[i]))
	}
	for i, p := range ofOthers {
		want = append(want, in.plant(t, p, hours[i]))
	}
	day := in.strings(t, "SELECT formatDateTime(day_start, '%Y-%m-%dT%H:%i:%SZ') FROM daily_scale WHERE sdk_app_id = 1400353843 ORDER BY day_start LIMIT 1 OFFSET 5")[0]
	in.exec(t, "ALTER TABLE daily_scale_data UPDATE user_count = user_count + 1 WHERE sdk_app_id = 1400353843 AND day_start = parseDateTimeBestEffort(?, 'UTC') SETTINGS mutations_sync = 2", day)
	want = append(want, day+" daily_scale: values differ")
	slices.Sort(want)

	r = in.verify(t, exitPartial, "--all")
	if got := found(r); !slices.Equal(got, want) {
		t.Errorf("found\n%s\nplanted\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(r.Warnings) == 0 {
		t.Error("no warning about the day and the sessions and the rooms that are missing")
	}
	r = in.verify(t, exitDone, "--all", "--repair")
	if !r.Equal || len(r.AfterRepair) != 2 {
		t.Errorf("after the repair: %v", r.Lines())
	}
	compare(t, in.store, in.truth)
	summarytest.Check(t, in.store.StoreConn())
	if r = in.verify(t, exitDone, "--sample", "5", "--strict"); len(r.Warnings) > 0 {
		t.Errorf("warnings %v", r.Warnings)
	}
}

// TestLongVerifySample compares the lists in full and a sample of the calls, which
// the seed decides.
func TestLongVerifySample(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 11, Calls: 60, QPS: -1})
	in.archive(t, exitDone)
	whole := in.strings(t, `SELECT comm_id FROM rooms WHERE comm_id IN (SELECT key FROM ledger_units FINAL WHERE state = 'archived') ORDER BY cityHash64(comm_id)`)
	in.exec(t, "DELETE FROM user_sessions_data WHERE comm_id IN (SELECT key FROM ledger_units FINAL WHERE state = 'archived') SETTINGS lightweight_deletes_sync = 2")
	for _, table := range []string{"rooms_data", "ledger_units"} {
		in.exec(t, fmt.Sprintf("DELETE FROM %s WHERE %s = '%s' SETTINGS lightweight_deletes_sync = 2", table, map[bool]string{true: "comm_id", false: "key"}[table == "rooms_data"], whole[0]))
	}
	in.exec(t, "INSERT INTO rooms_data SELECT * REPLACE ('not the vendor''s' AS comm_id) FROM (SELECT * REPLACE (7 AS load_id) FROM rooms_data WHERE comm_id = ?)", whole[1])
	r := in.verify(t, exitPartial, "--sample", "3", "--seed", "5")
	want := []string{whole[0] + " : missing from the archive", "not the vendor's rooms: the vendor does not list it"}
	for _, f := range found(r) {
		if strings.HasSuffix(f, "user_sessions: rows missing") {
			want = append(want, f)
		}
	}
	slices.Sort(want)
	if got := found(r); !slices.Equal(got, want) || len(got) != 5 || r.Apps[0].Calls != 3 {
		t.Errorf("found %q, want %q", got, want)
	}
	if again := in.verify(t, exitPartial, "--sample", "3", "--seed", "5"); !slices.Equal(found(again), found(r)) {
		t.Errorf("the same seed found %q, then %q", found(r), found(again))
	}
	if n := r.Requests["DescribeCallDetailInfo"]; n == 0 || n > 400 {
		t.Errorf("requests %v", r.Requests)
	}
	// Nothing is deleted on the vendor's word.
	code, out, errs := in.callvault(t.Context(), "verify", "--all", "--repair")
	if code != exitPartial || !strings.Contains(out, "list it; stays") || !strings.Contains(errs, "1 difference, named above") {
		t.Errorf("exit code %d\n%s\n%s", code, out, errs)
	}
	narrowColumns(t, out)
	in.exec(t, "DELETE FROM rooms_data WHERE comm_id = 'not the vendor''s' SETTINGS lightweight_deletes_sync = 2")
	compare(t, in.store, in.truth)
	summarytest.Check(t, in.store.StoreConn())
}

// TestVerifyWithoutArchive has nothing to compare.
func TestVerifyWithoutArchive(t *testing.T) {
	in := install(t, simulator.Options{Seed: 1, Calls: 1})
	code, _, errs := in.callvault(t.Context(), "verify")
	if code != exitFailed || !strings.HasPrefix(errs, "callvault: nothing is archived yet") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}

// TestVerifyAtTheEdge checks that a repair leaves a call alone that began before the retention
// window: fetched again it would lose its beginning.
func TestVerifyAtTheEdge(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 10, Straddle: true, QPS: -1})
	in.archive(t, exitDone)
	if r := in.verify(t, exitDone, "--all"); r.Apps[0].Calls != 11 {
		t.Errorf("compared %+v", r.Apps[0])
	}
	in.exec(t, "DELETE FROM quality_samples_data WHERE comm_id = (SELECT comm_id FROM rooms_data ORDER BY created_at LIMIT 1) AND metric = 'appCpu' SETTINGS lightweight_deletes_sync = 2")
	r := in.verify(t, exitPartial, "--all", "--repair")
	if got := found(r); len(got) != 1 || !strings.HasSuffix(got[0], " quality_samples: rows missing") || r.Differences()[0].Mendable {
		t.Errorf("found %q", got)
	}
	if n := in.strings(t, "SELECT toString(count()) FROM ledger_units FINAL WHERE kind = 'call' AND state != 'archived'"); n[0] != "0" {
		t.Errorf("%s calls changed", n[0])
	}
}

// TestVerifyByDailyCounts deletes a day that the vendor has dropped. Only the daily counts show
// the loss. Smaller differences are warnings.
func TestVerifyByDailyCounts(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 61, Calls: 90, Retention: 8 * 24 * time.Hour, QPS: -1})
	in.archive(t, exitDone)
	in.env = append(in.env, "CALLVAULT_RETENTION=3d")
	if r := in.verify(t, exitDone); r.ScaleDays < 6 || len(r.Warnings) > 0 {
		t.Fatalf("%d days, warnings %v", r.ScaleDays, r.Warnings)
	}
	day := in.strings(t, "SELECT toString(toUnixTimestamp(day_start)) FROM daily_scale WHERE day_start < now() - INTERVAL 5 DAY AND room_numbers > 3 ORDER BY day_start DESC LIMIT 1")[0]
	ids := in.strings(t, "SELECT comm_id FROM rooms WHERE toUnixTimestamp(created_at) BETWEEN "+day+" AND "+day+" + 86399 ORDER BY comm_id")
	in.exec(t, "DELETE FROM rooms_data WHERE comm_id = ? SETTINGS lightweight_deletes_sync = 2", ids[0])
	r := in.verify(t, exitDone)
	if len(r.Warnings) != 1 || r.Warnings[0].Beyond || !r.Equal {
		t.Errorf("one room less: %v, equal %v", r.Warnings, r.Equal)
	}
	in.verify(t, exitPartial, "--strict")
	for _, id := range ids {
		for _, table := range []string{"rooms_data", "user_sessions_data"} {
			in.exec(t, "DELETE FROM "+table+" WHERE comm_id = ? SETTINGS lightweight_deletes_sync = 2", id)
		}
	}
	r = in.verify(t, exitPartial)
	if len(r.Differences())+len(r.Unverified()) > 0 || len(r.Beyond()) != 1 || r.Beyond()[0].InReach || r.Equal || r.EqualOf(r.Apps[0].App) {
		t.Errorf("a day gone: %v, %v, equal %v", r.Lines(), r.Warnings, r.Equal)
	}
	code, out, errs := in.callvault(t.Context(), "verify")
	for _, text := range []string{" differ, 1 too much", "│ ! │", "the vendor has dropped 1 of these days: only a backup can mend it", "no row differs, but the counts of 1 day do: calls may be missing"} {
		if code != exitPartial || !strings.Contains(out, text) || !strings.Contains(errs, "differ in the daily counts of 1 day") {
			t.Errorf("exit code %d: want %q in\n%s\n%s", code, text, out, errs)
		}
	}
	narrowColumns(t, out)
}

// narrowColumns checks that a page fits a terminal.
func narrowColumns(t *testing.T, page string) {
	t.Helper()
	for line := range strings.Lines(page) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestLongVerifyCounts removes half of the calls from the archive. The vendor's own counts show
// the loss, and the printed command mends it.
func TestLongVerifyCounts(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 62, Calls: 160, Retention: 4 * 24 * time.Hour, QPS: -1})
	in.env = append(in.env, "CALLVAULT_USER_EVENTS=off")
	in.archive(t, exitDone)
	for _, table := range []string{"rooms_data", "user_sessions_data"} {
		in.exec(t, "DELETE FROM "+table+" WHERE cityHash64(comm_id) % 2 = ? SETTINGS lightweight_deletes_sync = 2", "0")
	}
	r := in.verify(t, exitPartial, "--sample", "0")
	if len(r.Differences()) == 0 || len(r.Beyond()) == 0 || !r.Beyond()[0].InReach || r.Equal {
		t.Errorf("%d differences, days %v", len(r.Differences()), r.Warnings)
	}
	_, out, _ := in.callvault(t.Context(), "verify", "--sample", "0")
	_, try, _ := strings.Cut(out, "to fetch them again: callvault ")
	try, _, _ = strings.Cut(try, "\n")
	if code, _, errs := in.callvault(t.Context(), strings.Fields(try)...); code != exitDone {
		t.Fatalf("%q: exit code %d\n%s\n%s", try, code, errs, out)
	}
	in.verify(t, exitDone, "--sample", "0", "--repair")
}

// TestLongVerifyNamesWhatIsLacking has calls with parts set aside. The report names them, they
// are no differences, and the archive is not equal until the parts have come.
func TestLongVerifyNamesWhatIsLacking(t *testing.T) {
	t.Parallel()
	in, all := poisoned(t)
	in.vendor.forget()
	in.archive(t, exitPartial)
	met := in.vendor.metPoison(all)
	var want []string
	for _, id := range met {
		if !waits(all, id) {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	r := in.verify(t, exitPartial, "--all")
	if len(r.Differences()) > 0 || len(r.Unverified()) < len(want) || r.Equal {
		t.Errorf("as the vendor is: %d calls set aside: %v", len(want), r.Lines())
	}
	if err := in.vendor.SetFaults(simulator.Faults{}); err != nil {
		t.Fatal(err)
	}
	r = in.verify(t, exitPartial, "--sample", "0")
	var got []string
	for _, l := range r.Missing() {
		got = append(got, l.Key)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) || len(r.Differences())+len(r.Unverified())+len(r.Beyond()) > 0 || r.Equal || r.EqualOf(r.Apps[0].App) {
		t.Errorf("lacking %q, want %q; %v", got, want, r.Lines())
	}
	for _, l := range r.Waiting() {
		if !waits(all, l.Key) {
			t.Errorf("%+v waits", l)
		}
	}
	code, out, errs := in.callvault(t.Context(), "verify", "--sample", "0")
	if text := fmt.Sprintf("no row differs, but %d calls have parts set aside", len(want)); code != exitPartial || !strings.Contains(out, text) || !strings.Contains(errs, "could not be archived") {
		t.Errorf("exit code %d\n%s\n%s", code, out, errs)
	}
	in.archive(t, exitDone)
	if r = in.verify(t, exitDone, "--all"); len(r.Lacking) > 0 || !r.Equal {
		t.Errorf("when all has come: %v", r.Lacking)
	}
}

// TestVerifyNamesDaysNotListed checks the report of days whose calls cannot be listed.
func TestVerifyNamesDaysNotListed(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 63, Calls: 24, Retention: 6 * 24 * time.Hour, QPS: -1})
	failing := func() (days []string) {
		for age := range 7 {
			if at := time.Now().UTC().AddDate(0, 0, -age); in.vendor.FailingDay(simulator.DefaultApp, at) {
				days = append(days, at.Format(time.DateOnly))
			}
		}
		slices.Sort(days)
		return days
	}
	today, oldest := time.Now().UTC().Format(time.DateOnly), time.Now().UTC().AddDate(0, 0, -6).Format(time.DateOnly)
	for seed := uint64(0); len(failing()) != 1 || slices.Contains([]string{today, oldest}, failing()[0]); seed++ {
		if err := in.vendor.SetFaults(simulator.Faults{Seed: seed, FailingDays: 0.2}); err != nil {
			t.Fatal(err)
		}
	}
	days := failing()
	in.archive(t, exitPartial)
	if r := in.verify(t, exitPartial, "--sample", "0"); len(r.Differences())+len(r.Beyond()) > 0 || len(r.Unverified()) == 0 {
		t.Errorf("as the vendor is: %v", r.Lines())
	}
	if err := in.vendor.SetFaults(simulator.Faults{}); err != nil {
		t.Fatal(err)
	}
	r := in.verify(t, exitPartial, "--sample", "0")
	lists := slices.DeleteFunc(r.Missing(), func(l verify.Lack) bool { return l.Kind != call.UnitList })
	if len(lists) != 1 || lists[0].Key != days[0] || len(r.Beyond()) > 0 || r.Equal {
		t.Errorf("lacking %+v, want the list of %q; beyond noise %v", r.Missing(), days, r.Beyond())
	}
	in.archive(t, exitDone)
	if r := in.verify(t, exitDone, "--all"); len(r.Lacking)+len(r.Warnings) > 0 {
		t.Errorf("when all is listed: %v, %v", r.Lacking, r.Warnings)
	}
}
