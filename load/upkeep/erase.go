package upkeep

import (
	"context"
	"fmt"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/native"
)

// DeleteRows deletes the rows of a table for which a condition holds, by masking them. The
// condition stays on the disk for a while, in the table's list of mutations. The caller holds
// the archive lease.
func DeleteRows(ctx context.Context, a Archive, table, cond string) error {
	return a.Retry(ctx, func(ctx context.Context) error { return deleteRows(ctx, a, table, cond) })
}

// Rewrite deletes the rows of a small table for which a condition holds by rewriting its
// parts, and waits for the end. The caller holds the archive lease.
func Rewrite(ctx context.Context, a Archive, table, cond string) error {
	return a.Retry(ctx, func(ctx context.Context) error { return mutate(ctx, a, table, cond) })
}

// Update changes the rows of a small table for which a condition holds, and waits for the end.
// The caller holds the archive lease.
func Update(ctx context.Context, a Archive, table, set, cond string) error {
	return a.Retry(ctx, func(ctx context.Context) error {
		if err := a.StoreConn().Exec(ctx, "ALTER TABLE "+table+" UPDATE "+set+" WHERE "+cond+" SETTINGS mutations_sync = 2"+sameEverywhere); err != nil {
			return fmt.Errorf("change rows of %s: %w", table, err)
		}
		return nil
	})
}

// ApplyMasks writes the parts with masked rows anew, without these rows. It waits for the end,
// or only begins. The space of the old parts is free when ClickHouse has removed them (see
// OldParts). The caller holds the archive lease.
func ApplyMasks(ctx context.Context, a Archive, wait bool) error {
	sync := "0"
	if wait {
		sync = "2"
	}
	return a.Retry(ctx, func(ctx context.Context) error {
		masked, err := partitions(ctx, a)
		if err != nil {
			return err
		}
		for _, m := range masked {
			q := "ALTER TABLE " + m.table + " APPLY DELETED MASK IN PARTITION ID " + sqltext.Literal(m.partition) + " SETTINGS mutations_sync = " + sync
			if err := a.StoreConn().Exec(ctx, q); err != nil {
				return fmt.Errorf("write %s of %s without deleted rows: %w", m.partition, m.table, err)
			}
		}
		return nil
	})
}

type partition struct{ table, partition string }

// partitions lists the partitions with masked rows.
func partitions(ctx context.Context, a Archive) (all []partition, err error) {
	const q = "SELECT DISTINCT table, partition_id FROM system.parts WHERE active AND database = currentDatabase() AND has_lightweight_delete ORDER BY ALL"
	var m partition
	err = native.Read(ctx, a.StoreConn(), "parts with deleted rows", q, nil, func() { all = append(all, m) }, &m.table, &m.partition)
	return all, err
}

// OldParts counts the parts of the archive that were replaced and are still on the disk. Only
// those count that a list of before names, if there is one; the parts are returned as such a
// list.
func OldParts(ctx context.Context, a Archive, before map[string]bool) (old map[string]bool, err error) {
	const q = "SELECT concat(database, '.', table, '.', name) FROM system.parts WHERE NOT active AND database IN (?, ?)"
	err = a.Retry(ctx, func(ctx context.Context) error {
		old = map[string]bool{}
		var name string
		return native.Read(ctx, a.StoreConn(), "replaced parts", q, []any{a.Database(), catalogue.StoreOf(a.Database())}, func() {
			if before == nil || before[name] {
				old[name] = true
			}
		}, &name)
	})
	return old, err
}
