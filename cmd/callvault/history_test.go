package main

import (
	"testing"
	"time"

	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/lease"
)

// runs returns the runs in the history, the latest first.
func (in *installation) runs(t *testing.T, f runs.Filter) []runs.Run {
	t.Helper()
	all, err := runs.HistoryOf(in.store).Runs(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLongHistory(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 12, QPS: -1})
	first := in.archive(t, exitDone)
	for _, args := range [][]string{{"verify", "--all", "-q"}, {"replay", "-q"}, {"archive", "-q", "--from", "2d"}} {
		if code, _, errs := in.callvault(t.Context(), args...); code != exitDone {
			t.Fatalf("%v: exit code %d\n%s", args, code, errs)
		}
	}
	all := in.runs(t, runs.Filter{})
	if len(all) != 4 {
		t.Fatalf("%d runs: %+v", len(all), all)
	}
	for i, want := range []string{"archive", "replay", "verify", "archive"} {
		r := all[i]
		if r.Command != want || r.Outcome != runs.Done || r.Reason != "" || r.Whole != (i > 0) || r.Ended.Before(r.Started) || r.Version != version || r.Host == "" {
			t.Errorf("run %d: %+v", i, r)
		}
	}
	a, total := all[3], first.Total()
	if a.ID != first.RunID || int(a.Counts.Calls) != total.Archived || int(a.Counts.Samples) != total.Samples || int(a.Counts.Events) != total.Events ||
		int(a.Counts.Users) != total.Users || len(a.Requests) < 3 || int64(a.Bytes) != first.Counts.Bytes || len(a.Complete) != 1 {
		t.Errorf("archive: %+v, reported %+v", a, total)
	}
	if v := all[2]; v.Counts.Calls == 0 || v.Counts.Samples == 0 || len(v.Requests) == 0 || len(v.Complete) != 1 {
		t.Errorf("verify: %+v", v)
	}
	if r := all[1]; r.Counts.Samples != a.Counts.Samples || len(r.Requests) != 0 {
		t.Errorf("replay: %+v", r)
	}
}

func TestHistoryOfWhatWentWrong(t *testing.T) {
	in := install(t, simulator.Options{Seed: 3, Calls: 5, QPS: -1})
	with := *in
	with.env = append(append([]string{}, in.env...), "TENCENTCLOUD_SECRET_KEY=wrong")
	with.callvault(t.Context(), "archive", "-q")
	held, err := lease.Acquire(t.Context(), in.store.StoreConn(), lease.Archive, "somebody", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	in.callvault(t.Context(), "archive", "-q")
	held.Release(t.Context())
	all := in.runs(t, runs.Filter{})
	if len(all) != 2 || all[0].Outcome != runs.Busy || all[1].Outcome != runs.Failed || all[1].Reason == "" || len(all[1].Complete) != 0 {
		t.Errorf("runs %+v", all)
	}
}
