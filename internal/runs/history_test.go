package runs

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/migratedtest"
)

var began = time.Date(2026, 5, 4, 3, 30, 0, 123e6, time.UTC)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

func TestRunsResolve(t *testing.T) {
	t.Parallel()
	s := migratedtest.Open(t)
	r := Run{ID: "a", Command: "archive", Schedule: "nightly", Whole: true, Started: began, Outcome: Running, Apps: []call.AppID{1, 2}, Version: "v1", Host: "here"}
	note(t, s, r, 0, time.Hour)
	if got := runs(t, s, Filter{}); len(got) != 1 || got[0].Outcome != Running || !got[0].Ended.IsZero() {
		t.Fatalf("while it runs: %+v", got)
	}
	end := r
	end.Ended, end.Outcome, end.Reason = began.Add(time.Hour), Partial, `it's "one" \ call`
	end.Complete = []call.AppID{2}
	end.Counts = Counts{Calls: 1, Provisional: 2, Failed: 3, Lost: 4, Users: 5, Samples: 6, Events: 7}
	end.Requests, end.Errors, end.Bytes = map[string]uint64{"DescribeX": 8}, map[string]uint64{"LimitExceeded": 9}, 10
	note(t, s, end, 7, time.Hour)
	note(t, s, r, 6, time.Hour) // one that arrives late changes nothing
	got := runs(t, s, Filter{Command: "archive", Schedule: &r.Schedule, Outcomes: []Outcome{Partial}})
	if diff := cmp.Diff([]Run{end}, got); diff != "" {
		t.Error(diff)
	}
	last, err := HistoryOf(s).LastSuccesses(t.Context())
	if diff := cmp.Diff([]Success{{"archive", 2, end.Ended}}, last); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestSilentRunHasDied(t *testing.T) {
	t.Parallel()
	s := migratedtest.Open(t)
	note(t, s, Run{ID: "a", Command: "archive", Started: began, Outcome: Running}, 0, -time.Second)
	note(t, s, Run{ID: "b", Command: "archive", Started: began.Add(1), Outcome: Running}, 0, time.Hour)
	got := runs(t, s, Filter{Outcomes: []Outcome{Died}})
	if len(got) != 1 || got[0].ID != "a" {
		t.Errorf("dead: %+v", got)
	}
}

func note(t *testing.T, s *store.Store, r Run, step int, alive time.Duration) {
	t.Helper()
	if err := HistoryOf(s).Note(t.Context(), r, step, alive); err != nil {
		t.Fatal(err)
	}
}

func runs(t *testing.T, s *store.Store, f Filter) []Run {
	t.Helper()
	all, err := HistoryOf(s).Runs(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
