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
	_, err := t.look(ctx, c)
	return err
}

// renew does not revive a claim that has ended.
func (t table) renew(ctx context.Context, c claim) error {
	q := "INSERT INTO lease (name, claim_id, holder, ttl_ms, released) SELECT ?, ?, ?, ?, false WHERE " + t.guard(c)
	if err := t.conn.Exec(ctx, q, c.name, c.id, c.holder, c.ms()); err != nil {
		return fmt.Errorf("renew lease %s: %w", c.name, err)
	}
	switch live, err := t.look(ctx, c); {
	case live: // another claim is about to be withdrawn
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("renew lease %s: %w", c.name, errEnded)
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

func (t table) others(ctx context.Context, c claim) error {
	_, err := t.look(ctx, c)
	return err
}

// look reads the live claims on the name. It returns a *HeldError if another one is live,
// and whether c is; of c it notes when it was renewed. A claim that is released stays
// released: a later renewal does not revive it.
func (t table) look(ctx context.Context, c claim) (live bool, err error) {
	const q = `
		SELECT claim_id, any(holder), toUnixTimestamp64Micro(max(at)), dateDiff('microsecond', max(at), now64(6)) AS age
		FROM lease WHERE name = ?
		GROUP BY claim_id
		HAVING NOT max(released) AND age < max(ttl_ms) * 1000
		ORDER BY age`
	rows, err := t.conn.Query(ctx, q, c.name)
	if err != nil {
		return false, fmt.Errorf("read lease %s: %w", c.name, err)
	}
	defer rows.Close()
	var other *HeldError
	for rows.Next() {
		var id, holder string
		var at, age int64
		if err := rows.Scan(&id, &holder, &at, &age); err != nil {
			return false, fmt.Errorf("read lease %s: %w", c.name, err)
		}
		switch {
		case id == c.id:
			live = true
			c.at.Store(at)
		case other == nil:
			other = &HeldError{Name: c.name, Holder: holder, Age: time.Duration(age) * time.Microsecond}
		}
	}
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("read lease %s: %w", c.name, err)
	}
	if other != nil {
		return live, other
	}
	return live, nil
}

// guard also holds where a restart of the server has emptied the table, if nobody has
// claimed since, until the time at which the claim would have ended.
func (t table) guard(c claim) string {
	mine := "claim_id = '" + c.id + "'"
	return fmt.Sprintf("(SELECT if(count() = 0, now64(6) < fromUnixTimestamp64Micro(%d, 'UTC') + toIntervalMillisecond(%d),"+
		" countIf(%[3]s) > 0 AND NOT maxIf(released, %[3]s) AND dateDiff('microsecond', maxIf(at, %[3]s), now64(6)) < maxIf(ttl_ms, %[3]s) * 1000)"+
		" FROM lease WHERE name = '%[4]s')", c.at.Load(), c.ttl.Milliseconds(), mine, c.name)
}
