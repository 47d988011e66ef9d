package visible

import (
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/native"
)

// Troubled returns, by CommID, the users of some calls who had trouble: a bad minute, a
// second session, a session without an end, or an unusual event.
func Troubled(ctx context.Context, a Archive, app call.AppID, calls []call.Room) (map[string][]string, error) {
	const q = `
		SELECT comm_id, arraySort(groupUniqArray(user_id)) FROM
		(
			SELECT comm_id, toString(user_id) AS user_id FROM call_users
			WHERE sdk_app_id = ? AND call_created_at BETWEEN toDateTime(?, 'UTC') AND toDateTime(?, 'UTC') AND comm_id IN (?)
				AND (bad_minutes > 0 OR sessions > 1 OR last_left_at IS NULL)
			UNION ALL
			SELECT comm_id, toString(user_id) AS user_id FROM unusual_events
			WHERE sdk_app_id = ? AND ts BETWEEN toDateTime(?, 'UTC') AND toDateTime(?, 'UTC') AND comm_id IN (?)
		)
		GROUP BY comm_id`
	found := map[string][]string{}
	for some := range slices.Chunk(calls, spansAtOnce) {
		first, created, last := span(some)
		ids := native.Each(some, func(r *call.Room) string { return r.CommID })
		var id string
		var users []string
		err := native.Read(ctx, a.Conn(), "who had trouble", q, []any{uint32(app), first.Unix(), created.Unix(), ids, uint32(app), first.Unix(), last.Unix(), ids},
			func() { found[id] = users }, &id, &users)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// span returns when the first and the last of some calls were created, and a time at which
// all have ended.
func span(calls []call.Room) (first, created, last time.Time) {
	for i, r := range calls {
		if i == 0 || r.CreatedAt.Before(first) {
			first = r.CreatedAt
		}
		if r.CreatedAt.After(created) {
			created = r.CreatedAt
		}
		for _, end := range []time.Time{r.CreatedAt.Add(24 * time.Hour), r.DestroyedAt.Add(time.Hour)} {
			if end.After(last) {
				last = end
			}
		}
	}
	return first, created, last
}

// Rooms returns the rooms of calls that were created between two moments, both included, by
// CommID.
func Rooms(ctx context.Context, a Archive, app call.AppID, from, to time.Time, ids []string) (map[string]call.Room, error) {
	const q = `
		SELECT comm_id, room_id, created_at, destroyed_at, is_finished, creator_user_id FROM rooms
		WHERE sdk_app_id = ? AND created_at BETWEEN toDateTime(?, 'UTC') AND toDateTime(?, 'UTC') AND comm_id IN (?)`
	found := map[string]call.Room{}
	for some := range slices.Chunk(ids, spansAtOnce) {
		r := call.Room{App: app}
		var destroyed *time.Time
		each := func() {
			if r.DestroyedAt = (time.Time{}); destroyed != nil {
				r.DestroyedAt = *destroyed
			}
			found[r.CommID] = r
		}
		err := native.Read(ctx, a.Conn(), "rooms", q, []any{uint32(app), from.Unix(), to.Unix(), some}, each,
			&r.CommID, &r.RoomID, &r.CreatedAt, &destroyed, &r.Finished, &r.Creator)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Trouble returns the share of the users of some archived calls, created since a moment, who
// had trouble; 0 if there is no such call.
func Trouble(ctx context.Context, a Archive, app call.AppID, since time.Time, most int) (float64, error) {
	const q = `
		SELECT comm_id, room_id, created_at, ifNull(destroyed_at, created_at), users FROM calls
		WHERE sdk_app_id = ? AND created_at >= toDateTime(?, 'UTC') AND is_complete ORDER BY cityHash64(comm_id) LIMIT ?`
	var calls []call.Room
	var users, all uint64
	var r call.Room
	err := native.Read(ctx, a.Conn(), "calls", q, []any{uint32(app), since.Unix(), most}, func() { calls, all = append(calls, r), all+users },
		&r.CommID, &r.RoomID, &r.CreatedAt, &r.DestroyedAt, &users)
	if err != nil || all == 0 {
		return 0, err
	}
	troubled, err := Troubled(ctx, a, app, calls)
	had := 0
	for _, names := range troubled {
		had += len(names)
	}
	return max(float64(had), 1) / float64(all), err
}

// Fewer returns how many archived calls have one of these settings for events, of those of
// which the vendor keeps something after a moment, and how many users they have.
func Fewer(ctx context.Context, a Archive, app call.AppID, of []ledger.EventsOf, now time.Time) (calls, users int, err error) {
	if len(of) == 0 {
		return 0, 0, nil
	}
	const q = `
		SELECT count(), sum(users) FROM calls WHERE sdk_app_id = ? AND comm_id IN
			(SELECT key FROM ledger WHERE sdk_app_id = ? AND kind = 'call' AND part = '' AND state = 'archived' AND deadline >= toDateTime(?, 'UTC') AND events_of IN (?))`
	var n, persons uint64
	names := native.Each(of, func(e *ledger.EventsOf) string { return string(*e) })
	err = native.Read(ctx, a.Conn(), "calls with fewer events", q, []any{uint32(app), uint32(app), now.Unix(), names}, func() {}, &n, &persons)
	return int(n), int(persons), err
}
