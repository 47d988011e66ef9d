package backup

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/sqltext"
)

// renumber makes the parts of a restored database younger than any mutation to
// come. RESTORE gives them new block numbers and leaves them the version of the
// last mutation that they had in the old database; the new one counts from 1
// again, and a DELETE there passes by every part of a later version, without a
// word. Attached anew, parts have the version of their block.
func renumber(ctx context.Context, conn driver.Conn, database string) error {
	const q = `SELECT DISTINCT table, partition_id FROM system.parts
		WHERE active AND database = ? AND data_version > max_block_number ORDER BY ALL`
	rows, err := conn.Query(ctx, q, database)
	if err != nil {
		return fmt.Errorf("look for mutated parts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, partition string
		if err := rows.Scan(&table, &partition); err != nil {
			return fmt.Errorf("look for mutated parts: %w", err)
		}
		for _, verb := range []string{"DETACH", "ATTACH"} {
			statement := fmt.Sprintf("ALTER TABLE %s.%s %s PARTITION ID %s", sqltext.Identifier(database), sqltext.Identifier(table), verb, sqltext.Literal(partition))
			if err := conn.Exec(ctx, statement); err != nil {
				return fmt.Errorf("attach the parts of %s anew: %w", table, err)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("look for mutated parts: %w", err)
	}
	var left uint64
	const still = "SELECT count() FROM system.parts WHERE active AND database = ? AND data_version > max_block_number"
	if err := conn.QueryRow(ctx, still, database).Scan(&left); err != nil {
		return fmt.Errorf("look for mutated parts: %w", err)
	}
	if left > 0 {
		return fmt.Errorf("%d parts are still of the old database's version: nothing could be deleted from them", left)
	}
	return nil
}
