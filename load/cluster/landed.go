package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
)

// Want is what Count finds in the rows of a table that meet a condition, when all of them have
// arrived.
type Want struct {
	Table     string
	Count     string // an SQL expression, such as count()
	Condition string
	Rows      uint64
	// Everywhere says that each server has all rows of the table. Otherwise each shard has
	// some, and all replicas of a shard have the same.
	Everywhere bool
}

// ErrMissing is returned when the replicas that answer do not have all rows together: one that
// has taken rows does not answer any more. The rows must be inserted again.
var ErrMissing = errors.New("rows that were inserted are on no replica that answers")

// Landed returns when each replica that may answer has the wanted rows. A replica that does not
// answer, or lacks rows for too long, goes into away.
func (c *Cluster) Landed(ctx context.Context, conn driver.Conn, wants ...Want) error {
	if !c.Many() || len(wants) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	late, err := c.wait(ctx, conn, wants)
	if err != nil {
		return err
	}
	return c.Leave(ctx, conn, late)
}

// Reached waits as Landed does, for what readers do not see. It returns the replicas that are
// late, and lets them answer all the same. The caller goes on another time.
func (c *Cluster) Reached(ctx context.Context, conn driver.Conn, wants ...Want) (late []string, err error) {
	if !c.Many() || len(wants) == 0 {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wait(ctx, conn, wants)
}

// wait waits until each replica that may answer has the wanted rows, and returns those that are
// late. The caller holds mu.
func (c *Cluster) wait(ctx context.Context, conn driver.Conn, wants []Want) (late []string, err error) {
	if _, err := c.returned(ctx, conn); err != nil {
		return nil, err
	}
	began, pause := time.Now(), c.waits.first
	for {
		away, err := c.away(ctx, conn)
		if err != nil {
			return nil, err
		}
		look, err := c.look(ctx, conn, wants)
		if err != nil {
			return nil, err
		}
		silent, behind, whole := look.late(wants)
		waited := time.Since(began)
		due := slices.DeleteFunc(slices.Concat(silent, behind), func(name string) bool {
			late := slices.Contains(silent, name) && waited < c.waits.silent || slices.Contains(behind, name) && waited < c.waits.behind
			return away[name] || late
		})
		waiting := slices.ContainsFunc(slices.Concat(silent, behind), func(name string) bool { return !away[name] && !slices.Contains(due, name) })
		switch {
		case whole && !waiting:
			return due, nil
		case !whole && waited >= c.waits.behind:
			return nil, fmt.Errorf("%w: %s", ErrMissing, look.missing(wants))
		case !c.pause(ctx, pause):
			return nil, context.Cause(ctx)
		}
		pause = min(2*pause, c.waits.last)
	}
}

// Leave writes replicas into away.
func (c *Cluster) Leave(ctx context.Context, conn driver.Conn, names []string) error {
	for _, name := range names {
		if err := conn.Exec(ctx, "INSERT INTO "+sqltext.Identifier(c.store)+"."+catalogue.Away+" SELECT "+sqltext.Literal(name)+", now()"); err != nil {
			return fmt.Errorf("note that replica %s is away: %w", name, err)
		}
	}
	return nil
}

// look is what one look at all replicas found.
type look struct {
	shards map[string]string   // of each replica that is known
	rows   map[string][]uint64 // that each replica which answers has, for each Want
}

// look counts the rows on each replica. Replicas that do not answer have none.
func (c *Cluster) look(ctx context.Context, conn driver.Conn, wants []Want) (look, error) {
	found := look{map[string]string{}, map[string][]uint64{}}
	if err := c.known(ctx, conn, found.shards); err != nil {
		return found, err
	}
	var counts []string
	for i, w := range wants {
		table, _ := c.Own(w.Table)
		counts = append(counts, fmt.Sprintf("SELECT getMacro('shard') AS shard, %s AS node, toUInt32(%d) AS want, %s AS n FROM %s.%s WHERE %s",
			node, i, w.Count, sqltext.Identifier(c.store), sqltext.Identifier(table), w.Condition))
	}
	q := "SELECT shard, node, want, n FROM " + c.All("view("+strings.Join(counts, " UNION ALL ")+")")
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"skip_unavailable_shards": 1, "max_query_size": len(q) + 64<<10}))
	rows, err := conn.Query(ctx, q)
	if err != nil {
		return found, fmt.Errorf("look at the replicas: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var shard, name string
		var want uint32
		var n uint64
		if err := rows.Scan(&shard, &name, &want, &n); err != nil {
			return found, fmt.Errorf("look at the replicas: %w", err)
		}
		if found.rows[name] == nil {
			found.rows[name] = make([]uint64, len(wants))
		}
		found.shards[name], found.rows[name][want] = shard, n
	}
	return found, rows.Err()
}

// known adds the names of all replicas, also of those that do not answer. The shard of these
// is "".
func (c *Cluster) known(ctx context.Context, conn driver.Conn, shards map[string]string) error {
	var names []string
	const q = "SELECT mapKeys(replica_is_active) FROM system.replicas WHERE database = ? AND table = ?"
	if err := conn.QueryRow(ctx, q, c.store, catalogue.HiddenLoads).Scan(&names); err != nil {
		return fmt.Errorf("read which replicas there are: %w", err)
	}
	for _, name := range names {
		shards[name] = ""
	}
	return nil
}

// late returns the replicas that do not answer, those that lack rows, and whether the replicas
// have all rows together.
func (l look) late(wants []Want) (silent, behind []string, whole bool) {
	for name := range l.shards {
		if l.rows[name] == nil {
			silent = append(silent, name)
		}
	}
	whole = true
	for i, w := range wants {
		most := l.most(i, w)
		have := uint64(0)
		for _, n := range most {
			have += n
		}
		whole = whole && have == w.Rows
		for name, rows := range l.rows {
			if rows[i] != most[l.group(name, w)] {
				behind = append(behind, name)
			}
		}
	}
	slices.Sort(silent)
	slices.Sort(behind)
	return silent, slices.Compact(behind), whole
}

// group returns what replicas with the same rows have in common.
func (l look) group(name string, w Want) string {
	if w.Everywhere {
		return ""
	}
	return l.shards[name]
}

// most returns the number of rows of each group: that of its replica nearest to the end. Rows
// that are wanted away leave it with the fewest.
func (l look) most(i int, w Want) map[string]uint64 {
	most := map[string]uint64{}
	for name, rows := range l.rows {
		g := l.group(name, w)
		n, seen := most[g]
		switch {
		case w.Rows == 0:
			most[g] = 0
		case !seen || rows[i] > n:
			most[g] = rows[i]
		}
	}
	return most
}

// missing describes the first Want that is not met.
func (l look) missing(wants []Want) string {
	for i, w := range wants {
		have := uint64(0)
		for n := range maps.Values(l.most(i, w)) {
			have += n
		}
		if have != w.Rows {
			return fmt.Sprintf("%s has %d of %d", w.Table, have, w.Rows)
		}
	}
	return ""
}
