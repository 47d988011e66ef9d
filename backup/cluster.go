package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/native"
)

var (
	// ErrServers is returned when servers of a cluster do not answer, or are away: all of
	// them take part in a backup and in a restore.
	ErrServers = errors.New("servers of the cluster are missing")
	// ErrShape is returned when a backup does not fit the servers.
	ErrShape = errors.New("the backup does not fit")
)

// allServers returns the shape of the cluster if all of its servers can take part.
func allServers(ctx context.Context, conn driver.Conn, c *cluster.Cluster) (s cluster.Shape, err error) {
	if !c.Many() {
		return s, nil
	}
	s, err = c.Shape(ctx, conn)
	switch {
	case err != nil:
	case s.Answer < s.Servers:
		err = fmt.Errorf("%w: %d of %d answer, and ClickHouse needs all; start the others and try again", ErrServers, s.Answer, s.Servers)
	case len(s.Away) > 0:
		err = fmt.Errorf("%w: %s is away and may lack rows; callvault archive lets it answer when it has caught up, then try again", ErrServers, strings.Join(s.Away, ", "))
	}
	return s, err
}

// fits returns an error unless the servers have the shape that a backup needs.
func fits(ctx context.Context, conn driver.Conn, n Note, c *cluster.Cluster) error {
	switch {
	case n.Shards > 0 && !c.Many():
		return fmt.Errorf("%w: it is of a cluster with %s; name one in CALLVAULT_CLICKHOUSE_CLUSTER", ErrShape, shards(n.Shards))
	case n.Shards == 0 && c.Many():
		return fmt.Errorf("%w: it is of one server; unset CALLVAULT_CLICKHOUSE_CLUSTER, restore it on one server and move it from there (docs/cluster.md)", ErrShape)
	}
	s, err := allServers(ctx, conn, c)
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

// everyServer is the list of a system table of all servers.
func everyServer(c *cluster.Cluster, table string) string {
	if !c.Many() {
		return table
	}
	return c.All(table)
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
