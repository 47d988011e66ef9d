package backup

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/schema"
)

// marker is the table that says that a database is being filled by a restore.
const marker = schema.Restoring

var (
	// ErrNotEmpty: a restore fills an empty database only.
	ErrNotEmpty = errors.New("the database is not empty")
	// ErrRestoring: another restore fills the database.
	ErrRestoring = errors.New("another restore is filling the database")
)

// Target is what a restore fills.
type Target struct {
	Database string
	Policy   string // storage policy of its tables; "": those they had
}

// Restore fills the database from a backup: empty, or left by a restore that was
// cut short. finish does what is left when all has come; until it has, the
// database counts as being restored.
func Restore(ctx context.Context, conn driver.Conn, p Place, n Note, to Target, progress Progress, finish func(context.Context) error) error {
	if err := clear(ctx, conn, to.Database); err != nil {
		return fmt.Errorf("restore %s into %s: %w", n.Name, to.Database, err)
	}
	err := fill(ctx, conn, p, n, to, progress)
	if err == nil {
		err = finish(ctx)
	}
	if err == nil {
		err = unmark(ctx, conn, to.Database)
	}
	if err != nil {
		return fmt.Errorf("restore %s from %s into %s: %w", n.Name, p, to.Database, err)
	}
	return nil
}

// clear makes the database an empty one with a marker.
func clear(ctx context.Context, conn driver.Conn, database string) error {
	names, err := tables(ctx, conn, database)
	if err != nil {
		return err
	}
	begun := false
	for _, name := range names {
		begun = begun || name == marker
	}
	if len(names) > 0 && !begun {
		return fmt.Errorf("%w: it has %d tables, %s among them; give another with --database, or drop it first", ErrNotEmpty, len(names), names[0])
	}
	if begun {
		return empty(ctx, conn, database, names)
	}
	if err := conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+sqltext.Identifier(database)+" ENGINE = Atomic"); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	q := "CREATE TABLE " + sqltext.Identifier(database) + "." + marker + " (nothing UInt8) ENGINE = MergeTree ORDER BY nothing COMMENT 'The database is being restored; see callvault restore'"
	if err := conn.Exec(ctx, q); err != nil {
		return fmt.Errorf("mark the database: %w", err)
	}
	return nil
}

func tables(ctx context.Context, conn driver.Conn, database string) ([]string, error) {
	var names []string
	const q = "SELECT groupArray(name) FROM (SELECT name FROM system.tables WHERE database = ? ORDER BY name)"
	if err := conn.QueryRow(ctx, q, database).Scan(&names); err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return names, nil
}

// empty drops what a restore that was cut short has left, all but the marker.
func empty(ctx context.Context, conn driver.Conn, database string, names []string) error {
	ids, err := underway(ctx, conn, purpose("restore", database))
	if err != nil {
		return err
	}
	if len(ids) > 0 {
		return fmt.Errorf("%w, or one whose program was killed goes on in the server; wait until it has ended and try again", ErrRestoring)
	}
	for _, name := range names {
		if name == marker {
			continue
		}
		if err := conn.Exec(ctx, "DROP TABLE IF EXISTS "+sqltext.Identifier(database)+"."+sqltext.Identifier(name)+" SYNC"); err != nil {
			return fmt.Errorf("drop what an earlier restore left: %w", err)
		}
	}
	return nil
}

// fill restores.
func fill(ctx context.Context, conn driver.Conn, p Place, n Note, to Target, progress Progress) error {
	statement := fmt.Sprintf("RESTORE DATABASE %s AS %s %s FROM %s", sqltext.Identifier(n.Database), sqltext.Identifier(to.Database), exceptLeases(n.Database), p.expression(n.Name))
	settings := []string{"allow_different_database_def = 1"}
	if n.Base != "" {
		settings = append(settings, p.onBase(n.Base)...)
	}
	if to.Policy != "" {
		settings = append(settings, "storage_policy = "+sqltext.Literal(to.Policy))
	}
	o, err := begin(ctx, conn, p, purpose("restore", to.Database), statement, settings...)
	if err != nil {
		return err
	}
	if _, err := o.await(ctx, func(s state) bool { progress("restoring", s.read, n.Whole); return false }); err != nil {
		return err
	}
	return renumber(ctx, conn, to.Database)
}

func unmark(ctx context.Context, conn driver.Conn, database string) error {
	if err := conn.Exec(ctx, "DROP TABLE "+sqltext.Identifier(database)+"."+marker+" SYNC"); err != nil {
		return fmt.Errorf("take away the mark: %w", err)
	}
	return nil
}
