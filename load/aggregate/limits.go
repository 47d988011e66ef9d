package aggregate

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/sqltext"
)

// Limits returns a scalar query for the limits of quality in a database: good, poor and serious
// of each measure, in the order of the lists of package quality, as the column judged_by of a
// summary has them. A measure without a row is not judged: its limits are 0.
func Limits(database string) string {
	of := ""
	for i, measure := range []string{"loss", "stall", "fps", "rtt", "cpu"} {
		if i > 0 {
			of += ", "
		}
		of += "argMaxIf([good, poor, serious], changed_at, measure = '" + measure + "')"
	}
	return "(SELECT arrayStringConcat(arrayFlatten(arrayMap(l -> arrayResize(l, 3), [" + of + "])), ' ') FROM " + sqltext.Identifier(database) + ".quality_thresholds)"
}

// ReadLimits reads Limits.
func ReadLimits(ctx context.Context, conn driver.Conn, database string) (limits string, err error) {
	if err = conn.QueryRow(ctx, "SELECT "+Limits(database)).Scan(&limits); err != nil {
		err = fmt.Errorf("read limits of quality: %w", err)
	}
	return limits, err
}
