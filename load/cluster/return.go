package cluster

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
)

// Return lets replicas answer again that have caught up. It waits for those that are about to.
func (c *Cluster) Return(ctx context.Context, conn driver.Conn) error {
	if !c.Many() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for began := time.Now(); ; {
		soon, err := c.returned(ctx, conn)
		if err != nil || soon == 0 || time.Since(began) > c.waits.behind {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(c.waits.last):
		}
	}
}

// Missing returns the replicas that are away.
func (c *Cluster) Missing(ctx context.Context, conn driver.Conn) ([]string, error) {
	if !c.Many() {
		return nil, nil
	}
	away, err := c.away(ctx, conn)
	return slices.Sorted(maps.Keys(away)), err
}

// Floor returns the load up to which loads that hidden_loads does not mention are visible. On
// one server all such loads are: it returns the greatest number.
func (c *Cluster) Floor(ctx context.Context, conn driver.Conn) (floor uint64, err error) {
	if !c.Many() {
		return math.MaxUint64, nil
	}
	if err := conn.QueryRow(ctx, "SELECT max(load_id) FROM "+catalogue.Floor).Scan(&floor); err != nil {
		return 0, fmt.Errorf("read %s: %w", catalogue.Floor, err)
	}
	return floor, nil
}

// Raise raises the floor to a load. All loads up to it are in hidden_loads, or were below the
// floor before. Those that are committed may be forgotten after the next Raise: until then
// a query may run that has read the floor before.
func (c *Cluster) Raise(ctx context.Context, conn driver.Conn, to uint64) error {
	if !c.Many() {
		return nil
	}
	if err := conn.Exec(ctx, fmt.Sprintf("INSERT INTO %s SELECT %d", catalogue.Floor, to)); err != nil {
		return fmt.Errorf("raise %s: %w", catalogue.Floor, err)
	}
	return c.Landed(ctx, conn, Want{Table: catalogue.Floor, Count: "toUInt64(max(load_id))", Condition: "1", Rows: to, Everywhere: true})
}

// Begin makes this server up to date with what others have written, and lets replicas that
// have caught up answer. Who changes the archive calls it before reading what there is.
func (c *Cluster) Begin(ctx context.Context, conn driver.Conn) error {
	if !c.Many() {
		return nil
	}
	for _, t := range catalogue.Tables() {
		if t.Sharded() || t.Name == catalogue.Keeper {
			continue
		}
		if err := c.sync(ctx, conn, t.Name); err != nil {
			return err
		}
	}
	if err := c.sync(ctx, conn, catalogue.Floor); err != nil {
		return err
	}
	return c.Return(ctx, conn)
}

func (c *Cluster) sync(ctx context.Context, conn driver.Conn, table string) error {
	if err := conn.Exec(ctx, "SYSTEM SYNC REPLICA "+sqltext.Identifier(c.store)+"."+table); err != nil {
		return fmt.Errorf("wait until this replica has all of %s: %w", table, err)
	}
	return nil
}

// apart is the least time between two looks at the queue of a replica. A replica that reads
// entries of Keeper's log notes first how far it has read, and queues them right after.
const apart = 100 * time.Millisecond

// returned is Return without waiting. It returns how many of the replicas that are away answer
// and have not caught up. The caller holds mu: rows that are inserted meanwhile have not
// landed.
func (c *Cluster) returned(ctx context.Context, conn driver.Conn) (soon int, err error) {
	away, err := c.away(ctx, conn)
	if err != nil || len(away) == 0 {
		return 0, err
	}
	first, err := c.idle(ctx, conn)
	if err != nil {
		return 0, err
	}
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-time.After(apart):
	}
	then, err := c.idle(ctx, conn)
	if err != nil {
		return 0, err
	}
	for _, name := range slices.Sorted(maps.Keys(away)) {
		idle, answers := then[name]
		switch {
		case !answers:
		case !idle || !first[name]:
			soon++
		default:
			if err := conn.Exec(ctx, "ALTER TABLE "+catalogue.Away+" DELETE WHERE node = "+sqltext.Literal(name)); err != nil {
				return 0, fmt.Errorf("note that replica %s is back: %w", name, err)
			}
		}
	}
	return soon, nil
}

// idle returns the replicas that answer, and whether they have done all that Keeper's logs of
// their tables hold. Both numbers of a log are 0 while it has no entry.
func (c *Cluster) idle(ctx context.Context, conn driver.Conn) (map[string]bool, error) {
	own := `SELECT ` + node + ` AS node, zookeeper_path AS path, log_pointer AS read, log_max_index AS last, queue_size = 0 AND NOT is_readonly AND NOT is_session_expired AS done
		FROM system.replicas WHERE database = ` + sqltext.Literal(c.store)
	q := `SELECT node, min(idle) FROM (SELECT node, done AND (read > last OR max(read) OVER (PARTITION BY path) = 0) AS idle FROM ` + c.All("view("+own+")") + `) GROUP BY node`
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"skip_unavailable_shards": 1}))
	rows, err := conn.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("look at the replicas' queues: %w", err)
	}
	defer rows.Close()
	all := map[string]bool{}
	for rows.Next() {
		var name string
		var idle uint8
		if err := rows.Scan(&name, &idle); err != nil {
			return nil, fmt.Errorf("look at the replicas' queues: %w", err)
		}
		all[name] = idle == 1
	}
	return all, rows.Err()
}
