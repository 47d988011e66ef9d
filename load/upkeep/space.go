package upkeep

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/native"
)

// Space is the disk space of some rows.
type Space struct {
	Name         string `ch:"name"` // of a metric, or of a month such as 2026-11
	Rows         uint64 `ch:"rows"` // hidden ones included
	Bytes        uint64 `ch:"bytes"`
	Uncompressed uint64 `ch:"uncompressed"`
}

// Months lists the space of each month of the data in all tables. Its rows are the samples.
// It needs the right to read system.parts, as Metrics and DiskUsage do.
func Months(ctx context.Context, a Archive) ([]Space, error) {
	samples, _ := a.Cluster().Own(native.SamplesTable)
	var tables []string
	for _, t := range loaded() {
		own, _ := a.Cluster().Own(t)
		tables = append(tables, own)
	}
	return space(ctx, a, `
		SELECT concat(substring(partition, 1, 4), '-', substring(partition, 5)) AS name, sumIf(parts.rows, table = ?) AS rows,
			sum(bytes_on_disk) AS bytes, sum(data_uncompressed_bytes) AS uncompressed
		FROM `+a.Cluster().Parts()+` AS parts WHERE active AND database = ? AND match(partition, '^[0-9]{6}$') AND table IN (?)
		GROUP BY name ORDER BY name`, samples, catalogue.StoreOf(a.Database()), tables)
}

// Metrics lists the space of each metric in the samples' table, the largest first. The rows
// are exact. The bytes are an estimate. Values are nine tenths of a part, so the part's bytes
// are divided in proportion to the values between the marks of the index. Each such piece
// counts for the metric that it begins with. So a metric with a few thousand rows in a part
// may count as its neighbour there. Metrics also needs the right to read the index: CREATE
// TEMPORARY TABLE.
func Metrics(ctx context.Context, a Archive) ([]Space, error) {
	own, _ := a.Cluster().Own(native.SamplesTable)
	database := sqltext.Literal(catalogue.StoreOf(a.Database()))
	query := strings.NewReplacer("DATABASE", database, "SAMPLES", sqltext.Identifier(catalogue.StoreOf(a.Database()))+"."+own, "NAME", sqltext.Literal(own)).Replace(metrics)
	if a.Cluster().Many() { // each shard looks at its own
		query = "SELECT name, sum(n) AS rows, sum(b) AS bytes, sum(u) AS uncompressed FROM " +
			a.Cluster().Each("view(SELECT name, rows AS n, bytes AS b, uncompressed AS u FROM ("+query+"))") + " GROUP BY name ORDER BY bytes DESC, name"
	}
	return space(ctx, a, query)
}

// metrics is the query for the space of each metric, with words for the samples' table.
const metrics = `
		WITH marks AS
		(
			SELECT part_name, metric, rows_in_granule, assumeNotNull(tupleElement(at, 1)) AS begins,
				leadInFrame(begins, 1, begins) OVER (PARTITION BY part_name ORDER BY mark_number ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS ends
			FROM (SELECT part_name, mark_number, rows_in_granule, metric, "number.mark" AS at FROM mergeTreeIndex(DATABASE, NAME, with_marks = true))
		),
		shares AS
		(
			SELECT part_name, metric, greatest(toInt64(ends) - toInt64(begins), 0) AS own, sum(own) OVER (PARTITION BY part_name) AS of_part,
				if(of_part > 0, own / of_part, rows_in_granule / sum(rows_in_granule) OVER (PARTITION BY part_name)) AS share
			FROM marks WHERE rows_in_granule > 0
		),
		sizes AS
		(
			SELECT metric, sum(share * p.bytes_on_disk) AS bytes
			FROM shares INNER JOIN (SELECT name, bytes_on_disk FROM system.parts WHERE active AND database = DATABASE AND table = NAME) AS p ON p.name = part_name
			GROUP BY metric
		)
		SELECT toString(c.metric) AS name, c.n AS rows, toUInt64(sizes.bytes) AS bytes, toUInt64(c.n * average.of_row) AS uncompressed
		FROM (SELECT metric, count() AS n FROM SAMPLES GROUP BY metric) AS c
		LEFT JOIN sizes ON sizes.metric = c.metric
		CROSS JOIN (SELECT sum(data_uncompressed_bytes) / sum(rows) AS of_row FROM system.parts WHERE active AND database = DATABASE AND table = NAME) AS average
		ORDER BY bytes DESC, name`

func space(ctx context.Context, a Archive, query string, args ...any) ([]Space, error) {
	all := []Space{}
	if err := a.StoreConn().Select(ctx, &all, query, args...); err != nil {
		return nil, fmt.Errorf("read sizes: %w", err)
	}
	return all, nil
}

// Growth is the share of the archive's rows that belong to units of some days before today.
type Growth struct {
	Days   int                // whole UTC days
	Shares map[string]float64 // of the rows, by relation that the vendor sent
}

// RecentGrowth returns the growth of the given number of days before today, or of as many as
// the ledger has.
func RecentGrowth(ctx context.Context, a Archive, today time.Time, days int) (Growth, error) {
	relations := catalogue.Sent() // the ledger counts the rows of each
	var recently, ever []string
	for _, r := range relations {
		n := catalogue.Counted(r)
		recently, ever = append(recently, "sumIf("+n+", recent)"), append(ever, "sum("+n+")")
	}
	q := `
		SELECT least(?, greatest(dateDiff('day', minIf(toDate(starts_at), kind = 'call'), toDate(?)), 1)) AS days,
			[` + strings.Join(recently, ", ") + `] AS recently, [` + strings.Join(ever, ", ") + `] AS ever
		FROM (SELECT *, starts_at >= toDate(?) AND starts_at < toDate(?) AS recent FROM ledger_units FINAL WHERE toString(state) != 'expired')`
	g := Growth{Shares: map[string]float64{}}
	var length int64
	var recent, all []uint64
	on := today.Format(time.DateOnly)
	row := a.StoreConn().QueryRow(ctx, q, int64(days), on, today.AddDate(0, 0, -days).Format(time.DateOnly), on)
	if err := row.Scan(&length, &recent, &all); err != nil {
		return g, fmt.Errorf("read ledger: %w", err)
	}
	g.Days = int(length)
	for i, r := range relations {
		if all[i] > 0 {
			g.Shares[r] = float64(recent[i]) / float64(all[i])
		}
	}
	return g, nil
}

// Usage is the disk space of one relation.
type Usage struct {
	Relation     string // as analysts know it: without _data
	Rows         uint64 // of its table, hidden ones included
	Bytes        uint64 // compressed
	Uncompressed uint64
	Parts        uint64
}

// DiskUsage lists the tables of both databases, the largest first.
func DiskUsage(ctx context.Context, a Archive) (all []Usage, err error) {
	q := `
		SELECT replaceRegexpOne(table, '(_data)?(_shard)?$', ''), sum(rows), sum(bytes_on_disk) AS size, sum(data_uncompressed_bytes), count()
		FROM ` + a.Cluster().Parts() + ` WHERE active AND database IN (?, ?)
		GROUP BY table ORDER BY size DESC, table`
	var u Usage
	err = native.Read(ctx, a.StoreConn(), "disk usage", q, []any{a.Database(), catalogue.StoreOf(a.Database())}, func() { all = append(all, u) },
		&u.Relation, &u.Rows, &u.Bytes, &u.Uncompressed, &u.Parts)
	return all, err
}

// Disk is the free and the whole space of one of the server's disks.
type Disk struct {
	Name        string
	Free, Total uint64
}

// Disks lists the server's disks. It needs the right to read system.disks, as FreeSpace
// does.
func Disks(ctx context.Context, a Archive) (all []Disk, err error) {
	var d Disk
	err = native.Read(ctx, a.StoreConn(), "disks", "SELECT name, free_space, total_space FROM system.disks ORDER BY name", nil,
		func() { all = append(all, d) }, &d.Name, &d.Free, &d.Total)
	return all, err
}

// FreeSpace returns the free space of the disks that hold the tables.
func FreeSpace(ctx context.Context, a Archive) (free uint64, err error) {
	const q = `
		SELECT sum(free_space) FROM system.disks
		WHERE name IN (SELECT disk_name FROM system.parts WHERE active AND database = currentDatabase())`
	if err := a.StoreConn().QueryRow(ctx, q).Scan(&free); err != nil {
		return 0, fmt.Errorf("read disks: %w", err)
	}
	return free, nil
}
