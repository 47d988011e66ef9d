package upkeep

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/retry"
)

// Tiering says when data moves to another volume of the storage policy.
type Tiering struct {
	Policy string        // of the tables; empty: the one they have
	Volume string        // the volume that data moves to
	After  time.Duration // how old the data must be, whole days; zero: it does not move
}

var (
	// ErrPolicy is returned when the server does not have the storage policy, or the
	// policy does not begin with the volumes that the tables have.
	ErrPolicy = errors.New("the storage policy cannot be used")
	// ErrVolume is returned when the storage policy does not have the volume.
	ErrVolume = errors.New("the storage policy has no such volume")
)

const (
	codeUnknownPolicy = 478
	codeBadArguments  = 36
	codeNoVolume      = 450
)

// Tier makes the tables move data as t says. It does not change tables that already do.
// ClickHouse moves a part when all of it is old enough. Nothing moves back, and the tables
// keep their policy if t names none. Tier reads the state of the tables before it changes
// them, so a change that was made and not acknowledged is not made again.
func Tier(ctx context.Context, a Archive, t Tiering) error {
	return a.Retry(ctx, func(ctx context.Context) error {
		const q = "SELECT groupArray(name), groupArray(engine_full), groupArray(storage_policy) FROM system.tables WHERE database = currentDatabase()"
		var names, engines, policies []string
		if err := a.StoreConn().QueryRow(ctx, q).Scan(&names, &engines, &policies); err != nil {
			return fmt.Errorf("read where old data goes: %w", err)
		}
		for _, table := range catalogue.Loaded() {
			own, on := a.Cluster().Own(table.Name)
			i := slices.Index(names, own)
			if i < 0 {
				return fmt.Errorf("read where old data goes: there is no table %s", own)
			}
			if err := tier(ctx, a.StoreConn(), "ALTER TABLE "+own+on, table.Day, engines[i], policies[i], t); err != nil {
				return fmt.Errorf("set where old data of %s goes: %w", table.Name, err)
			}
		}
		return nil
	})
}

// tier changes a table, given the beginning of the statement, the day of a row, and the
// table's engine and policy.
func tier(ctx context.Context, conn driver.Conn, alter, day, engine, policy string, t Tiering) error {
	if t.Policy != "" && t.Policy != policy {
		err := conn.Exec(ctx, alter+" MODIFY SETTING storage_policy = "+sqltext.Literal(t.Policy))
		if c := retry.Code(err); c == codeUnknownPolicy || c == codeBadArguments {
			return fmt.Errorf("%w: %w", ErrPolicy, err)
		}
		if err != nil {
			return err
		}
	}
	ours := regexp.MustCompile(` TTL ` + regexp.QuoteMeta(day) + ` \+ toIntervalDay\([0-9]+\) TO VOLUME (IF EXISTS )?'[^']*'( SETTINGS |$)`)
	when, volume := fmt.Sprintf("%s + toIntervalDay(%d) TO VOLUME ", day, int(t.After.Hours()/24)), sqltext.Literal(t.Volume)
	rule := when + "IF EXISTS " + volume // so that a server without the volume can restore a backup
	switch {
	case t.After == 0 && ours.MatchString(engine):
		return conn.Exec(ctx, alter+" REMOVE TTL")
	case t.After == 0 || strings.Contains(engine, " TTL "+rule):
		return nil
	}
	// Without this setting, ClickHouse would write all parts anew.
	if err := conn.Exec(ctx, alter+" MODIFY SETTING materialize_ttl_recalculate_only = 1"); err != nil {
		return err
	}
	// First without IF EXISTS, so that the server looks for the volume.
	err := conn.Exec(ctx, alter+" MODIFY TTL "+when+volume+" SETTINGS materialize_ttl_after_modify = 0")
	if retry.Code(err) == codeNoVolume {
		return fmt.Errorf("%w: %w", ErrVolume, err)
	}
	if err != nil {
		return err
	}
	return conn.Exec(ctx, alter+" MODIFY TTL "+rule)
}
