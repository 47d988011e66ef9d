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

// keeper keeps claims in the KeeperMap table lease_keeper, one row a name, which
// is there from the first claim on.
//
// An update in strict mode is made only if Keeper has the row in the version that
// the server has read: Keeper alone decides whose claim it has. Rows are never
// deleted: in versions of ClickHouse that are in use, DELETE takes away whatever
// is there by then if the row that it has read is gone, strict mode or not.
//
// Every write has a stamp of its own. Who reads it back knows that the write was
// made, whatever its outcome was said to be.
type keeper struct {
	conn     driver.Conn
	settings clickhouse.Settings
}

// newKeeper has its writes depend on what was read, and the server do everything at
// once or not at all: trying again is for the claimant, who may have given up.
func newKeeper(ctx context.Context, conn driver.Conn) (keeper, error) {
	settings := clickhouse.Settings{"keeper_map_strict_mode": 1, "insert_keeper_max_retries": 0, "async_insert": 0}
	const retries = "keeper_max_retries" // of reads; older versions know none
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

// errNotShown: somebody else was faster, or the server asked has another member
// of Keeper, which lags behind.
var errNotShown = errors.New("what was written is not there")

// errInKeeper is in every error of a keeper's that is no HeldError.
var errInKeeper = errors.New("in Keeper")

const dead = "dateDiff('microsecond', at, now64(6)) >= ttl_ms * 1000"

// take writes over a claim that is dead, or over this one: an earlier attempt may
// have made it.
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

// renew revives no claim that has ended.
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

// update writes the claim into the row of its name if that is as where says,
// which has the claim's id as argument.
func (k keeper) update(ctx context.Context, c claim, where string) (kept, error) {
	stamp := crand.Text()
	q := "ALTER TABLE lease_keeper UPDATE claim_id = ?, holder = ?, at = now64(6), ttl_ms = ?, stamp = ? WHERE name = ? AND (" + where + ")"
	return k.made(ctx, c, stamp, k.conn.Exec(k.with(ctx), q, c.id, c.holder, c.ms(), stamp, c.name, c.id))
}

// insert makes the row of its name, unless there is one.
func (k keeper) insert(ctx context.Context, c claim) (kept, error) {
	stamp := crand.Text()
	const q = "INSERT INTO lease_keeper (name, claim_id, holder, ttl_ms, stamp) VALUES (?, ?, ?, ?, ?)"
	return k.made(ctx, c, stamp, k.conn.Exec(k.with(ctx), q, c.name, c.id, c.holder, c.ms(), stamp))
}

// made reads what is there after a write, which may have failed. The error is nil
// if and only if that was made.
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

// kept is a row of Keeper's.
type kept struct {
	claim, holder, stamp string
	age                  int64 // microseconds: the reading server's clock less that of the one that wrote
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
