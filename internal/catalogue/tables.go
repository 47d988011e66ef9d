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
)

// UnreadExpires is the expires_at of raw responses that could not be read whole: they do
// not expire by themselves.
func UnreadExpires() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }

// Table is a table of the store.
type Table struct {
	Name string
	// Of a table whose rows belong to loads: the UTC day of a row, the kind of
	// units that it has rows of, and the condition, with ? for the key, that a row
	// is of a unit.
	Day, Unit, OfUnit string
	Grows             string // the relation whose rows it grows with; empty: rooms
	Backup            Backup
}

// HasLoads says whether the rows belong to loads.
func (t Table) HasLoads() bool { return t.Day != "" }

// Backup is how a backup takes a table, and how it is compared.
type Backup int

const (
	Whole    Backup = iota // all rows are compared
	Latest                 // the newest row of each key is compared
	History                // so are the runs that have ended
	Expiring               // rows are compared by the day on which they may go
	Not                    // who works on the archive is no part of it
)

// Tables lists the tables of the store.
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
		{Name: "lease_keeper", Backup: Not}, // only where the server has Keeper
	}
}

// Growth is the relation whose rows a table grows with, given its name without
// _data; empty: it does not grow, as old rows go by themselves.
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

// Loaded lists the tables whose rows belong to loads.
func Loaded() []Table {
	var all []Table
	for _, t := range Tables() {
		if t.HasLoads() {
			all = append(all, t)
		}
	}
	return all
}
