package main

import (
	"slices"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
)

// TestEventsOfTroubled is TestLongEventsOfTroubled with calls of two, and with fewer passes.
func TestEventsOfTroubled(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 7, Calls: 16, Retention: 4 * 24 * time.Hour, QPS: -1})
	all := in.env
	in.env = append(slices.Clip(all), "CALLVAULT_USER_EVENTS=troubled")
	in.archive(t, exitDone)
	in.hasEventsOfTroubled(t)
	in.env = all
	in.archive(t, exitDone)
	compare(t, in.store, in.truth)
}

// TestLongEventsOfTroubled archives only the events of users who had trouble: those, all of
// them, and nobody else's; what was not asked for is not missing. Then it archives all.
func TestLongEventsOfTroubled(t *testing.T) {
	t.Parallel()
	seed := setting(t, "CALLVAULT_SEED", uint64(time.Now().UnixNano()))
	t.Logf("seed %d", seed)
	in := install(t, simulator.Options{Seed: seed, Calls: 24, Mix: simulator.MixAll, Retention: 4 * 24 * time.Hour, QPS: -1})
	all := in.env
	in.env = append(slices.Clip(all), "CALLVAULT_USER_EVENTS=troubled")
	first := in.archive(t, exitDone)
	in.hasEventsOfTroubled(t)
	again := in.archive(t, exitDone)
	if a, b := first.Counts.Requests["DescribeUserEvent"], again.Counts.Requests["DescribeUserEvent"]; a == 0 || b > 0 {
		t.Errorf("%d requests for events, then %d", a, b)
	}
	in.verify(t, exitDone, "--all")
	if code, _, errs := in.callvault(t.Context(), "replay"); code != exitDone {
		t.Fatalf("replay: exit code %d\n%s", code, errs)
	}
	in.hasEventsOfTroubled(t)
	in.archive(t, exitDone, "--again")
	in.hasEventsOfTroubled(t)

	in.env = append(slices.Clip(all), "CALLVAULT_USER_EVENTS=off")
	in.archive(t, exitDone)
	in.hasEventsOfTroubled(t)
	in.env = all
	r := in.archive(t, exitDone)
	compare(t, in.store, in.truth)
	if r.Counts.Requests["DescribeCallDetailInfo"] > 20 || r.Total().Completed == 0 {
		t.Errorf("for the events that were left: %v, %d calls completed", r.Counts.Requests, r.Total().Completed)
	}
	in.verify(t, exitDone, "--all")
}

// hasEventsOfTroubled compares the events with those of the users of ended calls who had
// trouble by the archive's own relations.
func (in *installation) hasEventsOfTroubled(t *testing.T) {
	t.Helper()
	number := func(q string) (n uint64) {
		if err := both(in.store).QueryRow(t.Context(), q).Scan(&n); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		return n
	}
	const judged = `(SELECT key FROM ledger WHERE kind = 'call' AND part = '' AND events_of = 'troubled')`
	if n := number("SELECT count() FROM " + judged); n < 5 {
		t.Errorf("%d calls are judged", n)
	}
	if n := number("SELECT count() FROM ledger WHERE kind = 'call' AND part = '' AND state = 'archived' AND events_of NOT IN ('troubled', 'off')"); n > 0 {
		t.Errorf("of %d calls the ledger does not say whose events they have", n)
	}
	if n := number("SELECT count() FROM calls WHERE comm_id IN " + judged + " AND (NOT is_complete OR notEmpty(missing))"); n > 0 {
		t.Errorf("%d calls are not complete", n)
	}
	const troubled = `(SELECT comm_id, user_id FROM call_minutes WHERE is_bad
		UNION DISTINCT SELECT comm_id, user_id FROM user_sessions GROUP BY comm_id, user_id HAVING count() > 1 OR countIf(left_at IS NULL) > 0
		UNION DISTINCT SELECT comm_id, user_id FROM unusual_events)`
	if n := number("SELECT count() FROM user_events WHERE (comm_id, user_id) NOT IN " + troubled + " OR comm_id NOT IN " + judged); n > 0 {
		t.Errorf("%d events of users without trouble", n)
	}
	want := map[simulator.UserEvent]int{}
	wanted := map[string]bool{}
	rows, err := both(in.store).Query(t.Context(), "SELECT comm_id, user_id FROM user_sessions WHERE (comm_id, user_id) IN "+troubled+" AND comm_id IN "+judged)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, user string
		if err := rows.Scan(&id, &user); err != nil {
			t.Fatal(err)
		}
		wanted[id+" "+user] = true
	}
	users := map[string]bool{}
	for r := range in.truth.UserEvents() {
		if users[r.CommID+" "+r.UserID] = true; wanted[r.CommID+" "+r.UserID] {
			want[r]++
		}
	}
	if len(wanted) == 0 || len(wanted) >= len(users) {
		t.Errorf("%d of %d users had trouble", len(wanted), len(users))
	}
	compareRows(t, in.store, "user_events", `sdk_app_id, comm_id, room_id, user_id, peer_id, toInt64(event_id), toUnixTimestamp64Milli(ts),
		toInt64(stream_type), param_one, param_two`, func(yield func(simulator.UserEvent) bool) {
		for r, n := range want {
			for range n {
				if !yield(r) {
					return
				}
			}
		}
	}, func(r *simulator.UserEvent) []any {
		return []any{&r.SdkAppID, &r.CommID, &r.RoomID, &r.UserID, &r.PeerID, &r.EventID, &r.TS, &r.StreamType, &r.ParamOne, &r.ParamTwo}
	})
	t.Logf("%d of %d users had trouble", len(wanted), len(users))
}
