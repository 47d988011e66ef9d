package catalogue

import (
	"strings"
	"time"
)

// Tables that more than one package names.
const (
	HiddenLoads = "hidden_loads"
	Erased      = "erased"
	Versions    = "schema_migrations"
	Keeper      = "lease_keeper" // only where the server has Keeper
	OfShape     = "rooms_data"   // its engine shows whether the archive is on a cluster
	Floor       = "load_floor"   // only on a cluster: up to which load a load that hidden_loads lacks is visible
	Away        = "away"         // only on a cluster: replicas that must not answer
	Here        = "here"         // only on a cluster: a view of whether this replica may answer
)

// Shard ends the name of a table that has the rows of one shard of a cluster. The table
// without it has those of all shards.
const Shard = "_shard"

// UnreadExpires is the expires_at of raw responses that could not be read whole: they do
// not expire by themselves.
func UnreadExpires() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }

// Table is a table of the store.
type Table struct {
	Name string
	// For a table whose rows belong to loads: the UTC day of a row, the kind of its unit,
	// and the condition that a row belongs to a unit, with ? for the unit's key.
	Day, Unit, OfUnit string
	Grows             string // the relation that grows in proportion; empty: rooms
	Backup            Backup
}

// HasLoads reports whether the rows belong to loads.
func (t Table) HasLoads() bool { return t.Day != "" }

// Sharded says whether the rows are spread over the shards of a cluster. Other tables have all
// rows on each server.
func (t Table) Sharded() bool { return t.HasLoads() || t.Name == "raw_responses" }

// Backup is how a backup takes a table, and how it is compared.
type Backup int

const (
	Whole    Backup = iota // all rows are compared
	Latest                 // the newest row of each key is compared
	History                // as Latest, but only for runs that have ended
	Expiring               // rows are compared by the day on which they may expire
	Not                    // not backed up: leases are not data of the archive
)

// Tables returns the tables of the store.
func Tables() []Table {
	call := func(name, day, grows string) Table {
		return Table{Name: name, Day: day, Unit: Call, OfUnit: "comm_id = ?", Grows: grows}
	}
	return []Table{
		call("rooms_data", "toDate(created_at)", "rooms"),
		call("user_sessions_data", "toDate(joined_at)", "user_sessions"),
		call("quality_samples_data", "toDate(ts)", "quality_samples"),
		call("user_events_data", "toDate(ts)", "user_events"),
		{Name: "unusual_events_data", Day: "toDate(ts)", Unit: Unusual, OfUnit: "toStartOfHour(ts) = parseDateTimeBestEffort(?, 'UTC')", Grows: "unusual_events"},
		{Name: "daily_scale_data", Day: "toDate(day_start)", Unit: Scale, OfUnit: "day_start = parseDateTimeBestEffort(?, 'UTC')", Grows: "daily_scale"},
		{Name: "usage_days_data", Day: "day", Unit: Usage, OfUnit: "concat(product, ' ', toString(day)) = ?", Grows: "usage_days"},
		{Name: "usage_rooms_data", Day: "day", Unit: RoomUsage, OfUnit: "concat('rooms ', toString(day)) = ?", Grows: "usage_rooms"},
		{Name: "market_hours_data", Day: "toDate(ts)", Unit: Market, OfUnit: "concat(statement, ' ', toString(toDate(ts))) = ?", Grows: "market_hours"},
		{Name: "realtime_figures_data", Day: "toDate(ts)", Unit: Realtime, OfUnit: "concat(statement, ' ', formatDateTime(toStartOfHour(ts), '%Y-%m-%dT%H:%i:%SZ', 'UTC')) = ?", Grows: "realtime_figures"},
		call("quality_streams_data", "day", "quality_samples"),
		call("call_users_data", "toDate(call_created_at)", "rooms"),
		call("peer_quality_data", "toDate(call_created_at)", "rooms"),
		call("calls_data", "toDate(created_at)", "rooms"),
		{Name: HiddenLoads},
		{Name: "ledger_parts"},
		{Name: "ledger_units", Backup: Latest},
		{Name: "raw_responses", Backup: Expiring},
		{Name: "archive_runs_data", Backup: History},
		{Name: Erased},
		{Name: Versions},
		{Name: "lease", Backup: Not},
		{Name: Keeper, Backup: Not},
	}
}

// Growth returns the relation that grows in proportion to a table, whose name is given
// without _data. It returns "" for a table that does not grow because old rows expire.
func Growth(table string) string {
	for _, t := range Tables() {
		switch {
		case strings.TrimSuffix(t.Name, "_data") != table:
		case t.Backup == Expiring:
			return ""
		case t.Grows != "":
			return t.Grows
		}
	}
	return "rooms"
}

// Loaded returns the tables whose rows belong to loads.
func Loaded() []Table {
	var all []Table
	for _, t := range Tables() {
		if t.HasLoads() {
			all = append(all, t)
		}
	}
	return all
}
