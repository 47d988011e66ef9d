package lease

import (
	"context"
	crand "crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/load/retry"
)

// keeper keeps claims in the KeeperMap table lease_keeper, one row for each name.
// The first claim inserts the row.
//
// In strict mode Keeper makes an update only if the row is still in the version that
// the server read. So Keeper alone decides who has the claim. Rows are never deleted:
// in ClickHouse versions in use, a DELETE whose row has changed deletes the new row,
// even in strict mode.
//
// Every write has a stamp of its own. A process that reads its stamp back knows that
// its write was made, whatever the write returned.
type keeper struct {
	conn     driver.Conn
	settings clickhouse.Settings
}

// newKeeper sets strict mode and turns off the server's own retries: the claimant
// retries, and it may have given up by then.
func newKeeper(ctx context.Context, conn driver.Conn) (keeper, error) {
	settings := clickhouse.Settings{"keeper_map_strict_mode": 1, "insert_keeper_max_retries": 0, "async_insert": 0}
	const retries = "keeper_max_retries" // for reads; older versions do not have it
	var known uint64
	err := conn.QueryRow(ctx, "SELECT count() FROM system.settings WHERE name = ?", retries).Scan(&known)
	if known > 0 {
		settings[retries] = 0
	}
	return keeper{conn, settings}, err
}

// with is ctx with the settings.
func (k keeper) with(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(k.settings))
}

// errNotShown is returned when a write cannot be read back: another process was
// faster, or the server reads from a member of Keeper that lags behind.
var errNotShown = errors.New("the write cannot be read back")

// errInKeeper is in every error of a keeper except HeldError.
var errInKeeper = errors.New("in Keeper")

const dead = "dateDiff('microsecond', at, now64(6)) >= ttl_ms * 1000"

// take replaces a dead claim, or this one: an earlier attempt may have made it.
func (k keeper) take(ctx context.Context, c claim) error {
	row, err := k.update(ctx, c, "claim_id = ? OR "+dead)
	if errors.Is(err, sql.ErrNoRows) {
		row, err = k.insert(ctx, c)
	}
	if err != nil && row.live && row.claim != c.id {
		return row.held(c.name)
	}
	return failed("claim", c, err)
}

// renew does not revive a claim that has ended.
func (k keeper) renew(ctx context.Context, c claim) error {
	_, err := k.update(ctx, c, "claim_id = ? AND ttl_ms > 0")
	return failed("renew", c, err)
}

func (k keeper) end(ctx context.Context, c claim) error {
	const q = "ALTER TABLE lease_keeper UPDATE ttl_ms = 0 WHERE name = ? AND claim_id = ?"
	return failed("end", c, k.conn.Exec(k.with(ctx), q, c.name, c.id))
}

func (k keeper) others(ctx context.Context, c claim) error {
	row, err := k.read(ctx, c)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil && row.live && row.claim != c.id {
		return row.held(c.name)
	}
	return failed("read", c, err)
}

func (k keeper) guard(c claim) string {
	return "(SELECT count() > 0 FROM lease_keeper WHERE name = '" + c.name + "' AND claim_id = '" + c.id + "' AND NOT (" + dead + "))"
}

func failed(verb string, c claim, err error) error {
	if err != nil {
		err = fmt.Errorf("%s lease %s %w: %w", verb, c.name, errInKeeper, retry.OneLine{Err: err})
	}
	return err
}

// update writes the claim into the row of its name if the row meets the SQL condition
// where, whose argument is the id of the claim.
func (k keeper) update(ctx context.Context, c claim, where string) (kept, error) {
	stamp := crand.Text()
	q := "ALTER TABLE lease_keeper UPDATE claim_id = ?, holder = ?, at = now64(6), ttl_ms = ?, stamp = ? WHERE name = ? AND (" + where + ")"
	return k.made(ctx, c, stamp, k.conn.Exec(k.with(ctx), q, c.id, c.holder, c.ms(), stamp, c.name, c.id))
}

// insert inserts the row of the claim's name unless it exists.
func (k keeper) insert(ctx context.Context, c claim) (kept, error) {
	stamp := crand.Text()
	const q = "INSERT INTO lease_keeper (name, claim_id, holder, ttl_ms, stamp) VALUES (?, ?, ?, ?, ?)"
	return k.made(ctx, c, stamp, k.conn.Exec(k.with(ctx), q, c.name, c.id, c.holder, c.ms(), stamp))
}

// made reads the row after a write with result err. It returns nil if and only if the
// write was made.
func (k keeper) made(ctx context.Context, c claim, stamp string, err error) (kept, error) {
	row, readErr := k.read(ctx, c)
	switch {
	case readErr == nil && row.stamp == stamp:
		return row, nil
	case readErr == nil && err == nil:
		err = errNotShown
	}
	return row, errors.Join(err, readErr)
}

// kept is a row of lease_keeper.
type kept struct {
	claim, holder, stamp string
	age                  int64 // microseconds, from the writing server's clock to the reading server's
	live                 bool
}

func (k keeper) read(ctx context.Context, c claim) (r kept, err error) {
	const q = "SELECT claim_id, holder, stamp, dateDiff('microsecond', at, now64(6)), NOT (" + dead + ") FROM lease_keeper WHERE name = ?"
	err = k.conn.QueryRow(k.with(ctx), q, c.name).Scan(&r.claim, &r.holder, &r.stamp, &r.age, &r.live)
	return r, err
}

func (r kept) held(name string) error {
	return &HeldError{Name: name, Holder: r.holder, Age: time.Duration(r.age) * time.Microsecond}
}
