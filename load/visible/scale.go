package visible

import (
	"context"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/native"
)

// DayCounts holds the counts of one day of one application: the vendor's archived counts,
// and those of the archive's rows. A day lasts 24 hours. A room counts on the day of its
// creation, an entry on the day of joining, and a user once for each room with such an
// entry.
type DayCounts struct {
	App             call.AppID
	Vendor, Archive call.DailyScale
}

// CountsOfDays lists the days of the archived daily scale, oldest first.
func CountsOfDays(ctx context.Context, a Archive, app call.AppID) (all []DayCounts, err error) {
	const q = `
		WITH days AS (SELECT sdk_app_id, day_start, any(room_numbers) AS rooms, any(user_count) AS entries, any(user_number) AS users
				FROM daily_scale WHERE sdk_app_id = ? GROUP BY sdk_app_id, day_start),
			created AS (SELECT sdk_app_id, created_at AS at, comm_id FROM rooms WHERE sdk_app_id = ?),
			joined AS (SELECT sdk_app_id, joined_at AS at, comm_id, user_id FROM user_sessions WHERE sdk_app_id = ?)
		SELECT day_start, d.rooms, d.entries, d.users, r.n, e.n, e.users
		FROM days AS d
		LEFT JOIN (SELECT day_start, uniqExact(comm_id) AS n FROM created ASOF JOIN days ON created.sdk_app_id = days.sdk_app_id AND at >= day_start
			WHERE at < day_start + 86400 GROUP BY day_start) AS r USING (day_start)
		LEFT JOIN (SELECT day_start, count() AS n, uniqExact(comm_id, user_id) AS users FROM joined ASOF JOIN days ON joined.sdk_app_id = days.sdk_app_id AND at >= day_start
			WHERE at < day_start + 86400 GROUP BY day_start) AS e USING (day_start)
		ORDER BY day_start`
	d := DayCounts{App: app}
	v, h := &d.Vendor, &d.Archive
	each := func() {
		v.Start = v.Start.UTC()
		h.Start = v.Start
		all = append(all, d)
	}
	err = native.Read(ctx, a.Conn(), "counts of days", q, []any{uint32(app), uint32(app), uint32(app)}, each,
		&v.Start, &v.RoomNumber, &v.UserCount, &v.UserNumber, &h.RoomNumber, &h.UserCount, &h.UserNumber)
	return all, err
}

// Days calls f with the counts of the days of an application that began since a moment.
func Days(ctx context.Context, a Archive, app call.AppID, since time.Time, f func(call.DailyScale)) error {
	const q = "SELECT day_start, room_numbers, user_count, user_number FROM daily_scale WHERE sdk_app_id = ? AND day_start >= toDateTime(?, 'UTC')"
	var d call.DailyScale
	each := func() {
		d.Start = d.Start.UTC()
		f(d)
	}
	return native.Read(ctx, a.Conn(), "days", q, []any{uint32(app), since.Unix()}, each, &d.Start, &d.RoomNumber, &d.UserCount, &d.UserNumber)
}
