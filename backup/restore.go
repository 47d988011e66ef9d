package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/schema"
)

// marker is the table of the store that exists while a restore fills the archive.
const marker = schema.Restoring

var (
	// ErrNotEmpty is returned when the database is not empty.
	ErrNotEmpty = errors.New("the database is not empty")
	// ErrRestoring is returned when another restore is filling the database.
	ErrRestoring = errors.New("another restore is filling the database")
)

// Target is the archive that a restore fills.
type Target struct {
	Database string // of the relations
	Policy   string // storage policy of its tables; "": the ones they had
	// Views makes the views of an archive whose tables exist. The views read with the
	// rights of the user who makes them, who may be another user than before.
	Views func(ctx context.Context, database string) error
}

// Restore fills an archive from a backup. The archive must be empty, or left by an
// unfinished restore. finish is called when all tables have come; until it returns, the
// archive counts as being restored.
func Restore(ctx context.Context, conn driver.Conn, p Place, n Note, to Target, progress Progress, finish func(context.Context) error) error {
	if err := clear(ctx, conn, to.Database); err != nil {
		return fmt.Errorf("restore %s into %s: %w", n.Name, to.Database, err)
	}
	err := fill(ctx, conn, p, n, to, progress)
	if err == nil {
		err = to.Views(ctx, to.Database)
	}
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

// clear empties the archive and adds the marker.
func clear(ctx context.Context, conn driver.Conn, database string) error {
	store := catalogue.StoreOf(database)
	names, err := tables(ctx, conn, database, store)
	if err != nil {
		return err
	}
	mark := qualified(store, marker)
	begun := slices.Contains(names, mark)
	if len(names) > 0 && !begun {
		return fmt.Errorf("%w: there are %d tables, %s among them; give another with --database, or drop %s and %s first", ErrNotEmpty, len(names), names[0],
			sqltext.Identifier(database), sqltext.Identifier(store))
	}
	if begun {
		names = slices.DeleteFunc(names, func(name string) bool { return name == mark })
		return empty(ctx, conn, database, names)
	}
	for _, name := range []string{database, store} {
		if err := conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+sqltext.Identifier(name)+" ENGINE = Atomic"); err != nil {
			return fmt.Errorf("create the database %s: %w", name, err)
		}
	}
	q := "CREATE TABLE " + mark + " (nothing UInt8) ENGINE = MergeTree ORDER BY nothing COMMENT 'The archive is being restored; see callvault restore'"
	if err := conn.Exec(ctx, q); err != nil {
		return fmt.Errorf("mark the database: %w", err)
	}
	return nil
}

// tables lists the tables and views of both databases, qualified.
func tables(ctx context.Context, conn driver.Conn, database, store string) ([]string, error) {
	const q = "SELECT database, name FROM system.tables WHERE database IN (?, ?) ORDER BY database, name"
	var names []string
	var in, name string
	err := native.Read(ctx, conn, "tables", q, []any{database, store}, func() { names = append(names, qualified(in, name)) }, &in, &name)
	return names, err
}

// empty drops the tables that an unfinished restore has left.
func empty(ctx context.Context, conn driver.Conn, database string, names []string) error {
	ids, err := underway(ctx, conn, purpose("restore", database))
	if err != nil {
		return err
	}
	if len(ids) > 0 {
		return fmt.Errorf("%w, or one whose program was killed goes on in the server; wait until it has ended and try again", ErrRestoring)
	}
	for _, name := range names {
		if err := conn.Exec(ctx, "DROP TABLE IF EXISTS "+name+" SYNC"); err != nil {
			return fmt.Errorf("drop what an earlier restore left: %w", err)
		}
	}
	return nil
}

// fill restores everything except the views. The target makes the views.
func fill(ctx context.Context, conn driver.Conn, p Place, n Note, to Target, progress Progress) error {
	as := func(of func(string) string) string {
		return "DATABASE " + sqltext.Identifier(of(n.Database)) + " AS " + sqltext.Identifier(of(to.Database))
	}
	relations := func(name string) string { return name }
	statement := fmt.Sprintf("RESTORE %s, %s%s FROM %s", as(catalogue.StoreOf), as(relations), except(catalogue.Views()), p.expression(n.Name))
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
	if err := conn.Exec(ctx, "DROP TABLE "+qualified(catalogue.StoreOf(database), marker)+" SYNC"); err != nil {
		return fmt.Errorf("remove the mark: %w", err)
	}
	return nil
}
