package backup

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/native"
)

// ErrShape is returned when a backup does not fit the servers.
var ErrShape = errors.New("the backup does not fit")

// fits returns an error unless the servers have the shape that a backup needs.
func fits(ctx context.Context, conn driver.Conn, n Note, c *cluster.Cluster) error {
	switch {
	case n.Shards > 0 && !c.Many():
		return fmt.Errorf("%w: it is of a cluster with %s; name one in CALLVAULT_CLICKHOUSE_CLUSTER", ErrShape, shards(n.Shards))
	case n.Shards == 0 && c.Many():
		return fmt.Errorf("%w: it is of one server; unset CALLVAULT_CLICKHOUSE_CLUSTER, restore it on one server and move it from there (docs/cluster.md)", ErrShape)
	}
	s, err := c.Whole(ctx, conn)
	if err == nil && s.Shards != n.Shards {
		err = fmt.Errorf("%w: it is of a cluster with %s, and %s has %s; restore it into one with %s and move it from there", ErrShape, shards(n.Shards), c.Name(), shards(s.Shards), shards(n.Shards))
	}
	return err
}

func shards(n uint64) string {
	if n == 1 {
		return "1 shard"
	}
	return fmt.Sprintf("%d shards", n)
}

// emptyTables removes the rows that making the tables has put into them: those of the backup
// take their place.
func emptyTables(ctx context.Context, conn driver.Conn, database string) error {
	const q = "SELECT database, name FROM system.tables WHERE database IN (?, ?) AND engine LIKE 'Replicated%' AND total_rows > 0"
	how := how()
	var filled []string
	var in, name string
	err := native.Read(ctx, conn, "tables", q, []any{database, catalogue.StoreOf(database)}, func() {
		if how[name] != catalogue.Not {
			filled = append(filled, qualified(in, name))
		}
	}, &in, &name)
	for _, table := range filled {
		if err == nil {
			err = conn.Exec(ctx, "TRUNCATE TABLE "+table+" SETTINGS alter_sync = 2")
		}
	}
	if err != nil {
		return fmt.Errorf("empty the tables of %s: %w", sqltext.Identifier(database), err)
	}
	return nil
}
