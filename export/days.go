package export

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cespare/xxhash/v2"

	"github.com/callvault/callvault/internal/catalogue"
)

// column of a relation.
type column struct{ name, kind string }

// selected returns the SQL that writes the column. Whether a DateTime or a Date becomes a
// number or a time in Parquet depends on ClickHouse's version and settings. A DateTime64
// is always a time, and a Date32 a date.
func (c column) selected() string {
	kind := strings.TrimSuffix(strings.TrimPrefix(c.kind, "Nullable("), ")")
	switch {
	case kind == "DateTime" || strings.HasPrefix(kind, "DateTime("):
		return fmt.Sprintf("toDateTime64(%[1]s, 3, 'UTC') AS %[1]s", c.name)
	case kind == "Date":
		return fmt.Sprintf("toDate32(%[1]s) AS %[1]s", c.name)
	}
	return c.name
}

// known is what the archive has on each day.
type known struct {
	units map[string]map[time.Time]string // signatures of the visible units that touch a day, by kind
	rows  map[string]map[time.Time]uint64 // rows of the base relations
}

// readKnown reads what the archive has on the days from … to, to excluded.
func readKnown(ctx context.Context, a Archive, relations []Relation, from, to time.Time) (*known, error) {
	k := &known{units: map[string]map[time.Time]string{}, rows: map[string]map[time.Time]uint64{}}
	const expired = "SELECT toDateTime(toStartOfDay(max(greatest(starts_at, held_until))) + INTERVAL 1 DAY, 'UTC'), count() FROM ledger_units FINAL WHERE toString(state) = 'expired'"
	var n uint64
	var whole time.Time
	if err := a.Tables.QueryRow(ctx, expired).Scan(&whole, &n); err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	if n > 0 && whole.After(from) {
		from = whole.UTC() // the archive has deleted rows of earlier days: their files are kept
	}
	if !to.After(from) {
		return k, nil
	}
	if err := k.readUnits(ctx, a.Tables, from, to); err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	for _, base := range Relations() {
		needed := slices.ContainsFunc(relations, func(r Relation) bool { return slices.Contains(r.Sources, base.Name) })
		if !base.isSource() || !needed {
			continue
		}
		if err := k.countRows(ctx, a.Relations, base, from, to); err != nil {
			return nil, fmt.Errorf("count rows of %s: %w", base.Name, err)
		}
	}
	return k, nil
}

// readUnits reads which loads of which units are visible. A unit touches the days from its
// beginning to the end of its last part. A unit of the daily scale may begin on the day
// before the one it counts for.
func (k *known) readUnits(ctx context.Context, conn driver.Conn, from, to time.Time) error {
	const q = `
		SELECT kind, on, toString(groupBitXor(signature)) AS together FROM
		(
			SELECT p.kind AS kind, cityHash64(p.sdk_app_id, p.kind, p.key, arraySort(groupUniqArray(p.load_id))) AS signature,
				toDate(least(min(p.window_start), if(max(u.starts_at) = 0, min(p.window_start), max(u.starts_at)))) AS first,
				toDate(max(p.window_end) + if(kind = 'scale', 86400, 0)) AS last
			FROM ledger_parts AS p
			LEFT JOIN (SELECT sdk_app_id, kind, key, starts_at FROM ledger_units FINAL) AS u ON u.sdk_app_id = p.sdk_app_id AND u.kind = p.kind AND u.key = p.key
			WHERE p.part != 'summary' AND p.load_id NOT IN (` + catalogue.Hidden + `)
			GROUP BY p.sdk_app_id, p.kind, p.key
		)
		ARRAY JOIN arrayMap(i -> first + i, range(toUInt32(greatest(last - first, 0)) + 1)) AS on
		WHERE on >= toDate(?) AND on < toDate(?)
		GROUP BY kind, on`
	var all []struct {
		Kind      string    `ch:"kind"`
		On        time.Time `ch:"on"`
		Signature string    `ch:"together"`
	}
	err := conn.Select(ctx, &all, q, from.Format(time.DateOnly), to.Format(time.DateOnly))
	for _, x := range all {
		if k.units[x.Kind] == nil {
			k.units[x.Kind] = map[time.Time]string{}
		}
		k.units[x.Kind][x.On.UTC()] = x.Signature
	}
	return err
}

func (k *known) countRows(ctx context.Context, conn driver.Conn, r Relation, from, to time.Time) error {
	k.rows[r.Name] = map[time.Time]uint64{}
	var all []struct {
		On time.Time `ch:"on"`
		N  uint64    `ch:"n"`
	}
	err := conn.Select(ctx, &all, "SELECT toDate("+r.Time+") AS on, count() AS n FROM "+r.Name+" WHERE "+r.on(from, to)+" GROUP BY on")
	for _, x := range all {
		k.rows[r.Name][x.On.UTC()] = x.N
	}
	return err
}

// days returns the days on which the relation may have rows, in order.
func (k *known) days(r Relation) []time.Time {
	have := map[time.Time]bool{}
	for _, s := range r.Sources {
		for d := range k.rows[s] {
			have[d] = true
		}
	}
	if !r.isSource() {
		for d := range k.units[r.Unit] {
			have[d] = true
		}
	}
	return slices.SortedFunc(maps.Keys(have), time.Time.Compare)
}

// signature returns the signature of a day of a relation.
func (k *known) signature(r Relation, definition string, d time.Time) string {
	parts := []string{definition, k.units[r.Unit][d]}
	if r.Also != "" {
		parts = append(parts, k.units[r.Also][d])
	}
	for _, s := range r.Sources {
		parts = append(parts, fmt.Sprint(k.rows[s][d]))
	}
	return fmt.Sprintf("%016x", xxhash.Sum64String(strings.Join(parts, " ")))
}

// define reads the columns of a relation, and what its rows depend on besides the data: its
// query and the small tables that it looks values up in.
func define(ctx context.Context, conn driver.Conn, r Relation) (columns []column, definition string, err error) {
	rows, err := conn.Query(ctx, "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = ? ORDER BY position", r.Name)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.kind); err != nil {
			return nil, "", err
		}
		columns = append(columns, c)
	}
	if err := rows.Err(); err != nil {
		return nil, "", err
	}
	if len(columns) == 0 {
		return nil, "", fmt.Errorf("the database has no relation %s", r.Name)
	}
	parts := []string{"SELECT toString(cityHash64(as_select)) FROM system.tables WHERE database = currentDatabase() AND name = '" + r.Name + "'"}
	for _, name := range r.Names {
		parts = append(parts, "SELECT toString(sum(cityHash64(*))) FROM "+name)
	}
	for _, q := range parts {
		var hash string
		if err := conn.QueryRow(ctx, q).Scan(&hash); err != nil {
			return nil, "", err
		}
		definition += hash + " "
	}
	return columns, definition + fmt.Sprint(columns), nil
}
