package load

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/callvault/callvault/internal/call"
)

// HideStrays hides what is visible of the units in loads that the ledger does
// not know, such as rows that somebody inserted by hand, and returns how many
// loads that were. They go with the next Purge. The caller holds the archive
// lease, has just archived the units, and has no Writer open; guard is that of
// the WriterOptions.
func (s *Store) HideStrays(ctx context.Context, guard string, units []call.Unit) (int, error) {
	ids := map[uint64]bool{}
	for _, u := range units {
		for table, where := range tablesOf(u) {
			if err := s.strays(ctx, table, where, u, ids); err != nil {
				return 0, fmt.Errorf("look for strays in %s: %w", table, err)
			}
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	var c change
	for id := range ids {
		c.replaced = append(c.replaced, id)
	}
	slices.Sort(c.replaced)
	return len(ids), c.apply(ctx, s.conn, cmp.Or(guard, "1"))
}

// tablesOf are the tables that may hold rows of a unit, with a condition.
func tablesOf(u call.Unit) map[string]string {
	switch u.Kind {
	case call.UnitCall:
		const where = "comm_id = ?"
		return map[string]string{"rooms_data": where, "user_sessions_data": where, "quality_samples_data": where, "user_events_data": where, "quality_streams_data": where,
			"call_users_data": where, "peer_quality_data": where, "calls_data": where}
	case call.UnitUnusual:
		return map[string]string{"unusual_events_data": "toStartOfHour(ts) = parseDateTimeBestEffort(?, 'UTC')"}
	case call.UnitScale:
		return map[string]string{"daily_scale_data": "day_start = parseDateTimeBestEffort(?, 'UTC')"}
	}
	return nil
}

func (s *Store) strays(ctx context.Context, table, where string, u call.Unit, ids map[uint64]bool) error {
	q := "SELECT DISTINCT load_id FROM " + table + " WHERE sdk_app_id = ? AND " + where +
		" AND load_id NOT IN (" + hiddenNow + ") AND load_id NOT IN (SELECT load_id FROM ledger_parts)"
	rows, err := s.conn.Query(ctx, q, uint32(u.App), u.Key)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id uint64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		ids[id] = true
	}
	return rows.Err()
}
