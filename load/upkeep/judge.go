package upkeep

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/aggregate"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/native"
)

// judged are the tables whose rows are judged by limits. That of calls is the last: the
// relation judged_limits shows its limits.
var judged = []string{"peer_quality_data", "call_users_data", "calls_data"}

// Judge judges the rows anew that were judged by other limits than those in
// quality_thresholds, and returns whether there were any. It needs no lease: rows that come
// meanwhile are judged when they are inserted, and to judge a row twice changes nothing. Until
// it returns, readers see some grades by the old limits and some by the new ones.
//
// On a cluster it does nothing while a replica is away, and stops if one is slow; then it
// returns cluster.ErrBehind.
func Judge(ctx context.Context, a Archive) (changed bool, err error) {
	var behind error
	err = a.Retry(ctx, func(ctx context.Context) error {
		limits, err := aggregate.ReadLimits(ctx, a.StoreConn(), a.Database())
		if err != nil {
			return err
		}
		tables, err := judgedByOthers(ctx, a, limits)
		if err != nil || len(tables) == 0 {
			return err
		}
		changed = true
		if err = judge(ctx, a, tables, limits); errors.Is(err, cluster.ErrBehind) {
			behind, err = err, nil
		}
		return err
	})
	if err == nil {
		err = behind
	}
	if err != nil {
		err = fmt.Errorf("judge calls by quality_thresholds: %w", err)
	}
	return changed, err
}

// JudgeSoon judges, or leaves it to the next pass where replicas of a cluster are not ready.
func JudgeSoon(ctx context.Context, a Archive) error {
	if _, err := Judge(ctx, a); err != nil && !errors.Is(err, cluster.ErrBehind) {
		return err
	}
	return nil
}

// judgedByOthers returns the tables with rows that other limits judged, in the order of judged.
func judgedByOthers(ctx context.Context, a Archive, limits string) (tables []string, err error) {
	var some []string
	for i, t := range judged {
		some = append(some, fmt.Sprintf("SELECT %d AS n, '%s' FROM %s WHERE judged_by != %s LIMIT 1", i, t, t, sqltext.Literal(limits)))
	}
	var n uint8
	var table string
	q := "SELECT * FROM (" + strings.Join(some, " UNION ALL ") + ") ORDER BY n"
	err = native.Read(ctx, a.StoreConn(), "limits that rows were judged by", q, nil, func() { tables = append(tables, table) }, &n, &table)
	return tables, err
}

// judge updates the rows of the tables, one after the other.
func judge(ctx context.Context, a Archive, tables []string, limits string) error {
	away, err := a.Cluster().Missing(ctx, a.StoreConn())
	if err != nil {
		return err
	}
	if len(away) > 0 {
		return fmt.Errorf("%w: %s is away", cluster.ErrBehind, strings.Join(away, ", "))
	}
	others := "judged_by != " + sqltext.Literal(limits)
	for _, table := range tables {
		own, on := a.Cluster().Own(table)
		q := fmt.Sprintf("ALTER TABLE %s%s UPDATE judged_by = %s WHERE %s SETTINGS mutations_sync = %d", own, on, sqltext.Literal(limits), others, a.Cluster().Wait(table))
		if err := a.StoreConn().Exec(ctx, q); err != nil {
			return fmt.Errorf("rows of %s: %w", table, err)
		}
		late, err := a.Cluster().Reached(ctx, a.StoreConn(), noRows(others, table)...)
		if err != nil {
			return err
		}
		if len(late) > 0 {
			return fmt.Errorf("%w: %s is not ready with %s", cluster.ErrBehind, strings.Join(late, ", "), table)
		}
	}
	return nil
}
