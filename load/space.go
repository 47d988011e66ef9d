package load

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
)

// Space is the size on disk of some rows.
type Space struct {
	Name         string `ch:"name"` // of a metric, or of a month such as 2026-11
	Rows         uint64 `ch:"rows"` // hidden ones included
	Bytes        uint64 `ch:"bytes"`
	Uncompressed uint64 `ch:"uncompressed"`
}

// Months lists the sizes of the months of all tables that have months, by the
// data's time; rows are those of the samples. Like all that follows it needs the
// right to read system.parts.
func (s *Store) Months(ctx context.Context) ([]Space, error) {
	return s.space(ctx, `
		SELECT concat(substring(partition, 1, 4), '-', substring(partition, 5)) AS name, sumIf(parts.rows, table = 'quality_samples_data') AS rows,
			sum(bytes_on_disk) AS bytes, sum(data_uncompressed_bytes) AS uncompressed
		FROM system.parts AS parts WHERE active AND database = currentDatabase() AND match(partition, '^[0-9]{6}$') AND table IN (?)
		GROUP BY name ORDER BY name`, loadedTables())
}

func loadedTables() (names []string) {
	for _, t := range catalogue.Loaded() {
		names = append(names, t.Name)
	}
	return names
}

// Metrics lists the sizes of the metrics in the samples' table, the largest
// first. The rows are exact. The bytes are an estimate: those of a part are
// shared out by what its values, nine tenths of it, take between the marks of
// the index, each with the metric that it begins with, so that a metric of a few
// thousand rows in a part may count as its neighbour there. It needs the right to
// read the index, CREATE TEMPORARY TABLE.
func (s *Store) Metrics(ctx context.Context) ([]Space, error) {
	return s.space(ctx, `
		WITH marks AS
		(
			SELECT part_name, metric, rows_in_granule, assumeNotNull(tupleElement(at, 1)) AS begins,
				leadInFrame(begins, 1, begins) OVER (PARTITION BY part_name ORDER BY mark_number ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS ends
			FROM (SELECT part_name, mark_number, rows_in_granule, metric, "value.mark" AS at FROM mergeTreeIndex(currentDatabase(), 'quality_samples_data', with_marks = true))
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
			FROM shares INNER JOIN (SELECT name, bytes_on_disk FROM system.parts WHERE active AND database = currentDatabase() AND table = 'quality_samples_data') AS p ON p.name = part_name
			GROUP BY metric
		)
		SELECT toString(c.metric) AS name, c.n AS rows, toUInt64(sizes.bytes) AS bytes, 
			toUInt64(c.n * (SELECT sum(data_uncompressed_bytes) / sum(rows) FROM system.parts WHERE active AND database = currentDatabase() AND table = 'quality_samples_data')) AS uncompressed
		FROM (SELECT metric, count() AS n FROM quality_samples_data GROUP BY metric) AS c LEFT JOIN sizes ON sizes.metric = c.metric
		ORDER BY bytes DESC, name`)
}

func (s *Store) space(ctx context.Context, query string, args ...any) ([]Space, error) {
	all := []Space{}
	if err := s.conn.Select(ctx, &all, query, args...); err != nil {
		return nil, fmt.Errorf("read sizes: %w", err)
	}
	return all, nil
}

// Growth is what part of the archive's rows came with the units that began in
// some days before today.
type Growth struct {
	Days   int                // whole UTC days, at most as many as there are
	Shares map[string]float64 // of all rows of each relation that the vendor sent
}

// Growth looks at the days before today, at most so many, which the ledger has.
func (s *Store) Growth(ctx context.Context, today time.Time, days int) (Growth, error) {
	relations := catalogue.Sent() // the ledger counts the rows of each
	var recently, ever []string
	for _, r := range relations {
		recently, ever = append(recently, "sumIf("+r+", recent)"), append(ever, "sum("+r+")")
	}
	q := `
		SELECT least(?, greatest(dateDiff('day', minIf(toDate(starts_at), kind = 'call'), toDate(?)), 1)) AS days,
			[` + strings.Join(recently, ", ") + `] AS recently, [` + strings.Join(ever, ", ") + `] AS ever
		FROM (SELECT *, starts_at >= toDate(?) AND starts_at < toDate(?) AS recent FROM ledger_units FINAL WHERE toString(state) != 'expired')`
	g := Growth{Shares: map[string]float64{}}
	var length int64
	var recent, all []uint64
	on := today.Format(time.DateOnly)
	row := s.conn.QueryRow(ctx, q, int64(days), on, today.AddDate(0, 0, -days).Format(time.DateOnly), on)
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
