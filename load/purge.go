package load

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/internal/catalogue"
)

// tombstone is how long an abandoned load stays hidden after its rows were
// deleted: an insert that the client gave up may arrive late, and its rows
// must not appear as those of an unknown, and so visible, load.
const tombstone = time.Hour

// When Sweep purges. What it leaves costs readers the set of hidden loads, half a
// microsecond a row, and disk; to purge costs rewriting parts, whatever is in them.
const (
	sweepRows = 10_000         // rows of hidden_loads
	sweepAge  = 20 * time.Hour // of a load that need not be mentioned: once a day, at any hour

	sweepClaims = 1000 // claims on leases that have long ended
)

// chunk of load ids that are listed in one statement, whose text is limited to 256 KiB.
const chunk = 4000

// loadStep is a load's greatest step.
type loadStep struct {
	id   uint64
	step string
	age  time.Duration // since the step was first written, by the server's clock
}

// Sweep purges where that is worth it: once a day, or where readers have many loads
// to leave out. It reports whether it did. The caller holds the archive lease, as for
// Purge.
func (s *Store) Sweep(ctx context.Context) (bool, error) {
	const q = `
		SELECT count() >= ? OR countIf(step != 'opened' AND at < now() - toIntervalSecond(?)) > 0
			OR (SELECT count() FROM lease WHERE ` + oldClaims + `) >= ?
		FROM hidden_loads`
	var due bool
	err := s.Retry(ctx, func(ctx context.Context) error {
		return s.conn.QueryRow(ctx, q, sweepRows, int64(sweepAge.Seconds()), sweepClaims).Scan(&due)
	})
	if err != nil {
		return false, fmt.Errorf("read hidden loads: %w", err)
	}
	if !due {
		return false, nil
	}
	if _, err = s.Purge(ctx); err != nil {
		return false, err
	}
	return true, s.Retry(ctx, func(ctx context.Context) error { return s.mutate(ctx, "lease", oldClaims) })
}

// oldClaims selects claims on leases that have long ended.
const oldClaims = "at < now() - INTERVAL 1 DAY"

// Purge deletes the rows of loads that are hidden and that no writer of this
// process can commit, then what is known about these loads, and returns how
// many it dropped: in the last attempt, if it takes several. The caller holds the
// archive lease: no other process writes.
//
// Every step leaves the views as they are, whatever happens between them:
//
//  1. loads that were opened and never committed become abandoned, for good,
//     but for those that a unit which is not final can go on from
//  2. rows of abandoned and replaced loads are deleted, then their parts
//  3. what hidden_loads says is reduced (see compact)
func (s *Store) Purge(ctx context.Context) (n int, err error) {
	err = s.Retry(ctx, func(ctx context.Context) (err error) {
		n, err = s.purge(ctx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge: %w", err)
	}
	return n, nil
}

func (s *Store) purge(ctx context.Context) (int, error) {
	dead := s.deadBefore()
	all, err := s.steps(ctx)
	if err != nil {
		return 0, err
	}
	waiting, err := s.waiting(ctx)
	if err != nil {
		return 0, err
	}
	var opened, gone, visible, dropped []uint64
	for _, l := range all {
		switch {
		case l.step == stepCommitted:
			visible = append(visible, l.id)
			continue
		case l.step == stepOpened && dead(l.id) && !waiting[l.id]:
			opened = append(opened, l.id)
		case l.step == stepOpened:
			continue
		case l.step == stepReplaced || l.age > tombstone:
			dropped = append(dropped, l.id)
		}
		gone = append(gone, l.id)
	}
	if err := s.drop(ctx, opened, gone); err != nil {
		return 0, err
	}
	if err := s.compact(ctx, visible, dropped); err != nil {
		return 0, err
	}
	return len(opened) + len(dropped), nil
}

// steps reads all of hidden_loads.
func (s *Store) steps(ctx context.Context) ([]loadStep, error) {
	// at of the greatest step, and of its repetitions the first
	const q = `
		SELECT load_id, toString(argMax(step, (step, -toInt64(at)))), dateDiff('second', argMax(at, (step, -toInt64(at))), now())
		FROM hidden_loads GROUP BY load_id ORDER BY load_id`
	rows, err := s.conn.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read hidden loads: %w", err)
	}
	defer rows.Close()
	var all []loadStep
	for rows.Next() {
		var l loadStep
		var age int64
		if err := rows.Scan(&l.id, &l.step, &age); err != nil {
			return nil, fmt.Errorf("read hidden loads: %w", err)
		}
		l.age = time.Duration(age) * time.Second
		all = append(all, l)
	}
	return all, rows.Err()
}

// waiting are the loads of settled parts that Resume may go on from.
func (s *Store) waiting(ctx context.Context) (map[uint64]bool, error) {
	const q = `
		SELECT DISTINCT load_id FROM ledger_parts
		WHERE settled AND load_id IN (` + catalogue.Opened + `)
			AND (sdk_app_id, kind, key) NOT IN (
				SELECT sdk_app_id, kind, key FROM ledger_units FINAL WHERE state IN ('archived', 'empty', 'lost', 'expired'))`
	rows, err := s.conn.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read waiting loads: %w", err)
	}
	defer rows.Close()
	found := map[uint64]bool{}
	for rows.Next() {
		var id uint64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read waiting loads: %w", err)
		}
		found[id] = true
	}
	return found, rows.Err()
}

// drop abandons the opened loads and deletes what is left of the gone ones.
func (s *Store) drop(ctx context.Context, opened, gone []uint64) error {
	if len(opened) > 0 {
		if err := insertSteps(ctx, s.conn, opened, stepAbandoned); err != nil {
			return err
		}
	}
	for len(gone) > 0 {
		var these string
		these, gone = among(gone)
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(4)
		for _, table := range catalogue.Loaded() {
			g.Go(func() error { return s.deleteRows(gctx, table.Name, these) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		if err := s.mutate(ctx, "ledger_parts", these); err != nil {
			return err
		}
	}
	return nil
}

// deleteRows deletes the rows of loads from a large table by masking them:
// rewriting a month for one call would cost too much. The mask goes with the
// next merge. Nothing is done where there is nothing to delete, which the index
// on load_id tells quickly.
func (s *Store) deleteRows(ctx context.Context, table, cond string) error {
	var rows uint64
	if err := s.conn.QueryRow(ctx, "SELECT count() FROM "+table+" WHERE "+cond).Scan(&rows); err != nil {
		return fmt.Errorf("count rows of %s: %w", table, err)
	}
	if rows == 0 {
		return nil
	}
	if err := s.conn.Exec(ctx, "DELETE FROM "+table+" WHERE "+cond+" SETTINGS lightweight_deletes_sync = 2"+sameEverywhere); err != nil {
		return fmt.Errorf("delete rows of %s: %w", table, err)
	}
	return nil
}

// compact forgets the loads that need no mention: visible ones, and dropped
// ones, of which nothing is left. Deletes act part by part, so a reader may see
// any subset of one statement's work, and a crash may leave it: therefore a
// visible load first loses "opened", and only then "committed". Rows inserted
// meanwhile are not touched, unlike with an exchange of tables. Each statement
// rewrites the table, so one says as much as it can (see among).
func (s *Store) compact(ctx context.Context, visible, dropped []uint64) error {
	for len(visible)+len(dropped) > 0 {
		shown, laterShown := among(visible)
		gone, laterGone := among(dropped)
		if err := s.mutate(ctx, "hidden_loads", gone+" OR step = 'opened' AND "+shown); err != nil {
			return err
		}
		if len(visible) > 0 {
			if err := s.mutate(ctx, "hidden_loads", "step = 'committed' AND "+shown); err != nil {
				return err
			}
		}
		visible, dropped = laterShown, laterGone
	}
	return nil
}

// sameEverywhere tells replicas, which distrust subqueries in what changes rows,
// that among's finds the same on each of them.
const sameEverywhere = ", allow_nondeterministic_mutations = 1"

// mutate deletes rows of a small table by rewriting its parts, and waits.
func (s *Store) mutate(ctx context.Context, table, cond string) error {
	if err := s.conn.Exec(ctx, "ALTER TABLE "+table+" DELETE WHERE "+cond+" SETTINGS mutations_sync = 2"+sameEverywhere); err != nil {
		return fmt.Errorf("delete rows of %s: %w", table, err)
	}
	return nil
}
