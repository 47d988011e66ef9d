package backup

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/native"
)

// renumber gives the parts of a restored archive new versions, so that later mutations
// apply to them. RESTORE gives parts new block numbers, but keeps the version of the last
// mutation that they had in the old database. The new database counts versions from 1
// again, and a DELETE there silently skips every part with a later version. A part that is
// attached again gets the version of its block.
func renumber(ctx context.Context, conn driver.Conn, database string) error {
	const mutated = " FROM system.parts WHERE active AND database IN (?, ?) AND data_version > max_block_number"
	store := catalogue.StoreOf(database)
	type month struct{ table, partition string }
	var months []month
	var in, table, partition string
	err := native.Read(ctx, conn, "mutated parts", "SELECT DISTINCT database, table, partition_id"+mutated+" ORDER BY ALL", []any{database, store}, func() {
		months = append(months, month{qualified(in, table), sqltext.Literal(partition)})
	}, &in, &table, &partition)
	if err != nil {
		return err
	}
	for _, m := range months {
		for _, verb := range []string{"DETACH", "ATTACH"} {
			if err := conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s %s PARTITION ID %s", m.table, verb, m.partition)); err != nil {
				return fmt.Errorf("attach the parts of %s again: %w", m.table, err)
			}
		}
	}
	var left uint64
	if err := conn.QueryRow(ctx, "SELECT count()"+mutated, database, store).Scan(&left); err != nil {
		return fmt.Errorf("look for mutated parts: %w", err)
	}
	if left > 0 {
		return fmt.Errorf("%d parts are still of the old database's version: nothing could be deleted from them", left)
	}
	return nil
}
