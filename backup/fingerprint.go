package backup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/native"
)

// how returns how a backup takes the store's tables. It takes all other tables, which people
// may have made, as a whole.
func how() map[string]catalogue.Backup {
	all := map[string]catalogue.Backup{marker: catalogue.Not}
	for _, t := range catalogue.Tables() {
		all[t.Name] = t.Backup
	}
	return all
}

// leases lists the tables of leases, which are not backed up: a lease is not part of the
// archive's data, and neither is which replicas are away. A restored table of Keeper would also
// be the same as that of the archive that was backed up, and not every server has Keeper.
func leases() (names []string) {
	for _, t := range catalogue.Tables() {
		if t.Backup == catalogue.Not {
			names = append(names, t.Name)
		}
	}
	return append(names, catalogue.Away, catalogue.Here)
}

// except leaves tables out of a BACKUP or RESTORE of the database that the statement
// names last. ClickHouse 24.8 takes no name of a database here.
func except(tables []string) string {
	var all []string
	for _, t := range tables {
		all = append(all, sqltext.Identifier(t))
	}
	return " EXCEPT TABLES " + strings.Join(all, ", ")
}

func qualified(database, name string) string {
	return sqltext.Identifier(database) + "." + sqltext.Identifier(name)
}

// counted returns one row of the query that reads the contents: a table or relation, and
// which rows of it. The columns have no names, because a table might have the same ones.
const counted = "SELECT %s, count(), hex(sum(cityHash64(tuple(%s)))) FROM %s %s"

// settled leaves out runs that were running when the backup began, because they go on
// writing their history. It keeps runs that ended a minute before.
const settled = "FINAL WHERE toUnixTimestamp64Milli(ended_at) BETWEEN 1 AND %d"

// contentsQueries returns the query for what this server has whole, and the one for what is
// spread over the shards of a cluster: "" on one server. On a cluster no relations are
// compared: another query would read them from the shards a little later.
func contentsQueries(ctx context.Context, conn driver.Conn, c *cluster.Cluster, database string, moment time.Time) (here, spread string, err error) {
	const tables = `SELECT database, name FROM system.tables
		WHERE database IN (?, ?) AND engine LIKE '%MergeTree' AND NOT startsWith(name, '.') ORDER BY name, database`
	store := catalogue.StoreOf(database)
	columns, err := hashed(ctx, conn, database, store)
	if err != nil {
		return "", "", err
	}
	var whole, shards []string
	how, own := how(), owned(c)
	var in, name string
	err = native.Read(ctx, conn, "tables", tables, []any{database, store}, func() {
		of, parts := name, &whole
		if table := own[name]; in == store && table != "" {
			of, parts = table, &shards
		}
		add := func(label, which string) {
			table := qualified(in, name)
			*parts = append(*parts, fmt.Sprintf(counted, label, columns[table], table, which))
		}
		switch how[of] {
		case catalogue.Not:
		case catalogue.History:
			add(sqltext.Literal(of), fmt.Sprintf(settled, moment.Add(-time.Minute).UnixMilli()))
		case catalogue.Expiring:
			add(sqltext.Literal(expiring)+" || toString(toDate(expires_at))", "GROUP BY toDate(expires_at)")
		case catalogue.Latest:
			add(sqltext.Literal(of), "FINAL")
		default:
			add(sqltext.Literal(of), "")
		}
	}, &in, &name)
	if err != nil {
		return "", "", err
	}
	if c.Many() {
		return strings.Join(whole, union), "SELECT * FROM " + c.Each("view("+hasBegun+union+strings.Join(shards, union)+")"), nil
	}
	for _, r := range catalogue.Sent() { // the restored relations must be unchanged
		whole = append(whole, fmt.Sprintf(counted, sqltext.Literal(r), columns[qualified(database, r)], qualified(database, r), ""))
	}
	return strings.Join(whole, union), "", nil
}

const union = "\nUNION ALL\n"

// owned maps the names of tables with the rows of a shard to those of the tables with all rows.
func owned(c *cluster.Cluster) map[string]string {
	all := map[string]string{}
	for _, t := range catalogue.Tables() {
		if own, _ := c.Own(t.Name); own != t.Name {
			all[own] = t.Name
		}
	}
	return all
}

// hashed returns the columns of each table as its checksum takes them: of what has a
// dictionary, which makes most of a sample, only the dictionary is hashed, which is many
// times as fast. ClickHouse 24.8 cannot hash a NULL: where a column may have one, a value
// is hashed as a text that begins with "=", and NULL as "".
func hashed(ctx context.Context, conn driver.Conn, database, store string) (map[string]string, error) {
	const q = `SELECT database, table, arrayStringConcat(groupArray(multiIf(
			startsWith(type, 'Nullable') OR startsWith(type, 'LowCardinality(Nullable'), 'ifNull(concat(\'=\', toString(' || column || ')), \'\')',
			startsWith(type, 'LowCardinality'), 'cityHash64(' || column || ')', column)), ', ')
		FROM (
			SELECT database, table, type, '` + "`' || replaceAll(name, '`', '\\\\`') || '`" + `' AS column FROM system.columns
			WHERE database IN (?, ?) AND default_kind NOT IN ('MATERIALIZED', 'ALIAS') ORDER BY database, table, position
		) GROUP BY database, table`
	all := map[string]string{}
	var in, table, columns string
	err := native.Read(ctx, conn, "columns", q, []any{database, store}, func() { all[qualified(in, table)] = columns }, &in, &table, &columns)
	return all, err
}

// expiring begins the name of the contents of raw responses; the day follows.
const expiring = "raw_responses expiring "

// gone reports whether contents may have expired by a moment.
func gone(of string, now time.Time) bool {
	day, ok := strings.CutPrefix(of, expiring)
	return ok && day <= now.UTC().AddDate(0, 0, 1).Format(time.DateOnly)
}

// Difference is a content of a restored backup that differs from its note.
type Difference struct {
	Of       string   `json:"of"`
	Wanted   *Content `json:"wanted"`   // null: the note has none
	Restored *Content `json:"restored"` // null: the restored backup has none
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
	return fmt.Sprintf("%s: its %d rows have a different checksum in the archive", d.Of, d.Restored.Rows)
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
