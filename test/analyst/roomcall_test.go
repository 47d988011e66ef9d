package analyst

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

// callOf returns the call in the room of an event: of several the newest.
func callOf(rooms []simulator.Room, app uint32, room string, ts int64) (call string) {
	var created int64
	for _, r := range rooms {
		on := r.CreatedAt <= ts && (r.DestroyedAt == 0 || ts <= r.DestroyedAt+60)
		if r.SdkAppID == app && r.RoomID == room && on && r.CreatedAt >= created {
			call, created = r.CommID, r.CreatedAt
		}
	}
	return call
}

// namesCalls compares comm_id of the events, in both relations, with a loop over rooms.
func namesCalls(t *testing.T, s *store.Store, rooms []simulator.Room, events []simulator.UnusualEvent) (unnamed int) {
	t.Helper()
	var want []string
	for _, e := range events {
		call := callOf(rooms, e.SdkAppID, e.RoomID, e.TS)
		if call == "" {
			unnamed++
		}
		want = append(want, fmt.Sprint(e.SdkAppID, " ", e.RoomID, " ", e.UserID, " ", e.TS, " ", e.ExperienceID, " ", e.AbnormalEventID, " ", e.PeerID, " ", call))
	}
	slices.Sort(want)
	for _, relation := range []string{"unusual_events", "unusual_events_decoded"} {
		got := column(t, s, `
			SELECT concat(toString(sdk_app_id), ' ', room_id, ' ', user_id, ' ', toString(toUnixTimestamp(ts)), ' ', toString(experience_id), ' ', toString(abnormal_event_id), ' ', peer_id, ' ', comm_id) FROM `+relation)
		slices.Sort(got)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %d events (-rows +relation):\n%.3000s", relation, len(got), diff)
		}
	}
	return unnamed
}

// TestUnusualEventsNameTheirCall has rooms that are used again many times a day, with the
// same names in two applications. Calls follow each other after seconds or after a long
// time, and the last calls of some rooms go on. The events come first, the rooms later.
func TestUnusualEventsNameTheirCall(t *testing.T) {
	t.Parallel()
	s := open(t, embeddedtest.Database(t))
	rng := rand.New(rand.NewPCG(1, 2))
	var rooms []simulator.Room
	var events []simulator.UnusualEvent
	for app := range uint32(2) {
		for name := range 6 {
			now := int64(1_780_000_000) + rng.Int64N(1000)
			for i := range 150 {
				r := simulator.Room{SdkAppID: app + 1, CommID: fmt.Sprintf("%d_%d_%d", app, name, i), RoomID: fmt.Sprint("room'", name), CreatedAt: now, DestroyedAt: now + rng.Int64N(900)}
				now = r.DestroyedAt + 1 + rng.Int64N(400)
				if i == 149 && name%2 == 0 {
					r.DestroyedAt = 0
				}
				rooms = append(rooms, r)
			}
			for range 2000 {
				events = append(events, simulator.UnusualEvent{SdkAppID: app + 1, RoomID: fmt.Sprint("room'", name), UserID: "u", TS: 1_779_999_000 + rng.Int64N(now-1_779_998_000), ExperienceID: 4})
			}
		}
	}
	insert(t, s, "unusual_events_data (load_id, sdk_app_id, room_id, user_id, experience_id, ts)", events, func(e simulator.UnusualEvent) string {
		return fmt.Sprintf("(1, %d, '%s', '%s', %d, %d)", e.SdkAppID, strings.ReplaceAll(e.RoomID, "'", `\'`), e.UserID, e.ExperienceID, e.TS)
	})
	if n := namesCalls(t, s, nil, events); n != len(events) {
		t.Errorf("without rooms %d of %d events have no call", n, len(events))
	}
	insert(t, s, "rooms_data (load_id, sdk_app_id, comm_id, room_id, created_at, destroyed_at, is_finished)", rooms, func(r simulator.Room) string {
		end := "NULL"
		if r.DestroyedAt != 0 {
			end = fmt.Sprint(r.DestroyedAt)
		}
		return fmt.Sprintf("(1, %d, '%s', '%s', %d, %s, %t)", r.SdkAppID, r.CommID, strings.ReplaceAll(r.RoomID, "'", `\'`), r.CreatedAt, end, r.DestroyedAt != 0)
	})
	unnamed := namesCalls(t, s, rooms, events)
	t.Logf("%d rooms, %d events, %d of them outside of all calls", len(rooms), len(events), unnamed)
	if unnamed == 0 || unnamed > len(events)/2 {
		t.Errorf("%d of %d events have no call", unnamed, len(events))
	}
}

func insert[R any](t *testing.T, s *store.Store, into string, rows []R, values func(R) string) {
	t.Helper()
	var all []string
	for _, r := range rows {
		all = append(all, values(r))
	}
	if err := s.StoreConn().Exec(t.Context(), "INSERT INTO "+into+" VALUES "+strings.Join(all, ", ")); err != nil {
		t.Fatal(err)
	}
}
