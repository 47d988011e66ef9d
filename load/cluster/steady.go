package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
)

// ErrBehind is returned when a replica does not answer, or does not do what it has to do.
var ErrBehind = errors.New("replicas are not up to date")

// Even returns when all replicas have done all that Keeper's logs of their tables hold. It fails
// when one has not answered for some time.
func (c *Cluster) Even(ctx context.Context, conn driver.Conn) error {
	if !c.Many() {
		return nil
	}
	all := map[string]string{}
	if err := c.known(ctx, conn, all); err != nil {
		return err
	}
	var before map[string]bool
	for heard := time.Now(); ; {
		now, err := c.idle(ctx, conn)
		if err != nil {
			return err
		}
		var silent []string
		even := true
		for name := range all {
			idle, answers := now[name]
			even = even && idle && before[name]
			if !answers {
				silent = append(silent, name)
			}
		}
		switch {
		case even:
			return nil
		case len(silent) == 0:
			heard = time.Now()
		case time.Since(heard) > c.waits.behind:
			slices.Sort(silent)
			return fmt.Errorf("%w: %s does not answer", ErrBehind, strings.Join(silent, ", "))
		}
		if before = now; !c.pause(ctx, max(apart, c.waits.last)) {
			return context.Cause(ctx)
		}
	}
}

// Steady returns when all replicas of a shard have the same rows, which nobody changes. They
// need not have merged them.
func (c *Cluster) Steady(ctx context.Context, conn driver.Conn) error {
	if !c.Many() {
		return nil
	}
	for _, t := range catalogue.Tables() {
		if !t.Sharded() {
			continue
		}
		if err := c.Copied(ctx, conn, t.Name); err != nil {
			return err
		}
	}
	q := "SELECT groupUniqArray(table) FROM " + c.All("system.mutations") + " WHERE NOT is_done AND database = ?"
	for began := time.Now(); ; {
		var under []string
		if err := conn.QueryRow(ctx, q, c.store).Scan(&under); err != nil {
			return fmt.Errorf("look for rows that are being deleted: %w", err)
		}
		switch {
		case len(under) == 0:
			return nil
		case time.Since(began) > c.waits.behind:
			return fmt.Errorf("%w: they have not deleted all rows of %s that are to go; try again later", ErrBehind, strings.Join(under, ", "))
		case !c.pause(ctx, c.waits.last):
			return context.Cause(ctx)
		}
	}
}

// Copied returns when all replicas have the rows that a table has now.
func (c *Cluster) Copied(ctx context.Context, conn driver.Conn, table string) error {
	if !c.Many() {
		return nil
	}
	own, _ := c.Own(table)
	if err := conn.Exec(ctx, "SYSTEM SYNC REPLICA"+c.On()+" "+sqltext.Identifier(c.store)+"."+own+" LIGHTWEIGHT"); err != nil {
		return fmt.Errorf("wait until all replicas have all of %s: %w", table, err)
	}
	return nil
}

// pause waits. It reports false if the context has ended.
func (c *Cluster) pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
