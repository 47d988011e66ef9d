//go:build cluster

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/status"
)

var manyDigits = regexp.MustCompile(`(\.\d{4})\d{6,}`)

// exported returns the lines of the files that an export writes, by relation, in order.
func exported(t *testing.T, in *installation) map[string][]string {
	t.Helper()
	lake := t.TempDir()
	if code, _, errs := in.callvault(t.Context(), "export", lake, "--format", "csv", "-r", "rooms,user_sessions,user_events,unusual_events,daily_scale,calls,call_minutes"); code != exitDone {
		t.Fatalf("export: exit code %d\n%s", code, errs)
	}
	all := map[string][]string{}
	files, err := filepath.Glob(filepath.Join(lake, "*", "*", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		of := strings.Split(strings.TrimPrefix(file, lake), string(filepath.Separator))[1]
		rounded := manyDigits.ReplaceAllString(strings.TrimSpace(string(text)), "$1") // sums of doubles depend on the order of parts
		all[of] = append(all[of], strings.Split(rounded, "\n")...)
	}
	for _, lines := range all {
		slices.Sort(lines)
	}
	return all
}

// TestClusterCommands gives the commands that read and change an archive a cluster. What they
// find and leave is what they find and leave on one server.
func TestClusterCommands(t *testing.T) {
	f := installFleet(t, 2, 2, simulator.Options{Seed: 12, Calls: 20, Mix: simulator.MixAll, Troubles: true, QPS: -1})
	f.now = frozen(f.at)
	f.archive(t, exitDone)
	one := f.never(t)
	same := func(when string) {
		t.Helper()
		for _, n := range f.Nodes() {
			pair{f.atNode(t, n, "trtc"), one}.same(t, when+", "+n.String(), severalRows)
		}
	}
	same("archived")
	if diff := cmp.Diff(exported(t, one), exported(t, f.installation)); diff != "" {
		t.Errorf("export (-one server +cluster):\n%.3000s", diff)
	}
	var here, there status.Space
	for in, space := range map[*installation]*status.Space{f.installation: &here, one: &there} {
		code, out, errs := in.callvault(t.Context(), "status", "--space", "--json")
		if err := json.Unmarshal([]byte(out), space); code != exitDone || err != nil {
			t.Fatalf("status --space: exit code %d, %v\n%s", code, err, errs)
		}
	}
	rows := func(s status.Space) (months uint64, metrics map[string]uint64) {
		metrics = map[string]uint64{}
		for _, m := range s.Months {
			months += m.Rows
		}
		for _, m := range s.Metrics {
			metrics[m.Name] = m.Rows
		}
		return months, metrics
	}
	gotMonths, gotMetrics := rows(here)
	wantMonths, wantMetrics := rows(there)
	if diff := cmp.Diff(wantMetrics, gotMetrics); diff != "" || gotMonths != wantMonths || len(wantMetrics) == 0 {
		t.Errorf("status --space has %d samples, want %d; metrics (-one server +cluster):\n%s", gotMonths, wantMonths, diff)
	}
	for _, in := range []*installation{f.installation, one} {
		if code, out, errs := in.callvault(t.Context(), "replay"); code != exitDone {
			t.Fatalf("replay: exit code %d\n%s%s", code, out, errs)
		}
	}
	same("replayed")
	f.must(t, "verify", "--all", "--strict")
	f.must(t, "status")

	for in, reads := range map[*installation]*installation{f.installation: f.atNode(t, f.Nodes()[0], "trtc"), one: one} {
		reads.exec(t, "INSERT INTO quality_thresholds (measure, good, poor, serious) VALUES ('rtt', 1, 2, 300)")
		if code, out, errs := in.callvault(t.Context(), "judge"); code != exitDone || !strings.Contains(errs, "graded by") {
			t.Fatalf("judge: exit code %d\n%s%s", code, out, errs)
		}
	}
	same("judged by other limits")

	for _, in := range []*installation{f.installation, one} {
		in.env = append(in.env, "CALLVAULT_RETENTION=2d", "CALLVAULT_KEEP=5d")
		in.archive(t, exitDone)
	}
	same("expired")
	if n := one.number(t, "SELECT count() FROM ledger_units WHERE state = 'expired'"); n == 0 {
		t.Error("nothing has expired")
	}
	f.must(t, "verify", "--all", "--strict")
	for _, n := range f.Nodes() {
		in := f.atNode(t, n, "trtc")
		await(t, "other replicas to delete a little later", func() bool {
			return in.number(t, "SELECT count() FROM trtc_store.quality_samples_data_shard WHERE comm_id IN (SELECT key FROM trtc_store.ledger_units FINAL WHERE kind = 'call' AND state = 'expired')") == 0
		})
	}
}
