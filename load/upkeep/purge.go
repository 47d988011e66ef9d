package upkeep

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/aggregate"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/native"
)

// tombstone is how long an abandoned load stays in hidden_loads after its rows were deleted.
// An insert that the client gave up may arrive late. Without the entry its rows would become
// visible.
const tombstone = time.Hour

// When Sweep purges. What it leaves costs readers the set of hidden loads, 0.1 µs a row, and
// disk. To purge costs rewriting parts, whatever is in them.
const (
	sweepRows   = 10_000         // rows of hidden_loads
	sweepAge    = 20 * time.Hour // age of a load that hidden_loads need not mention: once a day, at any hour
	sweepClaims = 1000           // claims on leases that have long ended
)

// oldClaims selects claims on leases that have long ended.
const oldClaims = "at < now() - INTERVAL 1 DAY"

// Outlook is what a pass finds at its beginning, in one query.
type Outlook struct {
	SweepDue bool   // whether Sweep is worth its cost: once a day, if readers have many loads to leave out, or if many claims on leases are old
	JudgeDue bool   // whether any row was judged by other limits than those of now
	Erased   bool   // whether anybody was erased
	Passed   bool   // whether there was a pass before
	Privacy  string // what that pass kept of persons
}

// Look returns the outlook of a run that makes passes.
func Look(ctx context.Context, a Archive, runID string) (o Outlook, err error) {
	var others []string // a writer may have read the limits before they changed, and insert into any table late
	for _, table := range judged {
		others = append(others, "SELECT 0, count() > 0, 0, 0, '', 0 FROM "+table+" WHERE judged_by != "+aggregate.Limits(a.Database()))
	}
	q := `
		SELECT max(sweep), max(judge), max(gone), max(passed), argMax(kept, begun) FROM
		(
			SELECT count() >= ? OR countIf(step != 'opened' AND at < now() - toIntervalSecond(?)) > 0 AS sweep, 0 AS judge, 0 AS gone, 0 AS passed, '' AS kept, 0 AS begun FROM hidden_loads
			UNION ALL SELECT count() >= ?, 0, 0, 0, '', 0 FROM lease WHERE ` + oldClaims + `
			UNION ALL ` + strings.Join(others, " UNION ALL ") + `
			UNION ALL SELECT 0, 0, count() > 0, 0, '', 0 FROM ` + catalogue.Erased + `
			UNION ALL SELECT 0, 0, 0, count() > 0, argMax(toString(privacy), started_at), toUnixTimestamp(max(started_at)) FROM archive_runs_data WHERE command = 'archive' AND run_id != ?
		)`
	var sweep, judge, gone, passed uint8
	err = a.Retry(ctx, func(ctx context.Context) error {
		return a.StoreConn().QueryRow(ctx, q, sweepRows, int64(sweepAge.Seconds()), sweepClaims, runID).Scan(&sweep, &judge, &gone, &passed, &o.Privacy)
	})
	o.SweepDue, o.JudgeDue, o.Erased, o.Passed = sweep == 1, judge == 1, gone == 1, passed == 1
	if err != nil {
		err = fmt.Errorf("look at the archive: %w", err)
	}
	return o, err
}

// Sweep purges if it can, and forgets claims on leases that have long ended. The caller holds
// the archive lease, as for Purge.
func Sweep(ctx context.Context, a Archive) error {
	if err := PurgeSoon(ctx, a); err != nil {
		return err
	}
	return a.Retry(ctx, func(ctx context.Context) error { return mutate(ctx, a, "lease", oldClaims) })
}

// PurgeSoon purges, or leaves it to the next Sweep where replicas of a cluster are not ready.
func PurgeSoon(ctx context.Context, a Archive) error {
	if _, err := Purge(ctx, a); err != nil && !errors.Is(err, cluster.ErrBehind) {
		return err
	}
	return nil
}

// Purge deletes the rows of hidden loads that no writer of this process can commit, and then
// their parts and steps. It returns how many loads it dropped, in the last attempt if it
// takes several. The caller holds the archive lease, so no other process writes.
//
// Every step leaves the views as they are, whatever happens between the steps:
//
//  1. Loads that were opened and never committed become abandoned, for good. Loads that a
//     pass can go on from, because their unit is not final, stay opened.
//  2. Rows of abandoned and replaced loads are deleted, and then the loads' parts.
//  3. hidden_loads forgets the loads that need no mention (see compact).
//
// On a cluster each step begins when all replicas have done the one before. Purge does nothing
// while a replica is away, and stops if one is slow; then it returns cluster.ErrBehind.
func Purge(ctx context.Context, a Archive) (n int, err error) {
	var behind error
	err = a.Retry(ctx, func(ctx context.Context) (err error) {
		if n, err = purge(ctx, a); errors.Is(err, cluster.ErrBehind) {
			behind, err = err, nil
		}
		return err
	})
	if err == nil {
		err = behind
	}
	if err != nil {
		return 0, fmt.Errorf("purge: %w", err)
	}
	return n, nil
}

func purge(ctx context.Context, a Archive) (int, error) {
	away, err := a.Cluster().Missing(ctx, a.StoreConn())
	if err != nil {
		return 0, err
	}
	if len(away) > 0 { // it may still show what is purged
		return 0, fmt.Errorf("%w: %s is away", cluster.ErrBehind, strings.Join(away, ", "))
	}
	dead := a.IDs().DeadBefore()
	all, err := steps(ctx, a)
	if err != nil {
		return 0, err
	}
	waits, err := waiting(ctx, a)
	if err != nil {
		return 0, err
	}
	floor, err := a.Cluster().Floor(ctx, a.StoreConn())
	if err != nil {
		return 0, err
	}
	var opened, gone, visible, dropped []uint64
	for _, l := range all {
		switch {
		case l.step == hidden.Committed && l.id > floor:
			continue
		case l.step == hidden.Committed:
			visible = append(visible, l.id)
			continue
		case l.step == hidden.Opened && dead(l.id) && !waits[l.id]:
			opened = append(opened, l.id)
		case l.step == hidden.Opened:
			continue
		case l.step == hidden.Replaced || l.age > tombstone:
			dropped = append(dropped, l.id)
		}
		gone = append(gone, l.id)
	}
	if err := drop(ctx, a, opened, gone); err != nil {
		return 0, err
	}
	if err := compact(ctx, a, visible, dropped); err != nil {
		return 0, err
	}
	if len(all) > 0 && all[len(all)-1].id > floor { // all is in order
		err = a.Cluster().Raise(ctx, a.StoreConn(), all[len(all)-1].id)
	}
	return len(opened) + len(dropped), err
}

// loadStep is a load's greatest step.
type loadStep struct {
	id   uint64
	step string
	age  time.Duration // since the step was first written, by the server's clock
}

// steps reads all of hidden_loads.
func steps(ctx context.Context, a Archive) (all []loadStep, err error) {
	// at of the greatest step, and of its repetitions the first
	const q = `
		SELECT load_id, toString(argMax(step, (step, -toInt64(at)))), dateDiff('second', argMax(at, (step, -toInt64(at))), now())
		FROM hidden_loads GROUP BY load_id ORDER BY load_id`
	var l loadStep
	var age int64
	each := func() {
		l.age = time.Duration(age) * time.Second
		all = append(all, l)
	}
	err = native.Read(ctx, a.StoreConn(), "hidden loads", q, nil, each, &l.id, &l.step, &age)
	return all, err
}

// waiting returns the loads of settled parts that a Writer may go on from.
func waiting(ctx context.Context, a Archive) (map[uint64]bool, error) {
	const q = `
		SELECT DISTINCT load_id FROM ledger_parts
		WHERE settled AND load_id IN (` + catalogue.Opened + `)
			AND (sdk_app_id, kind, key) NOT IN (
				SELECT sdk_app_id, kind, key FROM ledger_units FINAL WHERE state IN ('archived', 'empty', 'lost', 'expired'))`
	found := map[uint64]bool{}
	ids, err := loadsOf(ctx, a, "waiting loads", q)
	for _, id := range ids {
		found[id] = true
	}
	return found, err
}

// drop abandons the opened loads and deletes the remains of the gone ones.
func drop(ctx context.Context, a Archive, opened, gone []uint64) error {
	if len(opened) > 0 {
		if err := hidden.Insert(ctx, a.StoreConn(), opened, hidden.Abandoned); err != nil {
			return err
		}
	}
	for len(gone) > 0 {
		var these string
		n := len(gone)
		these, gone = among(gone)
		if err := reached(ctx, a, notShown(these, n-len(gone))); err != nil {
			return err
		}
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(4)
		for _, table := range loaded() {
			g.Go(func() error { return deleteRows(gctx, a, table, these, a.Cluster().Wait(table)) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		if err := reached(ctx, a, noRows(these, loaded()...)...); err != nil {
			return err
		}
		if err := mutate(ctx, a, "ledger_parts", these); err != nil {
			return err
		}
	}
	return nil
}

// deleteRows deletes the rows of loads from a large table by masking them: rewriting a month
// for one call would cost too much. The next merge removes the masked rows. If there is
// nothing to delete, which the index on load_id shows quickly, it does nothing. wait is that
// of mutate.
func deleteRows(ctx context.Context, a Archive, table, cond string, wait int) error {
	rows, err := count(ctx, a.StoreConn(), table, cond)
	if err != nil || rows == 0 {
		return err
	}
	own, on := a.Cluster().Own(table)
	q := fmt.Sprintf("DELETE FROM %s%s WHERE %s SETTINGS lightweight_deletes_sync = %d%s", own, on, cond, wait, sameEverywhere)
	if err := a.StoreConn().Exec(ctx, q); err != nil {
		return fmt.Errorf("delete rows of %s: %w", table, err)
	}
	return nil
}

func count(ctx context.Context, conn driver.Conn, table, cond string, args ...any) (rows uint64, err error) {
	if err := conn.QueryRow(ctx, "SELECT count() FROM "+table+" WHERE "+cond, args...).Scan(&rows); err != nil {
		return 0, fmt.Errorf("count rows of %s: %w", table, err)
	}
	return rows, nil
}

// compact removes the loads that hidden_loads need not mention: visible loads, and dropped
// loads without rows. A delete acts part by part, so a reader may see any subset of one
// statement's work, and a crash may leave it. Therefore a visible load first loses "opened",
// and only then "committed". Rows that are inserted in the meantime stay as they are; an
// exchange of tables would not ensure that. Each statement rewrites the table, so it names
// as many loads as it can (see among).
func compact(ctx context.Context, a Archive, visible, dropped []uint64) error {
	for len(visible)+len(dropped) > 0 {
		shown, laterShown := among(visible)
		gone, laterGone := among(dropped)
		first := gone + " OR step = 'opened' AND " + shown
		if err := mutate(ctx, a, catalogue.HiddenLoads, first); err != nil {
			return err
		}
		if err := reached(ctx, a, noRows(first, catalogue.HiddenLoads)...); err != nil {
			return err
		}
		if len(visible) > 0 {
			if err := mutate(ctx, a, catalogue.HiddenLoads, "step = 'committed' AND "+shown); err != nil {
				return err
			}
		}
		visible, dropped = laterShown, laterGone
	}
	return nil
}

// sameEverywhere allows the subquery of among in a statement that changes rows. Replicas
// refuse subqueries there by default; this one gives the same result on each of them.
const sameEverywhere = ", allow_nondeterministic_mutations = 1"

// mutate deletes rows of a small table by rewriting its parts, and waits for the end as
// Cluster.Wait says.
func mutate(ctx context.Context, a Archive, table, cond string) error {
	return rewrite(ctx, a, table, cond, a.Cluster().Wait(table))
}

// rewrite is mutate that waits for no replica (0), for this one (1) or for all (2).
func rewrite(ctx context.Context, a Archive, table, cond string, wait int) error {
	own, on := a.Cluster().Own(table)
	q := fmt.Sprintf("ALTER TABLE %s%s DELETE WHERE %s SETTINGS mutations_sync = %d%s", own, on, cond, wait, sameEverywhere)
	if err := a.StoreConn().Exec(ctx, q); err != nil {
		return fmt.Errorf("delete rows of %s: %w", table, err)
	}
	return nil
}

// reached returns cluster.ErrBehind unless all replicas have what is wanted.
func reached(ctx context.Context, a Archive, wants ...cluster.Want) error {
	late, err := a.Cluster().Reached(ctx, a.StoreConn(), wants...)
	if err == nil && len(late) > 0 {
		err = fmt.Errorf("%w: %s has not yet deleted what is to go", cluster.ErrBehind, strings.Join(late, ", "))
	}
	return err
}

// notShown wants n loads to be known everywhere as ones that are not shown.
func notShown(these string, n int) cluster.Want {
	return cluster.Want{
		Table: catalogue.HiddenLoads, Count: "uniqExact(load_id)", Condition: these + " AND step IN ('" + hidden.Replaced + "', '" + hidden.Abandoned + "')",
		Rows: uint64(n), Everywhere: true,
	}
}

// noRows wants all rows of tables that meet a condition to be gone.
func noRows(cond string, tables ...string) (wants []cluster.Want) {
	for _, t := range tables {
		wants = append(wants, cluster.Want{Table: t, Count: "count()", Condition: cond, Everywhere: true})
	}
	return wants
}
