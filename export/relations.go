package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
)

// Relation is a relation that can be exported by day.
type Relation struct {
	Name string
	catalogue.Export
}

const day = 24 * time.Hour

// Relations lists the relations that can be exported. The vendor's own rows come first.
func Relations() []Relation {
	var all []Relation
	for _, r := range catalogue.Relations() {
		x := r.Export
		if x.Time == "" {
			continue
		}
		if x.Sources == nil {
			x.Sources = []string{r.Name}
		}
		all = append(all, Relation{r.Name, x})
	}
	return all
}

// Find finds relations by name. Without names it returns all.
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

// isSource reports whether the relation stores its own rows.
func (r Relation) isSource() bool { return r.Sources[0] == r.Name }

// on returns the condition that the column lies on the days from … to, to excluded.
func (r Relation) on(from, to time.Time) string {
	format := "toDateTime('2006-01-02 15:04:05', 'UTC')"
	if r.IsDate {
		format = "toDate('2006-01-02')"
	}
	return fmt.Sprintf("%[1]s >= %[2]s AND %[1]s < %[3]s", r.Time, from.Format(format), to.Format(format))
}

// rowsOf returns the query for the rows of a day. It converts times so that every version of
// ClickHouse writes them into Parquet as times.
func (r Relation) rowsOf(columns []column, d time.Time) string {
	on := r.on(d, d.Add(day))
	where := on
	if r.Within != "" {
		where += " AND " + fmt.Sprintf(r.Within, on)
	}
	var list []string
	for _, c := range columns {
		list = append(list, c.selected())
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM (SELECT * FROM " + r.Name + " WHERE " + where + ")"
}
