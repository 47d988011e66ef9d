package backup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/cluster"
)

// Verify restores a backup as trial does, and writes the result into its note.
func Verify(ctx context.Context, conn driver.Conn, p Place, n *Note, beside Target, progress Progress) ([]Difference, error) {
	diffs, err := trial(ctx, conn, p, *n, beside, progress)
	if err != nil {
		return nil, fmt.Errorf("verify backup %s: %w", n.Name, err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	n.Verified, n.Differs = &now, nil
	for _, d := range diffs {
		n.Differs = append(n.Differs, d.String())
	}
	return diffs, writeNote(ctx, p, *n)
}

// trial restores a backup into databases of its own, compares them with the note, and drops
// them. Only one trial at a time may run beside an archive: each drops what earlier ones
// left.
func trial(ctx context.Context, conn driver.Conn, p Place, n Note, beside Target, progress Progress) (diffs []Difference, err error) {
	database := beside.Database
	c := beside.cluster()
	if _, err := c.Whole(ctx, conn); err != nil {
		return nil, err
	}
	if err := dropTrials(ctx, conn, c, database); err != nil {
		return nil, err
	}
	name := trialPrefix(database) + strings.ToLower(strings.NewReplacer("-", "", ":", "").Replace(n.Name))
	to := beside
	to.Database = name
	if err := Restore(ctx, conn, p, n, to, progress, func(context.Context) error { return nil }); err != nil {
		return nil, dropAlso(ctx, conn, c, database, err)
	}
	progress("comparing", 0, 0)
	restored, err := contentsOf(ctx, conn, to.cluster(), name, n.Began)
	if err != nil {
		return nil, dropAlso(ctx, conn, c, database, fmt.Errorf("read the restored contents: %w", err))
	}
	return compare(n.Content, restored, time.Now()), dropTrials(ctx, conn, c, database)
}

func contentsOf(ctx context.Context, conn driver.Conn, c *cluster.Cluster, database string, moment time.Time) ([]Content, error) {
	r, err := contents(ctx, conn, c, database, moment)
	if err != nil {
		return nil, err
	}
	return r.read()
}

// trialPrefix begins the names of both databases of a trial.
func trialPrefix(database string) string { return database + "_verify_" }

// dropAlso drops the trial's databases and returns err.
func dropAlso(ctx context.Context, conn driver.Conn, c *cluster.Cluster, database string, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killWithin)
	defer cancel()
	if derr := dropTrials(ctx, conn, c, database); derr != nil {
		return fmt.Errorf("%w (and %w)", err, derr)
	}
	return err
}

func dropTrials(ctx context.Context, conn driver.Conn, c *cluster.Cluster, database string) error {
	var names []string
	q := "SELECT groupUniqArray(name) FROM " + c.Everywhere("system.databases") + " WHERE startsWith(name, ?)"
	if err := conn.QueryRow(ctx, q, trialPrefix(database)).Scan(&names); err != nil {
		return fmt.Errorf("look for databases of earlier verifications: %w", err)
	}
	for _, name := range names {
		if err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+sqltext.Identifier(name)+c.On()+" SYNC"); err != nil {
			return fmt.Errorf("drop database %s of a verification: %w", name, err)
		}
	}
	return nil
}
