package upkeep

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/native"
)

// everywhere is the value of mutations_sync to wait for all replicas. If one is down, ClickHouse
// returns an error.
const everywhere = 2

// patient lets a statement on all servers wait as long as the others do.
func patient(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"distributed_ddl_task_timeout": 3600}))
}

// DeleteRows deletes the rows of a table for which a condition holds, by masking them on all
// replicas. The condition stays on the disk for a while, in the table's list of mutations. The
// caller holds the archive lease.
func DeleteRows(ctx context.Context, a Archive, table, cond string) error {
	return a.Retry(ctx, func(ctx context.Context) error { return deleteRows(patient(ctx), a, table, cond, everywhere) })
}

// Rewrite deletes the rows of a small table for which a condition holds by rewriting its
// parts, and waits for the end on all replicas. These have all rows before: the condition may
// read the table. The caller holds the archive lease.
func Rewrite(ctx context.Context, a Archive, table, cond string) error {
	return a.Retry(ctx, func(ctx context.Context) error {
		ctx = patient(ctx)
		if err := a.Cluster().Copied(ctx, a.StoreConn(), table); err != nil {
			return err
		}
		return rewrite(ctx, a, table, cond, everywhere)
	})
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
			q := "ALTER TABLE " + m.table + m.on + " APPLY DELETED MASK IN PARTITION ID " + sqltext.Literal(m.partition) + " SETTINGS mutations_sync = " + sync
			if err := a.StoreConn().Exec(patient(ctx), q); err != nil {
				return fmt.Errorf("write %s of %s without deleted rows: %w", m.partition, m.table, err)
			}
		}
		return nil
	})
}

// partition is a partition of a table, and the clause for a statement that changes it on all
// servers that have it.
type partition struct{ table, partition, on string }

// partitions lists the partitions with masked rows, on any server.
func partitions(ctx context.Context, a Archive) (all []partition, err error) {
	q := "SELECT DISTINCT table, partition_id FROM " + a.Cluster().Everywhere("system.parts") + " WHERE active AND database = ? AND has_lightweight_delete ORDER BY ALL"
	var m partition
	err = native.Read(ctx, a.StoreConn(), "parts with deleted rows", q, []any{catalogue.StoreOf(a.Database())}, func() {
		if m.on = ""; strings.HasSuffix(m.table, catalogue.Shard) {
			m.on = a.Cluster().On()
		}
		all = append(all, m)
	}, &m.table, &m.partition)
	return all, err
}

// OldParts counts the parts of the archive that were replaced and are still on the disk. Only
// those count that a list of before names, if there is one; the parts are returned as such a
// list.
func OldParts(ctx context.Context, a Archive, before map[string]bool) (old map[string]bool, err error) {
	q := "SELECT concat(hostName(), ':', toString(tcpPort()), '.', database, '.', table, '.', name) FROM " + a.Cluster().Everywhere("system.parts") + " WHERE NOT active AND database IN (?, ?)"
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
