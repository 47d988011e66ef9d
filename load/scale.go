package load

import (
	"context"
	"fmt"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// DayCounts are the counts of one day of one application: the vendor's own, as
// archived, and those of the archive's rows. A day lasts 24 hours; a room counts
// on the day it was created, an entry on the day of joining, and a user once for
// each room among these entries.
type DayCounts struct {
	App             call.AppID
	Vendor, Archive call.DailyScale
}

// DayCounts lists the days of the archived daily scale, oldest first.
func (s *Store) DayCounts(ctx context.Context, app call.AppID) ([]DayCounts, error) {
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
	rows, err := s.views.Query(ctx, q, uint32(app), uint32(app), uint32(app))
	if err != nil {
		return nil, fmt.Errorf("count days: %w", err)
	}
	defer rows.Close()
	var all []DayCounts
	for rows.Next() {
		d := DayCounts{App: app}
		v, a := &d.Vendor, &d.Archive
		if err := rows.Scan(&v.Start, &v.RoomNumber, &v.UserCount, &v.UserNumber, &a.RoomNumber, &a.UserCount, &a.UserNumber); err != nil {
			return nil, fmt.Errorf("count days: %w", err)
		}
		v.Start = v.Start.UTC()
		a.Start = v.Start
		all = append(all, d)
	}
	return all, rows.Err()
}

// Days calls f with the counts of the days of an application that began since a moment.
func (s *Store) Days(ctx context.Context, app call.AppID, since time.Time, f func(call.DailyScale)) error {
	const q = "SELECT day_start, room_numbers, user_count, user_number FROM daily_scale WHERE sdk_app_id = ? AND day_start >= toDateTime(?, 'UTC')"
	rows, err := s.views.Query(ctx, q, uint32(app), since.Unix())
	if err != nil {
		return fmt.Errorf("read days: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var d call.DailyScale
		if err := rows.Scan(&d.Start, &d.RoomNumber, &d.UserCount, &d.UserNumber); err != nil {
			return fmt.Errorf("read days: %w", err)
		}
		d.Start = d.Start.UTC()
		f(d)
	}
	return rows.Err()
}
