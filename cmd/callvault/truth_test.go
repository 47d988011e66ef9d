package main

import (
	"fmt"
	"hash/maphash"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
)

// content is a set of rows with their multiplicity, in a form that does not
// depend on their order.
type content struct {
	rows int
	sum  uint64
}

var hashSeed = maphash.MakeSeed()

func (c *content) add(hash uint64) {
	c.rows++
	c.sum += hash
}

func contentOf[R comparable](rows iter.Seq[R]) content {
	var c content
	for r := range rows {
		c.add(maphash.Comparable(hashSeed, r))
	}
	return c
}

// compare compares every relation with the simulator's truth, row by row, and the model with
// the relations below it.
func compare(t *testing.T, store *store.Store, truth *simulator.Truth) {
	t.Helper()
	compareSamples(t, store, "quality_samples", truth.QualitySamples())
	compareOthers(t, store, truth, func(relation string) string { return relation })
}

// compareWithout is compare without some calls on both sides.
func compareWithout(t *testing.T, store *store.Store, truth *simulator.Truth, commIDs []string) {
	t.Helper()
	from := func(relation string) string {
		return "(SELECT * FROM " + relation + " WHERE comm_id NOT IN ('" + strings.Join(commIDs, "', '") + "'))"
	}
	truth = truth.Except(commIDs...)
	compareSamples(t, store, from("quality_samples"), truth.QualitySamples())
	compareOthers(t, store, truth, from)
}

// compareSamples compares samples, by the name of the relation or by a query.
func compareSamples(t *testing.T, store *store.Store, from string, truth iter.Seq[simulator.QualitySample]) {
	t.Helper()
	compareRows(t, store, from, `sdk_app_id, comm_id, room_id, user_id, peer_id, metric, toInt64(toUnixTimestamp(ts)), value`, truth,
		func(r *simulator.QualitySample) []any {
			return []any{&r.SdkAppID, &r.CommID, &r.RoomID, &r.UserID, &r.PeerID, &r.Metric, &r.TS, &r.Value}
		})
}

// compareOthers compares the relations without samples, and the model. calls
// says where to read a relation that is by call.
func compareOthers(t *testing.T, store *store.Store, truth *simulator.Truth, calls func(relation string) string) {
	t.Helper()
	agree(t, store)
	compareRows(t, store, calls("rooms"), `sdk_app_id, comm_id, room_id, toInt64(toUnixTimestamp(created_at)),
		toInt64(ifNull(toUnixTimestamp(destroyed_at), 0)), is_finished, creator_user_id`, truth.Rooms(),
		func(r *simulator.Room) []any {
			return []any{&r.SdkAppID, &r.CommID, &r.RoomID, &r.CreatedAt, &r.DestroyedAt, &r.IsFinished, &r.CreatorUserID}
		})
	compareSessions(t, store, calls("user_sessions"), truth)
	compareEvents(t, store, calls("user_events"), truth)
	compareRows(t, store, "unusual_events", `sdk_app_id, room_id, user_id, toInt64(experience_id), toInt64(toUnixTimestamp(ts)),
		toInt64(abnormal_event_id), peer_id`, truth.UnusualEvents(),
		func(r *simulator.UnusualEvent) []any {
			return []any{&r.SdkAppID, &r.RoomID, &r.UserID, &r.ExperienceID, &r.TS, &r.AbnormalEventID, &r.PeerID}
		})
	compareRows(t, store, "daily_scale", `sdk_app_id, toString(day), toInt64(toUnixTimestamp(day_start)), toInt64(user_number),
		toInt64(user_count), toInt64(room_numbers)`, truth.DailyScale(),
		func(r *simulator.DayScale) []any {
			return []any{&r.SdkAppID, &r.Day, &r.DayStart, &r.UserNumber, &r.UserCount, &r.RoomNumbers}
		})
}

func compareSessions(t *testing.T, store *store.Store, from string, truth *simulator.Truth) {
	t.Helper()
	compareRows(t, store, from, `sdk_app_id, comm_id, room_id, user_id, toInt64(toUnixTimestamp(joined_at)),
		toInt64(ifNull(toUnixTimestamp(left_at), 0)), is_finished, device_type, sdk_version, client_ip`, truth.UserSessions(),
		func(r *simulator.UserSession) []any {
			return []any{&r.SdkAppID, &r.CommID, &r.RoomID, &r.UserID, &r.JoinedAt, &r.LeftAt, &r.IsFinished, &r.DeviceType, &r.SdkVersion, &r.ClientIP}
		})
}

func compareEvents(t *testing.T, store *store.Store, from string, truth *simulator.Truth) {
	t.Helper()
	compareRows(t, store, from, `sdk_app_id, comm_id, room_id, user_id, peer_id, toInt64(event_id), toUnixTimestamp64Milli(ts),
		toInt64(stream_type), param_one, param_two`, truth.UserEvents(),
		func(r *simulator.UserEvent) []any {
			return []any{&r.SdkAppID, &r.CommID, &r.RoomID, &r.UserID, &r.PeerID, &r.EventID, &r.TS, &r.StreamType, &r.ParamOne, &r.ParamTwo}
		})
}

// compareRows compares one relation. If it differs, it lists some of the rows that only one
// side has.
func compareRows[R comparable](t *testing.T, store *store.Store, relation, columns string, truth iter.Seq[R], fields func(*R) []any) {
	t.Helper()
	have := func(yield func(R) bool) {
		rows, err := both(store).Query(t.Context(), "SELECT "+columns+" FROM "+relation)
		if err != nil {
			t.Fatalf("%s: %v", relation, err)
		}
		defer rows.Close()
		var r R
		for to := fields(&r); rows.Next(); {
			if err := rows.Scan(to...); err != nil {
				t.Fatalf("%s: %v", relation, err)
			}
			if !yield(r) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", relation, err)
		}
	}
	want, got := contentOf(truth), contentOf(have)
	if want == got {
		t.Logf("%s: %d rows equal", relation, want.rows)
		return
	}
	t.Errorf("%s: %d rows, the truth has %d; %s", relation, got.rows, want.rows, difference(truth, have))
}

// difference lists rows that one side has more often than the other.
func difference[R comparable](truth, have iter.Seq[R]) string {
	count := map[R]int{}
	for r := range truth {
		count[r]++
	}
	for r := range have {
		count[r]--
	}
	const most = 5
	var b strings.Builder
	missing, extra := 0, 0
	for r, n := range count {
		switch {
		case n > 0:
			if missing++; missing <= most {
				fmt.Fprintf(&b, "\n  missing %dx %+v", n, r)
			}
		case n < 0:
			if extra++; extra <= most {
				fmt.Fprintf(&b, "\n  extra %dx %+v", -n, r)
			}
		}
	}
	return fmt.Sprintf("%d missing, %d extra:%s", missing, extra, b.String())
}

// frozen is a clock that stands still.
func frozen(at time.Time) func() time.Time { return func() time.Time { return at } }
