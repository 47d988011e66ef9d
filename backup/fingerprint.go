package backup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/sqltext"
)

// relations are what analysts read, and must come back as they were.
var relations = [...]string{"rooms", "user_sessions", "quality_samples", "user_events", "unusual_events", "daily_scale"}

// leases are the tables that are not backed up: who works on the archive is no
// part of it. That in Keeper, which not every server has, would also come back as
// the very table of the archive that was backed up.
var leases = [...]string{"lease", "lease_keeper"}

// exceptLeases leaves them out of a BACKUP or RESTORE of a database.
func exceptLeases(database string) string {
	var all []string
	for _, t := range leases {
		all = append(all, sqltext.Identifier(database)+"."+sqltext.Identifier(t))
	}
	return "EXCEPT TABLES " + strings.Join(all, ", ")
}

// counted is one row of the query that takes the contents: of what, and of which
// rows of it. No column has a name, which one of a table might have.
const counted = "SELECT %s, count(), hex(sum(cityHash64(tuple(%s)))) FROM %s.%s %s"

// settled leaves out the history of runs that were under way when the backup
// began, since they go on writing it: runs that ended a minute before are told.
const settled = "FINAL WHERE toUnixTimestamp64Milli(ended_at) BETWEEN 1 AND %d"

// contents begins to read what a database holds, as of now, whatever is written
// to it later. moment is when the backup was begun.
func contents(ctx context.Context, conn driver.Conn, database string, moment time.Time) (driver.Rows, error) {
	q, err := contentsQuery(ctx, conn, database, moment)
	if err != nil {
		return nil, err
	}
	return conn.Query(ctx, q)
}

func contentsQuery(ctx context.Context, conn driver.Conn, database string, moment time.Time) (string, error) {
	const tables = `SELECT name, engine FROM system.tables
		WHERE database = ? AND engine LIKE '%MergeTree' AND NOT startsWith(name, '.') AND name NOT IN (?, ?) ORDER BY name`
	columns, err := hashed(ctx, conn, database)
	if err != nil {
		return "", err
	}
	rows, err := conn.Query(ctx, tables, database, leases[0], marker)
	if err != nil {
		return "", fmt.Errorf("list tables: %w", err)
	}
	defer rows.Close()
	var parts []string
	add := func(of, name, which string) {
		parts = append(parts, fmt.Sprintf(counted, of, columns[name], sqltext.Identifier(database), sqltext.Identifier(name), which))
	}
	for rows.Next() {
		var name, engine string
		if err := rows.Scan(&name, &engine); err != nil {
			return "", fmt.Errorf("list tables: %w", err)
		}
		switch {
		case name == "archive_runs_data":
			add(sqltext.Literal(name), name, fmt.Sprintf(settled, moment.Add(-time.Minute).UnixMilli()))
		case name == "raw_responses": // expires by days
			add(sqltext.Literal(expiring)+" || toString(toDate(expires_at))", name, "GROUP BY toDate(expires_at)")
		case strings.Contains(engine, "Replacing"):
			add(sqltext.Literal(name), name, "FINAL")
		default:
			add(sqltext.Literal(name), name, "")
		}
	}
	if err := rows.Err(); err != nil {
		return "", fmt.Errorf("list tables: %w", err)
	}
	for _, r := range relations {
		add(sqltext.Literal(r), r, "")
	}
	return strings.Join(parts, "\nUNION ALL\n"), nil
}

// hashed are the columns of each table as its checksum takes them: of what has a
// dictionary, which makes most of a sample, only the dictionary is hashed, which is
// many times as fast.
func hashed(ctx context.Context, conn driver.Conn, database string) (map[string]string, error) {
	const q = `SELECT table, arrayStringConcat(groupArray(if(startsWith(type, 'LowCardinality'), 'cityHash64(' || column || ')', column)), ', ')
		FROM (
			SELECT table, type, '` + "`' || replaceAll(name, '`', '\\\\`') || '`" + `' AS column FROM system.columns
			WHERE database = ? AND default_kind NOT IN ('MATERIALIZED', 'ALIAS') ORDER BY table, position
		) GROUP BY table`
	rows, err := conn.Query(ctx, q, database)
	if err != nil {
		return nil, fmt.Errorf("list columns: %w", err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var table, columns string
		if err := rows.Scan(&table, &columns); err != nil {
			return nil, fmt.Errorf("list columns: %w", err)
		}
		all[table] = columns
	}
	return all, rows.Err()
}

// expiring is the beginning of what contents of raw responses are called; the
// day follows.
const expiring = "raw_responses expiring "

// gone says that contents may have expired by a moment.
func gone(of string, now time.Time) bool {
	day, ok := strings.CutPrefix(of, expiring)
	return ok && day <= now.UTC().AddDate(0, 0, 1).Format(time.DateOnly)
}

// read reads contents to their end.
func read(rows driver.Rows) (all []Content, err error) {
	defer rows.Close()
	for rows.Next() {
		var c Content
		if err := rows.Scan(&c.Of, &c.Rows, &c.Checksum); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// Difference is something that a restored backup does not hold as it should.
type Difference struct {
	Of       string   `json:"of"`
	Wanted   *Content `json:"wanted"`   // null: the note has none
	Restored *Content `json:"restored"` // null: it did not come back
}

func (d Difference) String() string {
	switch {
	case d.Restored == nil:
		return fmt.Sprintf("%s: %d rows are missing", d.Of, d.Wanted.Rows)
	case d.Wanted == nil:
		return fmt.Sprintf("%s: %d rows that the archive did not have", d.Of, d.Restored.Rows)
	case d.Wanted.Rows != d.Restored.Rows:
		return fmt.Sprintf("%s: %d rows, the archive had %d", d.Of, d.Restored.Rows, d.Wanted.Rows)
	}
	return fmt.Sprintf("%s: its %d rows have another checksum than in the archive", d.Of, d.Restored.Rows)
}

// compare lists what differs, in the order of wanted.
func compare(wanted, restored []Content, now time.Time) (all []Difference) {
	have := map[string]*Content{}
	for i := range restored {
		have[restored[i].Of] = &restored[i]
	}
	for i, w := range wanted {
		r := have[w.Of]
		delete(have, w.Of)
		if !gone(w.Of, now) && (r == nil || *r != w) {
			all = append(all, Difference{w.Of, &wanted[i], r})
		}
	}
	for i, r := range restored {
		if have[r.Of] != nil && !gone(r.Of, now) {
			all = append(all, Difference{r.Of, nil, &restored[i]})
		}
	}
	return all
}
