package ledger

import (
	"context"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Incomplete is the state in Coverage of a provisional call with parts set aside.
const Incomplete State = "incomplete"

// Coverage counts the calls of one application that began on one UTC day, from the ledger.
type Coverage struct {
	App    call.AppID
	Day    time.Time
	Calls  map[State]uint64
	Counts Counts
	Listed State     // of the day's list; "": it was never listed
	Until  time.Time // up to when the day has been listed; zero: never
}

// Coverage lists the days that have calls or a list, by application and day.
func (l Ledger) Coverage(ctx context.Context) (all []Coverage, err error) {
	const q = `
		SELECT sdk_app_id, toDateTime(toStartOfDay(starts_at), 'UTC') AS day,
			mapFromArrays(groupArrayIf(state, kind = 'call'), groupArrayIf(n, kind = 'call')),
			sum(user_sessions), sum(quality_samples), sum(null_samples), sum(user_events),
			anyIf(state, kind = 'list'), maxIf(until, kind = 'list')
		FROM (SELECT sdk_app_id, kind, toStartOfDay(starts_at) AS starts_at, if(kind = 'call' AND state = 'provisional' AND arrayExists(k -> NOT startsWith(k, '` + BeforeKey + `'), failed_keys), '` + string(Incomplete) + `', toString(state)) AS state, count() AS n,
				sum(user_sessions) AS user_sessions, sum(quality_samples) AS quality_samples, sum(null_samples) AS null_samples,
				sum(user_events) AS user_events, max(held_until) AS until
			FROM ledger_units FINAL WHERE kind IN ('call', 'list') GROUP BY ALL)
		GROUP BY sdk_app_id, day ORDER BY sdk_app_id, day`
	var app uint32
	var states map[string]uint64
	var listed string
	var c Coverage
	n := &c.Counts
	each := func() {
		x := c
		x.App, x.Listed, x.Until, x.Calls = call.AppID(app), State(listed), orZero(c.Until), map[State]uint64{}
		for state, calls := range states {
			x.Calls[State(state)] = calls
		}
		all = append(all, x)
	}
	err = l.read(ctx, q, nil, each, &app, &c.Day, &states, &n.Sessions, &n.Samples, &n.NullSamples, &n.Events, &listed, &c.Until)
	return all, err
}

// LastListed returns, by application, when its calls were last listed in full.
func (l Ledger) LastListed(ctx context.Context) (map[call.AppID]time.Time, error) {
	return l.latest(ctx, "updated_at", "kind = 'list' AND state IN ('provisional', 'archived')")
}

// LastArchived returns, by application, when a call was last archived.
func (l Ledger) LastArchived(ctx context.Context) (map[call.AppID]time.Time, error) {
	return l.latest(ctx, "updated_at", "kind = 'call' AND state IN ('provisional', 'archived', 'empty')")
}

// ExpiredUntil returns, by application, the end of the last unit that has expired. The
// archive may lack data of the days up to it.
func (l Ledger) ExpiredUntil(ctx context.Context) (map[call.AppID]time.Time, error) {
	return l.latest(ctx, "greatest(starts_at, held_until)", "toString(state) = 'expired'")
}

// latest returns, by application, the latest time of some units.
func (l Ledger) latest(ctx context.Context, what, where string) (map[call.AppID]time.Time, error) {
	found := map[call.AppID]time.Time{}
	var app uint32
	var at time.Time
	q := "SELECT sdk_app_id, max(" + what + ") FROM ledger_units FINAL WHERE " + where + " GROUP BY sdk_app_id"
	err := l.read(ctx, q, nil, func() { found[call.AppID(app)] = at.UTC() }, &app, &at)
	return found, err
}
