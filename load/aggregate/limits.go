package aggregate

import (
	"context"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/native"
)

// judged are the measures in the order of the lists of package quality, by the names that
// quality_thresholds has.
var judged = []string{"loss", "stall", "fps", "rtt", "cpu"}

// Limits reads the limits of quality in a database: good, poor and serious of each measure,
// as the column judged_by of a summary has them. A measure without a row is not judged: its
// limits are 0.
func Limits(ctx context.Context, conn driver.Conn, database string) (string, error) {
	var (
		measure string
		l       [3]float64
		of      = map[string][3]float64{}
	)
	q := "SELECT toString(measure), l.1, l.2, l.3 FROM (SELECT measure, argMax((good, poor, serious), changed_at) AS l FROM " + sqltext.Identifier(database) + ".quality_thresholds GROUP BY measure)"
	if err := native.Read(ctx, conn, "limits of quality", q, nil, func() { of[measure] = l }, &measure, &l[0], &l[1], &l[2]); err != nil {
		return "", err
	}
	var all []string
	for _, m := range judged {
		for _, number := range of[m] {
			all = append(all, strconv.FormatFloat(number, 'g', -1, 64))
		}
	}
	return strings.Join(all, " "), nil
}
