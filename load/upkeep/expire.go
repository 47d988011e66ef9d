package upkeep

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/hidden"
)

// expiresAtOnce is how many units expire in one step.
const expiresAtOnce = 2000

// ended selects the final units that ended before a moment. Archived and empty units become
// expired. Lost units stay lost, without rows.
const ended = "kind != 'list' AND state IN ('archived', 'empty', 'lost') AND greatest(starts_at, held_until) < toDateTime(?, 'UTC')"

// Expire hides whole units that ended before a moment, and notes that they have expired. It
// may be stopped at any point and repeated. It returns how many units have expired, without
// those whose step had to be repeated. The caller holds the archive lease and has no Writer
// open. guard is an SQL condition that must hold for a change, such as that of the Writer.
//
// The next Purge deletes the rows by masking them. Their space is free when their month
// has no rows any more (see DropEmptyMonths), or earlier, with a merge.
func Expire(ctx context.Context, a Archive, guard hidden.Guard, before time.Time) (int, error) {
	total := 0
	for {
		n := 0
		err := a.Retry(ctx, func(ctx context.Context) (err error) {
			n, err = expireSome(ctx, a.StoreConn(), guard, before.Unix())
			return err
		})
		if err != nil {
			return total, fmt.Errorf("expire what ended before %s: %w", before.Format(time.DateOnly), err)
		}
		if total += n; n == 0 {
			return total, nil
		}
	}
}

// expireSome hides the loads of some units, and then notes that these have expired. A unit
// that is hidden and not noted is found again.
func expireSome(ctx context.Context, conn driver.Conn, guard hidden.Guard, before int64) (int, error) {
	const loads = `
		SELECT groupUniqArray(load_id) FROM ledger_parts WHERE load_id NOT IN (` + catalogue.Gone + `) AND (sdk_app_id, kind, key) IN
			(SELECT sdk_app_id, kind, key FROM ledger_units FINAL WHERE ` + ended + ` AND state = 'lost'
			UNION ALL SELECT * FROM (SELECT sdk_app_id, kind, key FROM ledger_units FINAL WHERE ` + ended + ` AND state != 'lost' ORDER BY sdk_app_id, kind, key LIMIT ?))`
	var ids []uint64
	if err := conn.QueryRow(ctx, loads, before, before, expiresAtOnce).Scan(&ids); err != nil {
		return 0, err
	}
	if err := hide(ctx, conn, ids, guard); err != nil {
		return 0, err
	}
	const units = "FROM (SELECT * FROM ledger_units FINAL WHERE " + ended + " AND state != 'lost' ORDER BY sdk_app_id, kind, key LIMIT ?)"
	var n uint64
	if err := conn.QueryRow(ctx, "SELECT count() "+units, before, expiresAtOnce).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	const note = `
		INSERT INTO ledger_units SELECT * REPLACE ('expired' AS state, '' AS reason, now64(6) AS updated_at,
			[] AS failed_parts, [] AS failed_keys, [] AS failed_reasons, [] AS failed_attempts, [] AS failed_kept) ` + units
	if err := conn.Exec(clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_threads": 1})), note, before, expiresAtOnce); err != nil {
		return 0, err
	}
	return int(n), nil
}

// hide hides visible loads, and then checks that they are hidden: a process that has lost
// its lease must not note what it has not done.
func hide(ctx context.Context, conn driver.Conn, ids []uint64, guard hidden.Guard) error {
	if err := (&hidden.Change{Replaced: ids}).Apply(ctx, conn, guard); err != nil {
		return err
	}
	steps, err := hidden.StepsOf(ctx, conn, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if steps[id] != hidden.Replaced && steps[id] != hidden.Abandoned {
			return hidden.ErrOvertaken
		}
	}
	return nil
}

// DropEmptyMonths drops the months before a moment that have no rows any more. That frees
// the space of masked rows. The caller holds the archive lease, and archives no call of that
// age.
func DropEmptyMonths(ctx context.Context, a Archive, before time.Time) error {
	for _, table := range loaded() {
		if err := a.Retry(ctx, func(ctx context.Context) error { return dropEmptyMonths(ctx, a, table, before) }); err != nil {
			return err
		}
	}
	return nil
}

func dropEmptyMonths(ctx context.Context, a Archive, table string, before time.Time) error {
	var months []string
	conn := a.StoreConn()
	own, on := a.Cluster().Own(table)
	q := "SELECT groupUniqArray(partition_id) FROM " + a.Cluster().Parts() + " WHERE active AND database = ? AND table = ? AND partition_id < ?"
	if err := conn.QueryRow(ctx, q, catalogue.StoreOf(a.Database()), own, before.Format("200601")).Scan(&months); err != nil {
		return fmt.Errorf("read months of %s: %w", table, err)
	}
	for _, month := range months {
		left, err := count(ctx, conn, table, "_partition_id = ?", month)
		if err != nil {
			return err
		}
		if left > 0 {
			continue
		}
		if err := conn.Exec(ctx, "ALTER TABLE "+own+on+" DROP PARTITION ID '"+month+"'"); err != nil {
			return fmt.Errorf("drop month %s of %s: %w", month, table, err)
		}
	}
	return nil
}
