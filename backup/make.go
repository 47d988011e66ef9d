package backup

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/cluster"
)

// Options of Make.
type Options struct {
	Conn     driver.Conn
	Cluster  *cluster.Cluster // the servers that have the tables
	Database string           // of the relations
	Schema   int
	Version  string
	// Alone calls a function while no other process writes to the archive or migrates
	// it. The context of the function ends when that can no longer be ensured.
	Alone func(ctx context.Context, do func(context.Context) error) error
	// Fresh is how old the base of an incremental backup may be. Zero makes a full
	// backup.
	Fresh    time.Duration
	Progress Progress
}

// Make makes a backup and returns its note. Only one Make at a time may run for a
// database: it ends backups that killed programs have left running in the server.
func Make(ctx context.Context, p Place, o Options) (Note, error) {
	notes, err := List(ctx, p)
	if err != nil {
		return Note{}, err
	}
	began, err := freeSecond(ctx, notes)
	if err != nil {
		return Note{}, fmt.Errorf("back up to %s: %w", p, err)
	}
	n := Note{Kind: Full, Database: o.Database, Began: began, Schema: o.Schema, Version: o.Version}
	base, ok, lost := latestFull(notes, began.Add(-o.Fresh))
	if n.Lost = lost; ok {
		n.Kind, n.Base = Incremental, base.Name
	}
	n.Name = nameOf(began, n.Kind)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // of the query for the contents
	t, err := take(ctx, p, o, &n)
	if err == nil {
		err = t.finish(ctx, o, &n)
	}
	if err == nil {
		err = writeNote(ctx, p, n)
	}
	if err != nil {
		return n, fmt.Errorf("back up to %s: %w", p, err)
	}
	return n, nil
}

// freeSecond returns now, or the first second after it in which no backup began. A backup's
// name has this second.
func freeSecond(ctx context.Context, notes []Note) (time.Time, error) {
	for {
		now := time.Now().UTC()
		second := now.Truncate(time.Second)
		if !slices.ContainsFunc(notes, func(x Note) bool { return x.Began.Equal(second) }) {
			return second, nil
		}
		select {
		case <-time.After(second.Add(time.Second).Sub(now)):
		case <-ctx.Done():
			return second, context.Cause(ctx)
		}
	}
}

// taken is a backup whose tables are frozen: it is being copied.
type taken struct {
	operation *operation
	contents  *reading
}

// take begins the backup, and returns when all tables are frozen.
func take(ctx context.Context, p Place, o Options, n *Note) (t taken, err error) {
	if _, err := o.Cluster.Whole(ctx, o.Conn); err != nil {
		return t, err
	}
	if err := endOrphans(ctx, p, o); err != nil {
		return t, err
	}
	store := catalogue.StoreOf(o.Database)
	statement := fmt.Sprintf("BACKUP DATABASE %s, DATABASE %s%s%s TO %s", sqltext.Identifier(o.Database), sqltext.Identifier(store), except(leases()), o.Cluster.On(), p.expression(n.Name))
	var settings []string
	if n.Base != "" {
		settings = append(settings, p.onBase(n.Base)...)
	}
	err = o.Alone(ctx, func(alone context.Context) error {
		if n.Shards, err = o.steady(alone); err != nil {
			return err
		}
		if t.operation, err = begin(alone, o.Conn, o.Cluster, p, purpose("backup", o.Database), statement, settings...); err != nil {
			return err
		}
		if t.contents, err = contents(ctx, o.Conn, o.Cluster, o.Database, n.Began); err != nil {
			return fmt.Errorf("read the archive's contents: %w", err)
		}
		frozen := func(s state) bool { return s.files > 0 }
		if o.Cluster.Many() { // a server begins to write when all have frozen their tables, and tells of files at the end
			frozen = func(state) bool { return p.begun(alone, n.Name) }
		}
		if _, err = t.operation.await(alone, frozen); err != nil {
			return err
		}
		n.Taken = time.Now().UTC().Truncate(time.Second)
		return context.Cause(alone)
	})
	if err != nil && t.operation != nil {
		t.operation.kill(ctx)
	}
	return t, err
}

// steady returns when all replicas of a cluster have the same rows, and the number of shards.
func (o Options) steady(ctx context.Context) (uint64, error) {
	s, err := o.Cluster.Whole(ctx, o.Conn)
	if err == nil {
		err = o.Cluster.Steady(ctx, o.Conn)
	}
	return s.Shards, err
}

// endOrphans ends backups that killed programs have left running.
func endOrphans(ctx context.Context, p Place, o Options) error {
	ids, err := underway(ctx, o.Conn, o.Cluster, purpose("backup", o.Database))
	for _, id := range ids {
		(&operation{o.Conn, o.Cluster, p, id}).kill(ctx)
	}
	return err
}

// finish waits until the backup is copied.
func (t taken) finish(ctx context.Context, o Options, n *Note) (err error) {
	if n.Content, err = t.read(ctx, o.Progress); err != nil {
		t.operation.kill(ctx)
		return fmt.Errorf("read the archive's contents: %w", err)
	}
	var total uint64
	const size = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database IN (?, ?)"
	if err := o.Conn.QueryRow(ctx, size, o.Database, catalogue.StoreOf(o.Database)).Scan(&total); err != nil {
		t.operation.kill(ctx)
		return fmt.Errorf("read the size of the archive: %w", err)
	}
	if o.Cluster.Many() {
		total = 0 // servers tell of bytes when all have written them
	}
	s, err := t.operation.await(ctx, func(s state) bool { o.Progress("copying", s.size, total); return false })
	if err != nil {
		return err
	}
	n.Bytes, n.Whole, n.Ended = s.written, s.size, time.Now().UTC().Truncate(time.Second)
	return nil
}

func (t taken) read(ctx context.Context, progress Progress) ([]Content, error) {
	progress("reading checksums", 0, 0)
	all, err := t.contents.read()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return all, err
}
