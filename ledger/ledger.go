package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/native"
)

// Ledger reads the ledger of one archive. It is safe for concurrent use.
type Ledger struct{ conn driver.Conn }

// Of returns the ledger of an archive. The argument has the connection to its tables.
func Of(archive interface{ StoreConn() driver.Conn }) Ledger { return Ledger{archive.StoreConn()} }

func (l Ledger) read(ctx context.Context, query string, args []any, each func(), into ...any) error {
	return native.Read(ctx, l.conn, "ledger", query, args, each, into...)
}

// Row is an entry as the ledger has it.
type Row struct {
	Entry
	RunID   string // of the run that wrote it
	Updated time.Time
	Counts  Counts
	Waiting bool // whether Resume finds settled parts of it; set only if the Filter has Keys
	// Day has the visible counts of a day. It is nil if they are unknown, as in Rows.
	Day *call.DailyScale
}

// Filter narrows Rows. Zero fields do not narrow it.
type Filter struct {
	App            call.AppID
	Kind           call.UnitKind
	States         []State
	From, To       time.Time // of the unit's start, From included, To not
	DeadlineBefore time.Time
	DeadlineAfter  time.Time
	Keys           []string   // a few thousand at most
	Damaged        bool       // only units with parts that are named as lost
	EventsOf       []EventsOf // only calls with one of them
	Privacy        *string    // only calls with this
	After          *Entry     // leaves out units of one kind up to this one, in the order of Rows
	Most           int        // rows; 0: all
	// Current leaves out calls that are final, and final hours and days that began
	// before it; of statistics, those that the vendor's longest plan no longer keeps.
	Current time.Time
}

// Rows calls f with the rows that pass the filter, in order of application, kind, start
// and key.
func (l Ledger) Rows(ctx context.Context, filter Filter, f func(Row)) error {
	where, args := filter.where()
	waiting := "0"
	if filter.Keys != nil { // without keys this would read the whole ledger
		waiting = "(sdk_app_id, kind, key) IN (SELECT sdk_app_id, kind, key FROM ledger_parts WHERE settled AND " + where + ")"
		args = append(args, args...)
	}
	units, more := filter.unitsOnly()
	args = append(args, more...)
	q := `SELECT sdk_app_id, kind, key, toString(state), reason, starts_at, held_until, deadline, attempts,
			failed_parts, failed_keys, failed_reasons, failed_attempts, failed_kept, run_id, updated_at,
			rooms, user_sessions, quality_samples, null_samples, user_events, unusual_events, daily_scale, statistics, privacy, events_of,
			toUInt8(` + waiting + `)
		FROM ledger_units FINAL WHERE ` + where + units + ` ORDER BY sdk_app_id, kind, starts_at, key` + filter.limit()
	var s scanned
	return l.read(ctx, q, args, func() { f(s.row()) }, s.into()...)
}

// scanned is a row of ledger_units.
type scanned struct {
	Row
	app, attempts        uint32
	kind, state          string
	eventsOf             string
	parts, keys, reasons []string
	tried                []uint32
	kept                 []bool
	waiting              uint8
}

func (s *scanned) into() []any {
	e, c := &s.Row, &s.Counts
	return []any{
		&s.app, &s.kind, &e.Unit.Key, &s.state, &e.Reason, &e.StartsAt, &e.HeldUntil, &e.Deadline, &s.attempts,
		&s.parts, &s.keys, &s.reasons, &s.tried, &s.kept, &e.RunID, &e.Updated,
		&c.Rooms, &c.Sessions, &c.Samples, &c.NullSamples, &c.Events, &c.Unusual, &c.Days, &c.Statistics, &e.Privacy, &s.eventsOf, &s.waiting,
	}
}

func (s *scanned) row() Row {
	e := s.Row
	e.Unit.App, e.Unit.Kind, e.State = call.AppID(s.app), call.UnitKind(s.kind), State(s.state)
	e.EventsOf = EventsOf(s.eventsOf)
	e.Attempts, e.Waiting, e.HeldUntil = int(s.attempts), s.waiting == 1, orZero(e.HeldUntil)
	for i := range s.parts {
		f := FailedPart{Kind: call.PartKind(s.parts[i]), Key: s.keys[i], Reason: s.reasons[i], Attempts: 1}
		if i < len(s.tried) && i < len(s.kept) {
			f.Attempts, f.Kept = int(s.tried[i]), s.kept[i]
		}
		e.Failed = append(e.Failed, f)
	}
	return e
}

// orZero returns the zero time for 1970: ClickHouse has no other value for no time.
func orZero(t time.Time) time.Time {
	if t.Unix() == 0 {
		return time.Time{}
	}
	return t
}

// where returns the conditions on the columns that units and parts share.
func (f Filter) where() (string, []any) {
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
	if f.Keys != nil {
		and("key IN (?)", f.Keys)
	}
	return strings.Join(cond, " AND "), args
}

// unitsOnly returns the other conditions.
func (f Filter) unitsOnly() (string, []any) {
	var b strings.Builder
	var args []any
	if f.Privacy != nil {
		b.WriteString(" AND privacy = ?")
		args = append(args, *f.Privacy)
	}
	if f.After != nil {
		fmt.Fprintf(&b, " AND (starts_at, key) > (toDateTime(%d, 'UTC'), ?)", f.After.StartsAt.Unix())
		args = append(args, f.After.Unit.Key)
	}
	for i, s := range f.States {
		b.WriteString([]string{" AND toString(state) IN ('", "', '"}[min(i, 1)] + string(s))
	}
	if len(f.States) > 0 {
		b.WriteString("')")
	}
	since := func(cond string, t time.Time) {
		if !t.IsZero() {
			fmt.Fprintf(&b, " AND %s toDateTime(%d, 'UTC')", cond, t.Unix())
		}
	}
	if f.Damaged {
		b.WriteString(" AND (notEmpty(failed_parts) AND state NOT IN ('pending', 'provisional', 'failed') OR arrayExists(k -> startsWith(k, '" + BeforeKey + "'), failed_keys))")
	}
	for i, e := range f.EventsOf {
		b.WriteString([]string{" AND events_of IN ('", "', '"}[min(i, 1)] + string(e))
	}
	if len(f.EventsOf) > 0 {
		b.WriteString("')")
	}
	if !f.Current.IsZero() {
		fmt.Fprintf(&b, " AND (kind = 'list' OR state IN ('pending', 'provisional', 'failed') OR kind != 'call' AND starts_at >= toDateTime(%d, 'UTC')"+
			" OR kind IN ('usage', 'room_usage', 'market') AND starts_at >= toDateTime(%d, 'UTC'))", f.Current.Unix(), f.Current.AddDate(0, 0, -call.StatisticsMost).Unix())
	}
	since("starts_at >=", f.From)
	since("starts_at <", f.To)
	since("deadline <", f.DeadlineBefore)
	since("deadline >=", f.DeadlineAfter)
	return b.String(), args
}

func (f Filter) limit() string {
	if f.Most == 0 {
		return ""
	}
	return fmt.Sprintf(" LIMIT %d", f.Most)
}

// HeldUntil returns the latest second up to which a unit of the kind is held, or zero if
// there is none.
func (l Ledger) HeldUntil(ctx context.Context, app call.AppID, kind call.UnitKind) (time.Time, error) {
	const q = "SELECT max(held_until) FROM ledger_units WHERE sdk_app_id = ? AND kind = ?"
	var until time.Time
	if err := l.conn.QueryRow(ctx, q, uint32(app), string(kind)).Scan(&until); err != nil {
		return until, fmt.Errorf("read ledger: %w", err)
	}
	return orZero(until), nil
}

// FinalCalls returns the keys of the final calls of an application that began since a
// moment, or nil if there are more than most.
func (l Ledger) FinalCalls(ctx context.Context, app call.AppID, since time.Time, most int) (map[string]bool, error) {
	const q = `
		SELECT key FROM ledger_units FINAL
		WHERE sdk_app_id = ? AND kind = 'call' AND starts_at >= toDateTime(?, 'UTC') AND state NOT IN ('pending', 'provisional', 'failed') LIMIT ?`
	found := map[string]bool{}
	var key string
	err := l.read(ctx, q, []any{uint32(app), since.Unix(), most + 1}, func() { found[key] = true }, &key)
	if len(found) > most {
		found = nil
	}
	return found, err
}
