package load

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Entry is what the ledger says about one unit.
type Entry struct {
	Unit       call.Unit
	State      State
	StartsAt   time.Time
	RunID      string
	ArchivedAt time.Time
	Counts     Counts
}

// LedgerFilter narrows Ledger; zero fields do not.
type LedgerFilter struct {
	App      call.AppID
	Kind     call.UnitKind
	State    State
	From, To time.Time // start of the unit, From included, To not
	Keys     []string  // few thousand at most
}

// Archived lists the final units of a kind that start at from or later, by key.
func (s *Store) Archived(ctx context.Context, app call.AppID, kind call.UnitKind, from time.Time) (map[string]Entry, error) {
	found := map[string]Entry{}
	err := s.Ledger(ctx, LedgerFilter{App: app, Kind: kind, State: Archived, From: from}, func(e Entry) {
		found[e.Unit.Key] = e
	})
	return found, err
}

// Ledger calls f with the entries that pass the filter, in order of
// application, kind and key.
func (s *Store) Ledger(ctx context.Context, filter LedgerFilter, f func(Entry)) error {
	where, args := filter.where()
	q := `SELECT sdk_app_id, kind, key, toString(state), starts_at, run_id, archived_at,
			rooms, user_sessions, quality_samples, null_samples, user_events, unusual_events, daily_scale
		FROM ledger FINAL WHERE ` + where + ` ORDER BY sdk_app_id, kind, key`
	rows, err := s.conn.Query(ctx, q, args...)
	if err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			e           Entry
			app         uint32
			kind, state string
			c           = &e.Counts
		)
		err := rows.Scan(&app, &kind, &e.Unit.Key, &state, &e.StartsAt, &e.RunID, &e.ArchivedAt,
			&c.Rooms, &c.Sessions, &c.Samples, &c.NullSamples, &c.Events, &c.Unusual, &c.Days)
		if err != nil {
			return fmt.Errorf("read ledger: %w", err)
		}
		e.Unit.App, e.Unit.Kind, e.State = call.AppID(app), call.UnitKind(kind), State(state)
		f(e)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	return nil
}

func (f LedgerFilter) where() (string, []any) {
	cond, args := []string{"1"}, []any{}
	and := func(c string, arg any) {
		cond, args = append(cond, c), append(args, arg)
	}
	if f.App != 0 {
		and("sdk_app_id = ?", uint32(f.App))
	}
	if f.Kind != "" {
		and("kind = ?", string(f.Kind))
	}
	if f.State != "" {
		and("toString(state) = ?", string(f.State))
	}
	if !f.From.IsZero() {
		and("starts_at >= toDateTime(?, 'UTC')", f.From.Unix())
	}
	if !f.To.IsZero() {
		and("starts_at < toDateTime(?, 'UTC')", f.To.Unix())
	}
	if f.Keys != nil {
		and("key IN (?)", f.Keys)
	}
	return strings.Join(cond, " AND "), args
}
