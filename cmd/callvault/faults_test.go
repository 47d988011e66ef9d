package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/test/archivetest"
)

// TestEveryRequestFails lets each request fail twice before it is answered, in ways that need
// a network. The pass ends with exit code 0 and misses nothing. Package extract tests the
// other ways, without a network.
func TestEveryRequestFails(t *testing.T) {
	for _, kind := range []simulator.FaultKind{
		simulator.FaultCut, simulator.FaultDrop, simulator.FaultResetLate,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			in := install(t, simulator.Options{
				Seed: 21, Calls: 5, QPS: -1, Faults: simulator.Faults{StallFor: 20 * time.Millisecond},
				Fault: func(a simulator.Asked) simulator.FaultKind {
					if a.Attempt <= 2 {
						return kind
					}
					return simulator.NoFault
				},
			})
			sum := in.archive(t, exitDone)
			compare(t, in.store, in.truth)
			met := 0
			for _, kinds := range in.vendor.Stats().Faults {
				met += int(kinds[kind])
			}
			if met < 20 {
				t.Errorf("%d requests met the fault", met)
			}
			if n := sum.Total().FailureCount; n > 0 {
				t.Errorf("%d failures", n)
			}
		})
	}
}

// TestStorms refuses a third of the requests for quota, then most of them for a while.
func TestStorms(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 22, Calls: 7, QPS: -1, Fault: func(a simulator.Asked) simulator.FaultKind {
		if a.N%3 == 0 || a.N > 10 && a.N < 20 {
			return simulator.FaultLimit
		}
		return simulator.NoFault
	}})
	sum := in.archive(t, exitDone)
	if sum.Counts.Errors["RequestLimitExceeded"] < 20 {
		t.Errorf("errors %v", sum.Counts.Errors)
	}
	compare(t, in.store, in.truth)
}

// TestShiftingLists lets lists of several pages move while they are read.
func TestShiftingLists(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{
		Seed: 25, Calls: 260, Retention: 2 * time.Hour, QPS: -1, Faults: simulator.Faults{Shift: 1},
	})
	in.env = append(in.env, "CALLVAULT_USER_EVENTS=off")
	in.archive(t, exitDone)
	if kinds := in.vendor.Stats().Faults["DescribeRoomInfo"]; kinds[simulator.FaultShift] == 0 {
		t.Error("no list moved")
	}
	var calls uint64
	if err := both(in.store).QueryRow(t.Context(), "SELECT count() FROM rooms").Scan(&calls); err != nil {
		t.Fatal(err)
	}
	if want := rowsOf(in.truth.Rooms()); int(calls) != want {
		t.Errorf("%d calls, want %d", calls, want)
	}
}

// poisoned installs a vendor that never answers in full for some calls, in each possible
// way.
func poisoned(t *testing.T) (*installation, []simulator.Poison) {
	t.Helper()
	in := install(t, simulator.Options{Seed: 23, Calls: 19, Mix: simulator.MixAll, QPS: -1})
	const users = "DescribeUserInfo" // most calls are short, and not asked it about
	for seed := range uint64(1000) {
		if err := in.vendor.SetFaults(simulator.Faults{Seed: seed, Poison: 0.4}); err != nil {
			t.Fatal(err)
		}
		ways := map[string]bool{}
		all := in.vendor.Poisoned()
		for _, p := range all {
			ways[p.Actions[1]] = true
			ways[string(p.Kind)] = ways[string(p.Kind)] || p.Actions[1] != users
		}
		if ways["error"] && ways["null"] && ways["truncated"] && ways["DescribeCallDetailInfo"] && ways["DescribeUserEvent"] && ways[users] && len(all) < 9 {
			return in, all
		}
	}
	t.Fatal("no seed poisons in every way")
	return nil, nil
}

// TestLongPoisonedCalls sets aside parts of calls that cannot be fetched whole. It completes
// the calls when the parts can be fetched, and asks only for the missing parts.
func TestLongPoisonedCalls(t *testing.T) {
	t.Parallel()
	in, all := poisoned(t)
	var ids []string
	for attempt := 1; attempt <= 2; attempt++ {
		in.vendor.forget()
		code, _, errs := in.callvault(t.Context(), "archive", "--quiet")
		if code != exitPartial {
			t.Fatalf("exit code %d\n%s", code, errs)
		}
		met := in.vendor.metPoison(all)
		ids = slices.DeleteFunc(slices.Clone(met), func(id string) bool { return waits(all, id) })
		t.Logf("pass %d: %d calls poisoned, %d of them met, %d failed", attempt, len(all), len(met), len(ids))
		for _, id := range ids {
			if !strings.Contains(errs, "not archived: call "+id) {
				t.Errorf("%s is not named:\n%s", id, errs)
			}
		}
		if n := strings.Count(errs, "not archived: call"); n != len(ids) {
			t.Errorf("%d calls are named, want %d:\n%s", n, len(ids), errs)
		}
		compareWithout(t, in.store, in.truth, met)
		in.failedCalls(t, ids, attempt)
		in.compareButFor(t, all, met)
	}
	if err := in.vendor.SetFaults(simulator.Faults{}); err != nil {
		t.Fatal(err)
	}
	in.vendor.forget()
	in.archive(t, exitDone)
	compare(t, in.store, in.truth)
	in.failedCalls(t, nil, 0)
	calls, _ := in.vendor.noted()
	for _, p := range all {
		settled := in.settled(p.CommID)
		for action, n := range calls[p.CommID] {
			wanted := slices.Contains(p.Actions, action) || p.Actions[1] == "DescribeUserInfo" // of which nothing was known
			if settled && !wanted {
				t.Errorf("%s, poisoned for %s, was asked %d times for %s", p.CommID, p.Actions[1], n, action)
			}
		}
	}
}

// waits reports whether a poisoned call waits: the vendor answers null.
func waits(all []simulator.Poison, id string) bool {
	return slices.ContainsFunc(all, func(p simulator.Poison) bool {
		return p.CommID == id && p.Kind == simulator.FaultNull && p.Actions[1] != "DescribeUserInfo"
	})
}

// settled reports whether a call ended so long ago that nothing changes.
func (in *installation) settled(id string) bool {
	for r := range in.truth.Rooms() {
		if r.CommID == id {
			return r.IsFinished && r.DestroyedAt < in.truth.At()-3600
		}
	}
	return false
}

// compareButFor compares the relations that the calls are not poisoned for: their rows are
// archived and visible.
func (in *installation) compareButFor(t *testing.T, all []simulator.Poison, met []string) {
	t.Helper()
	var others []string
	for r := range in.truth.Rooms() {
		others = append(others, r.CommID)
	}
	for _, p := range all {
		if !slices.Contains(met, p.CommID) {
			continue
		}
		truth := in.truth.Except(slices.DeleteFunc(slices.Clone(others), func(id string) bool { return id == p.CommID })...)
		from := func(relation string) string {
			return "(SELECT * FROM " + relation + " WHERE comm_id = '" + p.CommID + "')"
		}
		if p.Actions[1] != "DescribeCallDetailInfo" {
			compareSamples(t, in.store, from("quality_samples"), truth.QualitySamples())
		}
		if p.Actions[1] != "DescribeUserEvent" {
			compareEvents(t, in.store, from("user_events"), truth)
		}
		compareSessions(t, in.store, from("user_sessions"), truth) // series tell them, too
	}
}

// failedCalls checks that exactly these calls are failed in the ledger.
func (in *installation) failedCalls(t *testing.T, ids []string, attempts int) {
	t.Helper()
	const q = `
		SELECT key, attempts, reason FROM ledger WHERE kind = 'call' AND part = '' AND key IN
			(SELECT key FROM ledger WHERE kind = 'call' AND (part = '' AND state = 'pending' OR part != '' AND state = 'failed' AND reason != '` + ledger.NullReason + `'))`
	var found []string
	var id, reason string
	var n uint32
	archivetest.Each(t, both(in.store), q, nil, func() {
		found = append(found, id)
		if int(n) != attempts || reason == "" || strings.Contains(reason, "\n") {
			t.Errorf("%s: %d attempts, want %d; %q", id, n, attempts, reason)
		}
	}, &id, &n, &reason)
	slices.Sort(found)
	want := slices.Sorted(slices.Values(ids))
	if fmt.Sprint(found) != fmt.Sprint(want) {
		t.Errorf("failed in the ledger: %v, want %v", found, want)
	}
}

// TestFailedAgain lets an archived call fail in a narrowed pass. The next whole pass completes
// it, although its day has been listed for good.
func TestFailedAgain(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 24, Calls: 7, Mix: simulator.MixAll, QPS: -1})
	in.archive(t, exitDone)
	if err := in.vendor.SetFaults(simulator.Faults{Poison: 1}); err != nil {
		t.Fatal(err)
	}
	var room string
	for r := range in.truth.Rooms() {
		if in.settled(r.CommID) && in.vendor.isPoisoned(r.CommID) {
			room = r.RoomID
		}
	}
	in.archive(t, exitPartial, "--again", "--room", room)
	compare(t, in.store, in.truth) // what was there stays
	if err := in.vendor.SetFaults(simulator.Faults{}); err != nil {
		t.Fatal(err)
	}
	in.archive(t, exitDone)
	in.failedCalls(t, nil, 0)
	compare(t, in.store, in.truth)
}

// metPoison lists the calls that were asked about what they are poisoned for.
func (v *vendor) metPoison(all []simulator.Poison) (ids []string) {
	calls, _ := v.noted()
	for _, p := range all {
		if calls[p.CommID][p.Actions[0]]+calls[p.CommID][p.Actions[1]] > 0 {
			ids = append(ids, p.CommID)
		}
	}
	return ids
}

// isPoisoned reports whether a call cannot be fetched whole. A pass does not ask for the users
// of short calls.
func (v *vendor) isPoisoned(id string) bool {
	return slices.ContainsFunc(v.Poisoned(), func(p simulator.Poison) bool { return p.CommID == id && p.Actions[1] != "DescribeUserInfo" })
}
