package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
)

// Shape is how a cluster is made, and how it is.
type Shape struct {
	Shards, Replicas uint64   // replicas of the largest shard
	Servers, Answer  uint64   // servers, and those that answer
	Internal         bool     // whether an insert goes to one replica of a shard, which the others copy
	Same             []string // names that several servers have, by their macros shard and replica
	Away             []string // replicas that may not answer queries
	Others           []string // other clusters that the server knows
}

// ErrServers is returned when servers do not answer, or are away.
var ErrServers = errors.New("servers of the cluster are missing")

// Whole returns the shape of the cluster, and ErrServers unless all servers answer and none is
// away. On one server it looks at nothing.
func (c *Cluster) Whole(ctx context.Context, conn driver.Conn) (s Shape, err error) {
	if !c.Many() {
		return s, nil
	}
	s, err = c.Shape(ctx, conn)
	switch {
	case err != nil:
	case s.Answer < s.Servers:
		err = fmt.Errorf("%w: %d of %d answer, and this needs all; start the others and try again", ErrServers, s.Answer, s.Servers)
	case len(s.Away) > 0:
		err = fmt.Errorf("%w: %s is away and may lack rows; callvault archive lets it answer when it has caught up, then try again", ErrServers, strings.Join(s.Away, ", "))
	}
	return s, err
}

// Lacking returns the servers that answer and lack tables which others have in these databases:
// they have joined the cluster.
func (c *Cluster) Lacking(ctx context.Context, conn driver.Conn, databases ...string) (names []string, err error) {
	var all []string
	for _, d := range databases {
		all = append(all, sqltext.Literal(d))
	}
	of := "view(SELECT " + node + " AS node, count() AS tables FROM system.tables WHERE database IN (" + strings.Join(all, ", ") + "))"
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"skip_unavailable_shards": 1}))
	q := "SELECT arraySort(groupArrayIf(node, tables < most)) FROM (SELECT node, tables, max(tables) OVER () AS most FROM " + c.All(of) + ")"
	if err := conn.QueryRow(ctx, q).Scan(&names); err != nil {
		return nil, fmt.Errorf("look which servers have the tables: %w", err)
	}
	return names, nil
}

// Shape looks at the cluster. If the server does not know it, Shards is 0.
func (c *Cluster) Shape(ctx context.Context, conn driver.Conn) (s Shape, err error) {
	const q = `SELECT uniqExact(shard_num), max(replica_num), count(), min(internal_replication OR not_alone = 0) FROM
		(SELECT shard_num, replica_num, internal_replication, count() OVER (PARTITION BY shard_num) > 1 AS not_alone FROM system.clusters WHERE cluster = ?)`
	var replicas uint32
	var internal uint8
	if err := conn.QueryRow(ctx, q, c.name).Scan(&s.Shards, &replicas, &s.Servers, &internal); err != nil {
		return s, fmt.Errorf("read system.clusters: %w", err)
	}
	s.Replicas, s.Internal = uint64(replicas), internal == 1
	if s.Shards == 0 {
		err := conn.QueryRow(ctx, "SELECT groupUniqArray(cluster) FROM system.clusters").Scan(&s.Others)
		return s, err
	}
	names := "SELECT node FROM " + c.All("view(SELECT "+node+" AS node)")
	quick := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"skip_unavailable_shards": 1}))
	const both = "SELECT sum(n), groupArrayIf(node, n > 1) FROM (SELECT node, count() AS n FROM (%s) GROUP BY node)"
	if err := conn.QueryRow(quick, fmt.Sprintf(both, names)).Scan(&s.Answer, &s.Same); err != nil {
		return s, fmt.Errorf("ask all servers of the cluster for their macros shard and replica: %w", err)
	}
	var there uint8
	if err := conn.QueryRow(ctx, "EXISTS TABLE "+sqltext.Identifier(c.store)+"."+catalogue.Away).Scan(&there); err != nil || there == 0 {
		return s, err
	}
	err = conn.QueryRow(ctx, "SELECT arraySort(groupArray(node)) FROM "+sqltext.Identifier(c.store)+"."+catalogue.Away).Scan(&s.Away)
	return s, err
}
