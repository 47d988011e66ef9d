package schema

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// ColumnsOf reads the columns of the relations of an archive, in order.
func ColumnsOf(ctx context.Context, conn driver.Conn, database string) (map[string][]string, error) {
	rows, err := conn.Query(ctx, "SELECT table, name FROM system.columns WHERE database = ? ORDER BY table, position", database)
	if err != nil {
		return nil, fmt.Errorf("read columns: %w", err)
	}
	defer rows.Close()
	all := map[string][]string{}
	var table, name string
	for rows.Next() {
		if err := rows.Scan(&table, &name); err != nil {
			return nil, fmt.Errorf("read columns: %w", err)
		}
		all[table] = append(all[table], name)
	}
	return all, rows.Err()
}
