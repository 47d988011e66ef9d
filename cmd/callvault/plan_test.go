package main

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

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

// TestPlanOfTroubled forecasts passes for the events of users who had trouble: at most those
// of all users, and then, when an archive shows how many have trouble, about as many as are
// asked for. The plan also says what a day takes, and what turning back to all users adds.
func TestPlanOfTroubled(t *testing.T) {
	t.Parallel()
	const action = "DescribeUserEvent"
	in := install(t, simulator.Options{Seed: 7, Calls: 60, Retention: 4 * 24 * time.Hour, QPS: -1, Current: true})
	all := in.env
	in.env = append(slices.Clip(all), "CALLVAULT_USER_EVENTS=troubled")
	users := int(in.truth.Requests().Users)
	before := in.forecast(t)
	if n := before.Requests[action]; n < users*9/10 || n > users*11/10 {
		t.Errorf("%d requests for events of %d users are expected before anything is archived", n, users)
	}
	found := false
	for _, d := range before.Daily {
		if d.Action == action {
			found = true
			if want := users / 4; d.Requests < want/2 || d.Requests > 2*want || d.Quota != 100_000*24*60*60 || d.Try != "CALLVAULT_USER_EVENTS=off" {
				t.Errorf("a day: %+v, want about %d requests", d, want)
			}
		}
	}
	if !found {
		t.Errorf("a day: %+v", before.Daily)
	}
	asked := in.archive(t, exitDone).Counts.Requests[action]
	in.env = all
	after := in.forecast(t)
	if after.Fewer < 40 || after.Requests[action] < users-asked {
		t.Errorf("%d calls get events, with %d requests; %d of %d users were asked for", after.Fewer, after.Requests[action], asked, users)
	}
	in.archive(t, exitDone)
	if n := in.forecast(t).Fewer; n > 0 {
		t.Errorf("%d calls still lack events", n)
	}
}
