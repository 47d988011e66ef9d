package export

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Relation is a relation that can be exported by day.
type Relation struct {
	Name    string
	column  string   // whose UTC day counts
	isDate  bool     // the column is a Date, not a DateTime
	kind    string   // of the units in the ledger that its rows come from
	also    string   // another kind of units that its rows depend on; empty: none
	sources []string // relations whose rows it is made from; itself, if it is one of those
	names   []string // small tables that it depends on, too
	within  string   // a condition that the rows of a day fulfil, with %s for that on time; empty: none
}

const day = 24 * time.Hour

// Relations lists all that can be exported, the base relations first.
func Relations() []Relation {
	call := []string{"rooms", "user_sessions", "quality_samples", "user_events"}
	judged := []string{"quality_thresholds"}
	all := []Relation{
		{Name: "rooms", column: "created_at", kind: "call"},
		{Name: "user_sessions", column: "joined_at", kind: "call"},
		{Name: "quality_samples", column: "ts", kind: "call"},
		{Name: "user_events", column: "ts", kind: "call"},
		{Name: "unusual_events", column: "ts", kind: "unusual", also: "call"},
		{Name: "daily_scale", column: "day", isDate: true, kind: "scale"},
		{Name: "calls", column: "created_at", kind: "call", sources: call, names: judged, within: "comm_id IN (SELECT comm_id FROM rooms WHERE %s)"},
		{Name: "call_users", column: "first_joined_at", kind: "call", sources: call, names: judged, within: "comm_id IN (SELECT comm_id FROM (SELECT comm_id, joined_at AS first_joined_at FROM user_sessions) WHERE %s)"},
		{Name: "peer_quality", column: "first_ts", kind: "call", sources: call, names: judged, within: "comm_id IN (SELECT comm_id FROM quality_streams WHERE %s)"},
		{Name: "call_minutes", column: "minute", kind: "call", sources: call, names: judged, within: "comm_id IN (SELECT comm_id FROM (SELECT comm_id, day AS minute FROM quality_streams) WHERE %s)"},
		{Name: "quality_streams", column: "day", isDate: true, kind: "call", sources: call},
		{Name: "quality_minutes", column: "minute", kind: "call", sources: []string{"quality_samples"}},
		{Name: "quality_days", column: "day", isDate: true, kind: "call", sources: call},
		{Name: "events_decoded", column: "ts", kind: "call", sources: []string{"user_events"}, names: []string{"event_names", "event_values"}},
		{Name: "unusual_events_decoded", column: "ts", kind: "unusual", also: "call", sources: []string{"unusual_events"}, names: []string{"experience_names", "abnormal_event_names"}},
	}
	for i := range all {
		if all[i].sources == nil {
			all[i].sources = []string{all[i].Name}
		}
	}
	return all
}

// Find finds relations by name; none: all.
func Find(names []string) ([]Relation, error) {
	all := Relations()
	if len(names) == 0 {
		return all, nil
	}
	var found []Relation
	for _, name := range names {
		i := slices.IndexFunc(all, func(r Relation) bool { return r.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%q is not a relation that can be exported; use %s", name, strings.Join(relationNames(all), ", "))
		}
		found = append(found, all[i])
	}
	return found, nil
}

func relationNames(all []Relation) []string {
	var names []string
	for _, r := range all {
		names = append(names, r.Name)
	}
	return names
}

// isBase says that the relation has rows of its own.
func (r Relation) isBase() bool { return r.sources[0] == r.Name }

// on is the condition that the column lies on the days from … to, to excluded.
func (r Relation) on(from, to time.Time) string {
	format := "toDateTime('2006-01-02 15:04:05', 'UTC')"
	if r.isDate {
		format = "toDate('2006-01-02')"
	}
	return fmt.Sprintf("%[1]s >= %[2]s AND %[1]s < %[3]s", r.column, from.Format(format), to.Format(format))
}

// rowsOf selects the rows of a day. Times are made such that every version of
// ClickHouse writes them into Parquet as times.
func (r Relation) rowsOf(columns []column, d time.Time) string {
	on := r.on(d, d.Add(day))
	where := on
	if r.within != "" {
		where += " AND " + fmt.Sprintf(r.within, on)
	}
	var list []string
	for _, c := range columns {
		list = append(list, c.selected())
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM (SELECT * FROM " + r.Name + " WHERE " + where + ")"
}
