package main

import (
	"encoding/json"
	"testing"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/simulator"
)

// forecast runs callvault plan.
func (in *installation) forecast(t *testing.T) archive.Plan {
	t.Helper()
	code, out, errs := in.callvault(t.Context(), "plan", "--json")
	var p archive.Plan
	if code != exitDone || json.Unmarshal([]byte(out), &p) != nil {
		t.Fatalf("plan: exit code %d, %s\n%s", code, out, errs)
	}
	return p
}

// TestLongPlanIsWhatHappens forecasts passes and makes them. For each action that takes long,
// the forecast is right within a tenth.
func TestLongPlanIsWhatHappens(t *testing.T) {
	t.Parallel()
	for _, mix := range []simulator.Mix{simulator.MixAll, simulator.MixOneToOne} {
		t.Run(string(mix), func(t *testing.T) {
			t.Parallel()
			in := install(t, simulator.Options{Seed: 5, Calls: 700, QPS: -1, Mix: mix})
			p := in.forecast(t)
			if p.Calls != 700 || p.Due != 700 || p.Exact || p.Sampled != 500 {
				t.Errorf("forecast: %+v", p)
			}
			done := in.archive(t, exitDone)
			for action, n := range done.Counts.Requests {
				got := p.Requests[action]
				t.Logf("%-24s forecast %5d, happened %5d", action, got, n)
				if n > 100 && (got < n*9/10 || got > n*11/10) {
					t.Errorf("%s: forecast %d, happened %d", action, got, n)
				}
			}
			after := in.forecast(t)
			if after.Due > 10 || after.Requests["DescribeUserEvent"] > 100 {
				t.Errorf("forecast after the pass: %+v", after)
			}
		})
	}
}
