package load

import (
	"context"
	"fmt"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Incomplete is how Coverage calls a provisional call of which something is set
// aside.
const Incomplete call.State = "incomplete"

// Coverage is what the ledger holds of the calls of one application that began
// on one UTC day.
type Coverage struct {
	App    call.AppID
	Day    time.Time
	Calls  map[call.State]uint64
	Counts Counts
	Listed call.State // of the day's list; "": never listed
	Until  time.Time  // up to when the day has been listed; zero: not at all
}

// Coverage lists the days that have calls or a list, by application and day.
func (s *Store) Coverage(ctx context.Context) ([]Coverage, error) {
	const q = `
		SELECT sdk_app_id, toDateTime(toStartOfDay(starts_at), 'UTC') AS day,
			mapFromArrays(groupArrayIf(state, kind = 'call'), groupArrayIf(n, kind = 'call')),
			sum(user_sessions), sum(quality_samples), sum(null_samples), sum(user_events),
			anyIf(state, kind = 'list'), maxIf(until, kind = 'list')
		FROM (SELECT sdk_app_id, kind, toStartOfDay(starts_at) AS starts_at, if(kind = 'call' AND state = 'provisional' AND arrayExists(k -> NOT startsWith(k, '` + call.BeforeKey + `'), failed_keys), '` + string(Incomplete) + `', toString(state)) AS state, count() AS n,
				sum(user_sessions) AS user_sessions, sum(quality_samples) AS quality_samples, sum(null_samples) AS null_samples,
				sum(user_events) AS user_events, max(held_until) AS until
			FROM ledger_units FINAL WHERE kind IN ('call', 'list') GROUP BY ALL)
		GROUP BY sdk_app_id, day ORDER BY sdk_app_id, day`
	rows, err := s.conn.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	var all []Coverage
	for rows.Next() {
		var app uint32
		var states map[string]uint64
		var listed string
		c := Coverage{Calls: map[call.State]uint64{}}
		n := &c.Counts
		if err := rows.Scan(&app, &c.Day, &states, &n.Sessions, &n.Samples, &n.NullSamples, &n.Events, &listed, &c.Until); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		c.App, c.Listed = call.AppID(app), call.State(listed)
		for state, calls := range states {
			c.Calls[call.State(state)] = calls
		}
		if c.Until.Unix() == 0 {
			c.Until = time.Time{}
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// LastListed is, by application, when its calls were last listed in full.
func (s *Store) LastListed(ctx context.Context) (map[call.AppID]time.Time, error) {
	return s.latest(ctx, "updated_at", "kind = 'list' AND state IN ('provisional', 'archived')")
}

// LastArchived is, by application, when a call was last archived.
func (s *Store) LastArchived(ctx context.Context) (map[call.AppID]time.Time, error) {
	return s.latest(ctx, "updated_at", "kind = 'call' AND state IN ('provisional', 'archived', 'empty')")
}

// latest is, by application, the latest time of some units.
func (s *Store) latest(ctx context.Context, what, where string) (map[call.AppID]time.Time, error) {
	rows, err := s.conn.Query(ctx, "SELECT sdk_app_id, max("+what+") FROM ledger_units FINAL WHERE "+where+" GROUP BY sdk_app_id")
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	found := map[call.AppID]time.Time{}
	for rows.Next() {
		var app uint32
		var at time.Time
		if err := rows.Scan(&app, &at); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		found[call.AppID(app)] = at.UTC()
	}
	return found, rows.Err()
}
