package catalogue

import (
	"cmp"
	"slices"
)

// Relation is a relation that analysts read: a view, or a table that people add rows to.
type Relation struct {
	Name   string
	Table  bool   // it is a table, not a view
	Sent   bool   // its rows are the vendor's, one to one
	Export Export // how it is exported; the zero Export: it is not exported
	Personal
}

// Personal names the columns of a relation by which somebody can be told who a person is.
type Personal struct {
	Users []string // each has the id of one user
	Other []string // addresses, and texts and lists that may name users
	At    string   // the column that says when a row was; empty: that of Export
}

// When returns the column that says when a row was.
func (r Relation) When() string { return cmp.Or(r.At, r.Export.Time) }

// Columns returns all personal columns.
func (p Personal) Columns() []string { return slices.Concat(p.Users, p.Other) }

// Export says how the rows of a relation are divided by UTC day.
type Export struct {
	Time    string   // the column whose UTC day counts
	IsDate  bool     // that column is a Date, not a DateTime
	Unit    string   // kind of the units that its rows come from
	Also    string   // another kind of units that its rows depend on; empty: none
	Sources []string // relations of the vendor's rows that it is made from; none: itself
	Names   []string // small relations that it depends on besides
	Within  string   // a condition on the rows of a day, with %s for that on time; empty: none
}

// Relations returns the relations, those with the vendor's rows first.
func Relations() []Relation {
	sent := []string{"rooms", "user_sessions", "quality_samples", "user_events"}
	// Rows that are stored by call are found by the calls of a day, which the streams name.
	byCall := func(column string) string {
		return "comm_id IN (SELECT comm_id FROM (SELECT comm_id, toDateTime(day, 'UTC') AS " + column + " FROM quality_streams) WHERE %s)"
	}
	judged := []string{"judged_limits"}
	pair := Personal{Users: []string{"user_id", "peer_id"}}
	return []Relation{
		{Name: "rooms", Personal: Personal{Users: []string{"creator_user_id"}}, Sent: true, Export: Export{Time: "created_at", Unit: Call}},
		{Name: "user_sessions", Personal: Personal{Users: []string{"user_id"}, Other: []string{"client_ip"}}, Sent: true, Export: Export{Time: "joined_at", Unit: Call}},
		{Name: "quality_samples", Personal: pair, Sent: true, Export: Export{Time: "ts", Unit: Call, Within: byCall("ts")}},
		{Name: "user_events", Personal: pair, Sent: true, Export: Export{Time: "ts", Unit: Call, Within: byCall("ts")}},
		{Name: "unusual_events", Personal: pair, Sent: true, Export: Export{Time: "ts", Unit: Unusual, Also: Call}},
		{Name: "daily_scale", Sent: true, Export: Export{Time: "day", IsDate: true, Unit: Scale}},
		{Name: "usage_days", Sent: true, Export: Export{Time: "day", IsDate: true, Unit: Usage}},
		{Name: "usage_rooms", Sent: true, Export: Export{Time: "day", IsDate: true, Unit: RoomUsage}},
		{Name: "market_hours", Sent: true, Export: Export{Time: "ts", Unit: Market}},
		{Name: "realtime_figures", Sent: true, Export: Export{Time: "ts", Unit: Realtime}},
		{Name: "calls", Personal: Personal{Users: []string{"creator_user_id", "worst_user_id", "cause_user_id"}, Other: []string{"diagnosis"}}, Export: Export{Time: "created_at", Unit: Call, Sources: sent, Names: judged,
			Within: "comm_id IN (SELECT comm_id FROM rooms WHERE %s)"}},
		{Name: "call_users", Personal: Personal{Users: []string{"user_id", "cause_user_id"}, Other: []string{"client_ip", "diagnosis"}}, Export: Export{Time: "first_joined_at", Unit: Call, Sources: sent, Names: judged,
			Within: "comm_id IN (SELECT comm_id FROM (SELECT comm_id, joined_at AS first_joined_at FROM user_sessions) WHERE %s)"}},
		{Name: "peer_quality", Personal: Personal{Users: []string{"user_id", "peer_id"}, Other: []string{"diagnosis"}}, Export: Export{Time: "first_ts", Unit: Call, Sources: sent, Names: judged,
			Within: "comm_id IN (SELECT comm_id FROM quality_streams WHERE %s)"}},
		{Name: "call_minutes", Personal: Personal{Users: []string{"user_id", "peer_id", "cause_user_id"}, Other: []string{"diagnosis"}}, Export: Export{Time: "minute", Unit: Call, Sources: sent, Names: judged,
			Within: "comm_id IN (SELECT comm_id FROM (SELECT comm_id, day AS minute FROM quality_streams) WHERE %s)"}},
		{Name: "call_metrics", Personal: Personal{Users: []string{"user_id"}, At: "call_created_at"}},
		{Name: "session_days", Personal: Personal{Users: []string{"user_id"}, At: "since"}},
		{Name: "quality_streams", Personal: pair, Export: Export{Time: "day", IsDate: true, Unit: Call, Sources: sent}},
		{Name: "quality_minutes", Personal: pair, Export: Export{Time: "minute", Unit: Call, Sources: []string{"quality_samples"}, Within: byCall("minute")}},
		{Name: "quality_days", Export: Export{Time: "day", IsDate: true, Unit: Call, Sources: sent}},
		{Name: "events_decoded", Personal: pair, Export: Export{Time: "ts", Unit: Call, Sources: []string{"user_events"}, Names: []string{"event_names", "event_values"}}},
		{Name: "unusual_events_decoded", Personal: pair, Export: Export{Time: "ts", Unit: Unusual, Also: Call, Sources: []string{"unusual_events"},
			Names: []string{"experience_names", "abnormal_event_names"}}},
		{Name: "ledger", Personal: Personal{Other: []string{"part_key", "users", "reason"}, At: "updated_at"}},
		{Name: "archive_runs", Personal: Personal{Other: []string{"reason"}}},
		{Name: "disk_usage"},
		{Name: "judged_limits"},
		{Name: "quality_thresholds", Table: true},
		{Name: "event_names", Table: true},
		{Name: "event_values", Table: true},
		{Name: "experience_names", Table: true},
		{Name: "abnormal_event_names", Table: true},
	}
}

// Views returns the relations that are views.
func Views() []string {
	return relationNames(func(r Relation) bool { return !r.Table })
}

// Sent returns the relations with the vendor's rows.
func Sent() []string {
	return relationNames(func(r Relation) bool { return r.Sent })
}

// Counted returns the expression for the number of a unit's rows in a relation with the
// vendor's rows, on ledger_units.
func Counted(relation string) string {
	for _, r := range Relations() {
		switch unit := r.Export.Unit; {
		case r.Name != relation:
		case unit == Usage, unit == RoomUsage, unit == Market, unit == Realtime:
			return "if(kind = '" + unit + "', statistics, 0)"
		}
	}
	return relation
}

func relationNames(want func(Relation) bool) (names []string) {
	for _, r := range Relations() {
		if want(r) {
			names = append(names, r.Name)
		}
	}
	return slices.Clip(names)
}
