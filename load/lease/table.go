package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// table keeps claims in the table lease. Each step of a claim is a row.
type table struct{ conn driver.Conn }

// errEnded is returned when a claim to be renewed has ended: another process may hold
// the lease by now.
var errEnded = errors.New("the claim has ended")

func (t table) take(ctx context.Context, c claim) error {
	if err := t.write(ctx, c, false); err != nil {
		return err
	}
	return t.others(ctx, c)
}

// renew does not revive a claim that has ended.
func (t table) renew(ctx context.Context, c claim) error {
	q := "INSERT INTO lease (name, claim_id, holder, ttl_ms, released) SELECT ?, ?, ?, ?, false WHERE " + t.guard(c)
	if err := t.conn.Exec(ctx, q, c.name, c.id, c.holder, c.ms()); err != nil {
		return fmt.Errorf("renew lease %s: %w", c.name, err)
	}
	var live bool
	err := t.conn.QueryRow(ctx, "SELECT "+t.guard(c)).Scan(&live)
	if err == nil && !live {
		err = errEnded
	}
	if err != nil {
		return fmt.Errorf("renew lease %s: %w", c.name, err)
	}
	return nil
}

func (t table) end(ctx context.Context, c claim) error { return t.write(ctx, c, true) }

// write inserts a claim or its end.
func (t table) write(ctx context.Context, c claim, released bool) error {
	const q = "INSERT INTO lease (name, claim_id, holder, ttl_ms, released) VALUES (?, ?, ?, ?, ?)"
	if err := t.conn.Exec(ctx, q, c.name, c.id, c.holder, c.ms(), released); err != nil {
		return fmt.Errorf("claim lease %s: %w", c.name, err)
	}
	return nil
}

// others reads the live claims of others. A claim that is released stays released: a
// later renewal does not revive it.
func (t table) others(ctx context.Context, c claim) error {
	const q = `
		SELECT any(holder), dateDiff('microsecond', max(at), now64(6)) AS age
		FROM lease WHERE name = ? AND claim_id != ?
		GROUP BY claim_id
		HAVING NOT max(released) AND age < max(ttl_ms) * 1000
		ORDER BY age LIMIT 1`
	rows, err := t.conn.Query(ctx, q, c.name, c.id)
	if err != nil {
		return fmt.Errorf("read lease %s: %w", c.name, err)
	}
	defer rows.Close()
	if rows.Next() {
		var age int64
		held := &HeldError{Name: c.name}
		if err := rows.Scan(&held.Holder, &age); err != nil {
			return fmt.Errorf("read lease %s: %w", c.name, err)
		}
		held.Age = time.Duration(age) * time.Microsecond
		return held
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read lease %s: %w", c.name, err)
	}
	return nil
}

func (t table) guard(c claim) string {
	return "(SELECT NOT max(released) AND dateDiff('microsecond', max(at), now64(6)) < max(ttl_ms) * 1000 FROM lease WHERE name = '" +
		c.name + "' AND claim_id = '" + c.id + "')"
}
