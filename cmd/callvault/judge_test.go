package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/embeddedtest"
)

// judgedBy returns the limits that rows were judged by, of each table.
func (in *installation) judgedBy(t *testing.T) string {
	t.Helper()
	var all []string
	for _, table := range []string{"calls_data", "call_users_data", "peer_quality_data"} {
		all = append(all, in.strings(t, "SELECT DISTINCT toString(judged_by) FROM "+table+" ORDER BY 1")...)
	}
	return strings.Join(all, ", ")
}

// TestJudge changes limits of quality in all ways that there are. Calls that were archived
// before then have the grades of an archive that had the limits from the beginning.
func TestJudge(t *testing.T) {
	t.Parallel()
	o := simulator.Options{Seed: 9, Calls: 10, Mix: simulator.MixAll, Troubles: true, QPS: -1}
	in := install(t, o)
	in.now = frozen(time.Now()) // what a pass settles depends on when it asks
	always := installAt(t, in.vendor, embeddedtest.Database(t), in.now())
	always.now = in.now
	if code, _, errs := always.callvault(t.Context(), "migrate", "up"); code != exitDone {
		t.Fatal(errs)
	}
	const set = "INSERT INTO quality_thresholds (measure, good, poor, serious) VALUES "
	same := func(when, limits string) {
		t.Helper()
		if got, want := in.judgedBy(t), fmt.Sprintf("%[1]s, %[1]s, %[1]s", limits); got != want {
			t.Fatalf("%s: judged by %s, want %s", when, got, want)
		}
		pair{in, always}.same(t, when, "ledger") // which shows how many passes there were
	}
	in.archive(t, exitDone)
	before := in.strings(t, "SELECT toString((comm_id, grade, quality_score)) FROM calls ORDER BY 1")
	if code, out, errs := in.callvault(t.Context(), "judge"); code != exitDone || !strings.Contains(errs, "nothing to do") {
		t.Errorf("judge: exit code %d\n%s%s", code, out, errs)
	}

	for _, x := range []*installation{in, always} {
		if code, out, errs := x.callvault(t.Context(), "sql", "--write", set+"('rtt', 1, 2.5, 1e3)"); code != exitDone {
			t.Fatalf("exit code %d\n%s%s", code, out, errs)
		}
	}
	always.archive(t, exitDone)
	same("changed by callvault sql", "2 5 10 1 5 10 15 10 5 1 2.5 1000 60 85 95")
	if after := in.strings(t, "SELECT toString((comm_id, grade, quality_score)) FROM calls ORDER BY 1"); strings.Join(after, " ") == strings.Join(before, " ") {
		t.Errorf("a round trip of 2.5 ms is poor, and nothing has changed: %s", after)
	}

	for _, x := range []*installation{in, always} {
		x.exec(t, set+"('fps', 30, 29, 28)")
	}
	in.archive(t, exitDone)
	if code, out, errs := always.callvault(t.Context(), "judge"); code != exitDone || !strings.Contains(errs, "graded by") {
		t.Errorf("judge: exit code %d\n%s%s", code, out, errs)
	}
	same("the next pass, and callvault judge", "2 5 10 1 5 10 30 29 28 1 2.5 1000 60 85 95")

	for _, table := range []string{"peer_quality_data", "call_users_data"} { // a writer that read the limits before the change has inserted late
		in.exec(t, "ALTER TABLE "+table+" UPDATE judged_by = '2 5 10 1 5 10 15 10 5 100 200 400 60 85 95' WHERE 1 SETTINGS mutations_sync = 2")
		in.archive(t, exitDone)
		same("rows of "+table+" by old limits", "2 5 10 1 5 10 30 29 28 1 2.5 1000 60 85 95")
	}

	for _, x := range []*installation{in, always} { // as if it were killed after the first table
		x.exec(t, "TRUNCATE TABLE quality_thresholds")
		x.exec(t, "ALTER TABLE peer_quality_data UPDATE judged_by = '0 0 0 0 0 0 0 0 0 0 0 0 0 0 0' WHERE 1 SETTINGS mutations_sync = 2")
		x.archive(t, exitDone)
	}
	same("no limits", "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0")
	if got := in.strings(t, "SELECT DISTINCT grade FROM calls"); strings.Join(got, "") != "unknown" {
		t.Errorf("no limits, and grades %s", got)
	}
}
