package catalogue

// Tables that more than one package names.
const (
	HiddenLoads = "hidden_loads"
	Samples     = "quality_samples_data"
	Versions    = "schema_migrations"
)

// Table is a table of the store.
type Table struct {
	Name string
	// Of a table whose rows belong to loads: the UTC day of a row, the kind of
	// units that it has rows of, and the condition, with ? for the key, that a row
	// is of a unit.
	Day, Unit, OfUnit string
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
	const ofCall = "comm_id = ?"
	call := func(name, day string) Table { return Table{Name: name, Day: day, Unit: Call, OfUnit: ofCall} }
	return []Table{
		call("rooms_data", "toDate(created_at)"),
		call("user_sessions_data", "toDate(joined_at)"),
		call(Samples, "toDate(ts)"),
		call("user_events_data", "toDate(ts)"),
		{Name: "unusual_events_data", Day: "toDate(ts)", Unit: Unusual, OfUnit: "toStartOfHour(ts) = parseDateTimeBestEffort(?, 'UTC')"},
		{Name: "daily_scale_data", Day: "toDate(day_start)", Unit: Scale, OfUnit: "day_start = parseDateTimeBestEffort(?, 'UTC')"},
		call("quality_streams_data", "day"),
		call("call_users_data", "toDate(call_created_at)"),
		call("peer_quality_data", "toDate(call_created_at)"),
		call("calls_data", "toDate(created_at)"),
		{Name: HiddenLoads},
		{Name: "ledger_parts"},
		{Name: "ledger_units", Backup: Latest},
		{Name: "raw_responses", Backup: Expiring},
		{Name: "archive_runs_data", Backup: History},
		{Name: Versions},
		{Name: "lease", Backup: Not},
		{Name: "lease_keeper", Backup: Not}, // only where the server has Keeper
	}
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
