package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/cluster"
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
	Cluster  string // that is to have the tables; "": one server
	Policy   string // storage policy of its tables; "": the ones they had
	// Views makes the views of an archive whose tables exist. The views read with the
	// rights of the user who makes them, who may be another user than before.
	Views func(ctx context.Context, database string) error
	// Tables makes the tables of a version of the schema on a cluster, where RESTORE would
	// make them with the names in Keeper that they had.
	Tables func(ctx context.Context, database string, version int) error
}

// Restore fills an archive from a backup. The archive must be empty, or left by an
// unfinished restore. finish is called when all tables have come; until it returns, the
// archive counts as being restored.
func Restore(ctx context.Context, conn driver.Conn, p Place, n Note, to Target, progress Progress, finish func(context.Context) error) error {
	c := to.cluster()
	err := fits(ctx, conn, n, c)
	if err == nil {
		err = clear(ctx, conn, c, to.Database)
	}
	if err != nil {
		return fmt.Errorf("restore %s into %s: %w", n.Name, to.Database, err)
	}
	err = fill(ctx, conn, p, n, to, progress)
	if err == nil {
		err = to.Views(ctx, to.Database)
	}
	if err == nil {
		err = finish(ctx)
	}
	if err == nil {
		err = unmark(ctx, conn, c, to.Database)
	}
	if err != nil {
		return fmt.Errorf("restore %s from %s into %s: %w", n.Name, p, to.Database, err)
	}
	return nil
}

func (to Target) cluster() *cluster.Cluster {
	return cluster.New(to.Cluster, catalogue.StoreOf(to.Database))
}

// clear empties the archive and adds the marker.
func clear(ctx context.Context, conn driver.Conn, c *cluster.Cluster, database string) error {
	store := catalogue.StoreOf(database)
	names, err := tables(ctx, conn, c, database, store)
	if err != nil {
		return err
	}
	mark := qualified(store, marker)
	begun := slices.Contains(names, mark)
	if len(names) > 0 && !begun {
		return fmt.Errorf("%w: there are %d tables, %s among them; give another with --database, or drop %s and %s first", ErrNotEmpty, len(names), names[0],
			sqltext.Identifier(database)+c.On(), sqltext.Identifier(store)+c.On())
	}
	if begun {
		names = slices.DeleteFunc(names, func(name string) bool { return name == mark })
		return empty(ctx, conn, c, database, names)
	}
	for _, name := range []string{database, store} {
		if err := conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+sqltext.Identifier(name)+c.On()+" ENGINE = Atomic"); err != nil {
			return fmt.Errorf("create the database %s: %w", name, err)
		}
	}
	q := "CREATE TABLE " + mark + c.On() + " (nothing UInt8) ENGINE = MergeTree ORDER BY nothing COMMENT 'The archive is being restored; see callvault restore'"
	if err := conn.Exec(ctx, q); err != nil {
		return fmt.Errorf("mark the database: %w", err)
	}
	return nil
}

// tables lists the tables and views of both databases, qualified.
func tables(ctx context.Context, conn driver.Conn, c *cluster.Cluster, database, store string) ([]string, error) {
	q := "SELECT DISTINCT database, name FROM " + c.Everywhere("system.tables") + " WHERE database IN (?, ?) ORDER BY database, name"
	var names []string
	var in, name string
	err := native.Read(ctx, conn, "tables", q, []any{database, store}, func() { names = append(names, qualified(in, name)) }, &in, &name)
	return names, err
}

// empty drops the tables that an unfinished restore has left.
func empty(ctx context.Context, conn driver.Conn, c *cluster.Cluster, database string, names []string) error {
	ids, err := underway(ctx, conn, c, purpose("restore", database))
	if err != nil {
		return err
	}
	if len(ids) > 0 {
		return fmt.Errorf("%w, or one whose program was killed goes on in the server; wait until it has ended and try again", ErrRestoring)
	}
	for _, name := range names {
		if err := conn.Exec(ctx, "DROP TABLE IF EXISTS "+name+c.On()+" SYNC"); err != nil {
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
	c := to.cluster()
	statement := fmt.Sprintf("RESTORE %s, %s%s%s FROM %s", as(catalogue.StoreOf), as(relations), except(catalogue.Views()), c.On(), p.expression(n.Name))
	settings := []string{"allow_different_database_def = 1"}
	if c.Many() {
		if err := to.Tables(ctx, to.Database, n.Schema); err != nil {
			return err
		}
		if err := emptyTables(ctx, conn, to.Database); err != nil {
			return err
		}
		settings = append(settings, "allow_different_table_def = 1", "allow_non_empty_tables = 1")
	}
	if n.Base != "" {
		settings = append(settings, p.onBase(n.Base)...)
	}
	if to.Policy != "" && !c.Many() {
		settings = append(settings, "storage_policy = "+sqltext.Literal(to.Policy))
	}
	o, err := begin(ctx, conn, c, p, purpose("restore", to.Database), statement, settings...)
	if err != nil {
		return err
	}
	if _, err := o.await(ctx, func(s state) bool { progress("restoring", s.read, n.Whole); return false }); err != nil {
		return err
	}
	if c.Many() {
		progress("copying to all replicas", 0, 0)
		return c.Even(ctx, conn)
	}
	return renumber(ctx, conn, to.Database)
}

func unmark(ctx context.Context, conn driver.Conn, c *cluster.Cluster, database string) error {
	if err := conn.Exec(ctx, "DROP TABLE "+qualified(catalogue.StoreOf(database), marker)+c.On()+" SYNC"); err != nil {
		return fmt.Errorf("remove the mark: %w", err)
	}
	return nil
}
