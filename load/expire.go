package load

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
)

// expiresAtOnce is how many units expire in one step.
const expiresAtOnce = 2000

// ended selects the units that ended before a moment and are final. What an
// archived or empty unit becomes is expired; a lost one stays lost, without rows.
const ended = "kind != 'list' AND state IN ('archived', 'empty', 'lost') AND greatest(starts_at, held_until) < toDateTime(?, 'UTC')"

// Expire deletes what ended before a moment: whole units, each of which goes out
// of sight in one step, and whose state says so from then on. It may be ended at
// any point and repeated. It returns how many have expired, those aside whose end
// was not acknowledged at once. The caller holds the archive lease and has no
// Writer open; guard is that of the WriterOptions.
//
// The rows are deleted by the Purge that follows, which masks them; their space
// is free when nothing is left of their month (see DropEmptyMonths), or earlier,
// with a merge.
func (s *Store) Expire(ctx context.Context, guard string, before time.Time) (int, error) {
	total := 0
	for {
		n := 0
		err := s.Retry(ctx, func(ctx context.Context) (err error) {
			n, err = s.expireSome(ctx, cmp.Or(guard, "1"), before.Unix())
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

// expireSome hides the loads of some units, and then notes what has become of
// them: a unit that is hidden and not noted is found again.
func (s *Store) expireSome(ctx context.Context, guard string, before int64) (int, error) {
	const loads = `
		SELECT groupUniqArray(load_id) FROM ledger_parts WHERE load_id NOT IN (` + catalogue.Gone + `) AND (sdk_app_id, kind, key) IN
			(SELECT sdk_app_id, kind, key FROM ledger_units FINAL WHERE ` + ended + ` AND state = 'lost'
			UNION ALL SELECT * FROM (SELECT sdk_app_id, kind, key FROM ledger_units FINAL WHERE ` + ended + ` AND state != 'lost' ORDER BY sdk_app_id, kind, key LIMIT ?))`
	var c change
	if err := s.conn.QueryRow(ctx, loads, before, before, expiresAtOnce).Scan(&c.replaced); err != nil {
		return 0, err
	}
	if err := s.hide(ctx, c, guard); err != nil {
		return 0, err
	}
	const units = "FROM (SELECT * FROM ledger_units FINAL WHERE " + ended + " AND state != 'lost' ORDER BY sdk_app_id, kind, key LIMIT ?)"
	var n uint64
	if err := s.conn.QueryRow(ctx, "SELECT count() "+units, before, expiresAtOnce).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	const note = `
		INSERT INTO ledger_units SELECT * REPLACE ('expired' AS state, '' AS reason, now64(6) AS updated_at,
			[] AS failed_parts, [] AS failed_keys, [] AS failed_reasons, [] AS failed_attempts, [] AS failed_kept) ` + units
	if err := s.conn.Exec(clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_threads": 1})), note, before, expiresAtOnce); err != nil {
		return 0, err
	}
	return int(n), nil
}

// hide takes loads out of sight, and sees that they are: a process that has lost
// its lease must not note what was not done.
func (s *Store) hide(ctx context.Context, c change, guard string) error {
	if c.empty() {
		return nil
	}
	if err := c.apply(ctx, s.conn, guard); err != nil {
		return err
	}
	steps, err := s.stepsOf(ctx, c.replaced)
	if err != nil {
		return err
	}
	for _, id := range c.replaced {
		if steps[id] != stepReplaced && steps[id] != stepAbandoned {
			return ErrOvertaken
		}
	}
	return nil
}

// DropEmptyMonths drops the months before a moment of which no row is left, and
// with them the space of rows that are masked. The caller holds the archive
// lease; no call that is that old is being archived.
func (s *Store) DropEmptyMonths(ctx context.Context, before time.Time) error {
	for _, table := range catalogue.Loaded() {
		if err := s.Retry(ctx, func(ctx context.Context) error { return s.dropEmptyMonths(ctx, table.Name, before) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) dropEmptyMonths(ctx context.Context, table string, before time.Time) error {
	var months []string
	const q = "SELECT groupUniqArray(partition_id) FROM system.parts WHERE active AND database = currentDatabase() AND table = ? AND partition_id < ?"
	if err := s.conn.QueryRow(ctx, q, table, before.Format("200601")).Scan(&months); err != nil {
		return fmt.Errorf("read months of %s: %w", table, err)
	}
	for _, month := range months {
		var left uint64
		if err := s.conn.QueryRow(ctx, "SELECT count() FROM "+table+" WHERE _partition_id = ?", month).Scan(&left); err != nil {
			return fmt.Errorf("count rows of %s: %w", table, err)
		}
		if left > 0 {
			continue
		}
		if err := s.conn.Exec(ctx, "ALTER TABLE "+table+" DROP PARTITION ID '"+month+"'"); err != nil {
			return fmt.Errorf("drop month %s of %s: %w", month, table, err)
		}
	}
	return nil
}

// ExpiredUntil is, by application, the end of the last unit that has expired: an
// archive may lack something of the days up to it.
func (s *Store) ExpiredUntil(ctx context.Context) (map[call.AppID]time.Time, error) {
	return s.latest(ctx, "greatest(starts_at, held_until)", "toString(state) = 'expired'")
}
