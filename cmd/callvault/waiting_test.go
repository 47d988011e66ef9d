package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/summarytest"
)

// muted installs a vendor that answers null for the series of some users. It returns the users
// who must have samples.
func muted(t *testing.T) (in *installation, mutes []simulator.Mute) {
	t.Helper()
	in = install(t, simulator.Options{Seed: 51, Calls: 24, QPS: -1, Retention: 72 * time.Hour})
	if err := in.vendor.SetFaults(simulator.Faults{Seed: 4, Mute: 0.3}); err != nil {
		t.Fatal(err)
	}
	mutes = in.vendor.Muted()
	halves := slices.DeleteFunc(slices.Clone(mutes), func(m simulator.Mute) bool { return !m.Half })
	if n := len(mutes); n < 4 || n > 12 || len(halves) == 0 || len(halves) == n {
		t.Fatalf("%d calls are muted, %d by half", n, len(halves))
	}
	return in, mutes
}

// withoutMuted compares all relations with the truth, without the samples of users whose
// series were null.
func (in *installation) withoutMuted(t *testing.T, mutes []simulator.Mute) {
	t.Helper()
	users := map[[2]string]bool{}
	var names []string
	for _, m := range mutes {
		users[[2]string{m.CommID, m.UserID}] = true
		names = append(names, fmt.Sprintf("('%s', '%s')", m.CommID, m.UserID))
	}
	others := "(SELECT * FROM quality_samples WHERE (comm_id, user_id) NOT IN (" + strings.Join(names, ", ") + "))"
	compareOthers(t, in.store, in.truth, func(relation string) string { return relation })
	compareSamples(t, in.store, others, func(yield func(simulator.QualitySample) bool) {
		for r := range in.truth.QualitySamples() {
			if !users[[2]string{r.CommID, r.UserID}] && !yield(r) {
				return
			}
		}
	})
	due := map[[2]string]int{}
	for r := range in.truth.QualitySamples() {
		due[[2]string{r.CommID, r.UserID}]++
	}
	for _, m := range mutes {
		var n uint64
		if err := both(in.store).QueryRow(t.Context(), "SELECT count() FROM quality_samples WHERE comm_id = ? AND user_id = ?", m.CommID, m.UserID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if all := due[[2]string{m.CommID, m.UserID}]; m.Half && (int(n) < all/5 || int(n) > all*4/5) || !m.Half && int(n) > all/100 {
			t.Errorf("%+v: %d samples of %d", m, n, all)
		}
	}
}

// waitingCalls returns the ledger's entries of waiting calls, and the users they wait for.
func (in *installation) waitingCalls(t *testing.T, attempts int, mutes []simulator.Mute) {
	t.Helper()
	var want []string
	for _, m := range mutes {
		want = append(want, m.CommID+" "+m.UserID)
	}
	const q = `SELECT DISTINCT key || ' ' || splitByChar(' ', p.part_key)[2] FROM ledger AS p
		JOIN (SELECT key, attempts FROM ledger WHERE kind = 'call' AND part = '' AND state = 'provisional' AND reason != '') AS u USING (key)
		WHERE kind = 'call' AND part = 'series' AND state = 'failed' AND reason LIKE '%null where data is due%' AND u.attempts = ? ORDER BY 1`
	if got := in.strings(t, q, attempts); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("after %d attempts there wait %q, want %q", attempts, got, want)
	}
	st, page := in.status(t)
	if st.Waiting.Count != len(mutes) || st.Failed.Count != 0 || st.Lost.Count != 0 || st.AtRisk.Count < len(mutes) {
		t.Errorf("status: lost %+v, failed %+v, at risk %d, waiting %+v", st.Lost, st.Failed, st.AtRisk.Count, st.Waiting)
	}
	for _, u := range st.Waiting.Units {
		if !u.Deadline.Equal(u.StartsAt.Add(72*time.Hour)) && u.Deadline.Sub(u.StartsAt) > 77*time.Hour {
			t.Errorf("status: %+v", u)
		}
	}
	if len(mutes) > 0 && !strings.Contains(page, "waiting for what the vendor answers null") {
		t.Errorf("the page does not say what waits:\n%s", page)
	}
	if p := in.forecast(t); p.Waiting != len(mutes) {
		t.Errorf("plan: %d wait, want %d", p.Waiting, len(mutes))
	}
}

// pass makes a pass that succeeds without a notification.
func (in *installation) waitingPass(t *testing.T, waiting int) *archive.Report {
	t.Helper()
	in.vendor.forget()
	s := in.archive(t, exitDone)
	if n := s.Total().Waiting; n != waiting || s.Total().FailureCount > 0 || s.Total().Lost > 0 {
		t.Errorf("%d calls wait, want %d; failures %+v", n, waiting, s.Total().Failures)
	}
	notes := strings.Join(s.Apps[0].Notes, "\n")
	if said := strings.Contains(notes, "for data that the vendor has not sent"); said != (waiting > 0) {
		t.Errorf("notes %q, though %d wait", notes, waiting)
	}
	if r := in.runs(t, runs.Filter{Command: archive.Command, Limit: 1})[0]; r.Outcome != runs.Done || len(r.Complete) != 1 {
		t.Errorf("run %+v", r)
	}
	return s
}

// TestLongWaitingCalls checks calls with series that are null. Their other rows are visible at
// once, later passes ask only for these series, and complete the calls when the series come.
func TestLongWaitingCalls(t *testing.T) {
	t.Parallel()
	in, mutes := muted(t)
	for attempt := 1; attempt < decide.AcceptNullAfter; attempt++ {
		in.waitingPass(t, len(mutes))
		if calls, _ := in.vendor.noted(); attempt > 1 {
			in.asksForMuted(t, calls, mutes)
		}
		in.withoutMuted(t, mutes)
		in.waitingCalls(t, attempt, mutes)
	}
	if code, _, errs := in.callvault(t.Context(), "replay", "--quiet"); code != exitDone {
		t.Errorf("replay: exit code %d\n%s", code, errs)
	}
	in.withoutMuted(t, mutes)
	in.verify(t, exitDone, "--all")
	if err := in.vendor.SetFaults(simulator.Faults{}); err != nil {
		t.Fatal(err)
	}
	in.waitingPass(t, 0)
	compare(t, in.store, in.truth)
	calls, _ := in.vendor.noted()
	in.asksForMuted(t, calls, mutes)
	in.waitingCalls(t, 0, nil)
	in.verify(t, exitDone, "--all")
}

// asksForMuted checks that only series of the calls were asked for.
func (in *installation) asksForMuted(t *testing.T, calls map[string]map[string]int, mutes []simulator.Mute) {
	t.Helper()
	waits := map[string]bool{}
	for _, m := range mutes {
		waits[m.CommID] = true
		if n := calls[m.CommID]; in.settled(m.CommID) && (n["DescribeCallDetailInfo"] == 0 || len(n) != 1) {
			t.Errorf("%+v: asked for %v", m, n)
		}
	}
	for id, n := range calls {
		if !waits[id] && in.settled(id) {
			t.Errorf("%s, which is archived for good: asked for %v", id, n)
		}
	}
}

// TestLongBelievedCalls checks that null counts as an answer after three passes got it.
func TestLongBelievedCalls(t *testing.T) {
	t.Parallel()
	in, mutes := muted(t)
	for range decide.AcceptNullAfter {
		in.waitingPass(t, len(mutes))
	}
	in.waitingCalls(t, decide.AcceptNullAfter, mutes)
	s := in.waitingPass(t, 0)
	if notes := s.Apps[0].Notes; len(notes) != 1 || !strings.Contains(notes[0], "accepted as an answer") || !strings.Contains(notes[0], " more") {
		t.Errorf("notes %q", notes)
	}
	in.withoutMuted(t, mutes)
	got := in.strings(t, "SELECT key FROM ledger WHERE kind = 'call' AND part = '' AND state = 'archived' AND reason LIKE '%in 4 passes: accepted as an answer' ORDER BY key")
	var want []string
	for _, m := range mutes {
		want = append(want, m.CommID)
	}
	if !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("archived with what there is: %q, want %q", got, want)
	}
	in.waitingPass(t, 0)
	if calls, _ := in.vendor.noted(); len(calls) > 3 {
		t.Errorf("asked about %d calls", len(calls))
	}
	in.archive(t, exitDone, "--again")
	in.withoutMuted(t, mutes)
	if err := in.vendor.SetFaults(simulator.Faults{}); err != nil {
		t.Fatal(err)
	}
	in.archive(t, exitDone, "--again")
	compare(t, in.store, in.truth)
}

// TestAgainKeepsWhatWasHeld asks for everything again. Calls for which the vendor now has less
// data stay as they were.
func TestAgainKeepsWhatWasHeld(t *testing.T) {
	t.Parallel()
	in, mutes := muted(t)
	faults := in.vendor.Faults()
	if err := in.vendor.SetFaults(simulator.Faults{}); err != nil {
		t.Fatal(err)
	}
	in.waitingPass(t, 0)
	if err := in.vendor.SetFaults(faults); err != nil {
		t.Fatal(err)
	}
	s := in.archive(t, exitPartial, "--again")
	if n := s.Total().FailureCount; n != len(mutes) || !strings.Contains(s.Total().Failures[0].Reason, "keeps what it had") {
		t.Errorf("%d failures, want %d: %+v", n, len(mutes), s.Total().Failures)
	}
	compare(t, in.store, in.truth)
	in.waitingPass(t, 0)
}

// TestNullEvents lets the vendor answer null for the event logs of some calls.
func TestNullEvents(t *testing.T) {
	t.Parallel()
	null := true
	in := install(t, simulator.Options{Seed: 52, Calls: 5, QPS: -1, Fault: func(a simulator.Asked) simulator.FaultKind {
		if null && a.Action == "DescribeUserEvent" {
			return simulator.FaultNull
		}
		return simulator.NoFault
	}})
	s := in.archive(t, exitDone)
	if n := s.Total(); n.Waiting != 5 || n.Events != 0 || n.Samples == 0 {
		t.Errorf("%+v", n)
	}
	parts := in.strings(t, "SELECT DISTINCT part FROM ledger WHERE kind = 'call' AND state = 'failed'")
	if !slices.Equal(parts, []string{"events"}) {
		t.Errorf("there wait %q", parts)
	}
	null = false
	in.vendor.forget()
	in.archive(t, exitDone)
	compare(t, in.store, in.truth)
	summarytest.Check(t, in.store.StoreConn())
	calls, _ := in.vendor.noted()
	for id, n := range calls {
		if in.settled(id) && n["DescribeUserEvent"] != total(n) {
			t.Errorf("%s: asked for %v", id, n)
		}
	}
}

func total(n map[string]int) (sum int) {
	for _, k := range n {
		sum += k
	}
	return sum
}
