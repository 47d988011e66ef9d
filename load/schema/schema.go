// Package schema brings both databases of an archive, the relations' and the tables', to a
// version of the schema. It uses golang-migrate, with a lock that excludes other processes
// and a way out of a failed version.
package schema

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	chmigrate "github.com/golang-migrate/migrate/v4/database/clickhouse"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/retry"
	"github.com/callvault/callvault/migrations"
)

const leaseTTL = 30 * time.Second

const (
	// ErrNewer is returned when the archive has a version this program does not know.
	ErrNewer = retry.Final("update callvault")
	// ErrDirty is returned when a version was begun and not finished.
	ErrDirty = retry.Final("the schema version is dirty")
	// ErrRestoring is returned while the store has the table Restoring.
	ErrRestoring = retry.Final("the database is being restored from a backup, or that was cut short: wait, or run the same callvault restore again")
	// ErrFile is returned when a file of a version is missing or not well-formed:
	// no attempt mends that.
	ErrFile = retry.Final("a file of the schema cannot be read")
	// ErrCluster and ErrServer are returned when the archive is on a cluster and the
	// settings name none, or the other way round.
	ErrCluster = retry.Final("name it in CALLVAULT_CLICKHOUSE_CLUSTER")
	ErrServer  = retry.Final("unset CALLVAULT_CLICKHOUSE_CLUSTER, or move the archive (docs/cluster.md)")
	// ErrTaken is returned when one of the two databases belongs to another archive.
	ErrTaken = retry.Final("name another database in CLICKHOUSE_DSN")
)

// Restoring is a table that the store has while a backup is restored into it. Other tables
// may still be missing then.
const Restoring = "restoring"

// Options of a Schema; the zero value serves a single server.
type Options struct {
	Cluster  string        // "": one server; otherwise ON CLUSTER and replicated engines
	Holder   string        // who migrates, for the others' messages
	LockWait time.Duration // how long to wait for another migrator (1 minute)
	FS       fs.FS         // the files (migrations.FS)
	Restorer bool          // whether the caller fills a store that has the table Restoring
}

// Schema is a set of versions for one archive.
type Schema struct {
	ch    *clickhouse.Options
	opt   Options
	files []file
}

// New prepares a Schema and does not connect. The database of ch has the relations and must
// exist. The first change makes the database of the tables.
func New(ch *clickhouse.Options, o Options) (*Schema, error) {
	if o.FS == nil {
		o.FS = migrations.FS
	}
	if o.LockWait <= 0 {
		o.LockWait = time.Minute
	}
	if o.Holder == "" {
		host, _ := os.Hostname()
		o.Holder = fmt.Sprintf("%s pid %d", host, os.Getpid())
	}
	all, err := list(o.FS)
	if err != nil {
		return nil, err
	}
	return &Schema{ch: ch, opt: o, files: all}, nil
}

func (s *Schema) database() string {
	if s.ch.Auth.Database == "" {
		return "default"
	}
	return s.ch.Auth.Database
}

// store returns the name of the database of the tables.
func (s *Schema) store() string { return catalogue.StoreOf(s.database()) }

// toStore returns the options for connections to the store.
func (s *Schema) toStore() *clickhouse.Options {
	ch := *s.ch
	ch.Auth.Database = s.store()
	return &ch
}

// Up applies the pending versions and returns how many it applied. It applies a dirty
// version again: every statement can be repeated. It waits for an archiving pass of an older
// program, which writes to the tables as they were. It makes the tables on servers that have
// joined the cluster.
func (s *Schema) Up(ctx context.Context) (int, error) {
	joined, err := s.joined(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrate up: %w", err)
	}
	alters := func(st Status) bool { return st.Current > 0 && (st.Pending() > 0 || len(joined) > 0) }
	return s.locked(ctx, "migrate up", alters, func(m *migrate.Migrate, g *guarded) error {
		version, dirty, err := g.Version()
		if err != nil {
			return err
		}
		if dirty {
			version = s.before(version)
			if err := m.Force(version); err != nil {
				return err
			}
		}
		if err := s.join(g, joined, version); err != nil {
			return err
		}
		if err := m.Up(); err != nil && !errors.Is(err, migrate.ErrNoChange) {
			return fmt.Errorf("%w (mend the cause, then \"callvault migrate up\" again)", err)
		}
		if len(joined) > 0 {
			return s.cluster().Return(g.ctx, g.conn)
		}
		return nil
	})
}

// To applies the versions up to one, to an archive of an earlier version.
func (s *Schema) To(ctx context.Context, version int) error {
	if err := s.known(version); err != nil {
		return err
	}
	_, err := s.locked(ctx, "migrate up", nothing, func(m *migrate.Migrate, _ *guarded) error {
		if err := m.Migrate(uint(version)); err != nil && !errors.Is(err, migrate.ErrNoChange) {
			return err
		}
		return nil
	})
	return err
}

// Down takes back the last steps versions, or all of them if steps is not positive, and
// returns how many. The data in their tables is lost. Down waits for a running pass.
func (s *Schema) Down(ctx context.Context, steps int) (int, error) {
	return s.locked(ctx, "migrate down", anyVersion, func(m *migrate.Migrate, g *guarded) error {
		version, dirty, err := g.Version()
		if err != nil {
			return err
		}
		if dirty {
			return fmt.Errorf("%w: version %d: apply it again with \"callvault migrate up\" first, or declare it applied with \"callvault migrate force %d\"", ErrDirty, version, version)
		}
		if version == database.NilVersion {
			return nil
		}
		var short migrate.ErrShortLimit
		if steps > 0 {
			err = m.Steps(-steps)
		} else {
			err = m.Down()
		}
		if errors.Is(err, migrate.ErrNoChange) || errors.As(err, &short) {
			return nil
		}
		return err
	})
}

// Force marks version as applied and clean, without running a statement. -1 marks the
// database as empty.
func (s *Schema) Force(ctx context.Context, version int) error {
	if version != database.NilVersion && !s.knows(version) {
		return fmt.Errorf("force schema version %d: this program has no such version", version)
	}
	_, err := s.locked(ctx, "force schema version", nothing, func(m *migrate.Migrate, _ *guarded) error {
		return m.Force(version)
	})
	return err
}

// knows reports whether the program has the files of version.
func (s *Schema) knows(version int) bool {
	for _, f := range s.files {
		if int(f.version) == version {
			return true
		}
	}
	return version == database.NilVersion
}

// known returns ErrNewer unless the program has the files of version.
func (s *Schema) known(version int) error {
	if s.knows(version) {
		return nil
	}
	return fmt.Errorf("the archive has version %d of the schema, and this program knows no more than version %d: %w", version, s.files[len(s.files)-1].version, ErrNewer)
}

// before returns the version before version, or -1.
func (s *Schema) before(version int) int {
	prev := database.NilVersion
	for _, f := range s.files {
		if int(f.version) < version {
			prev = int(f.version)
		}
	}
	return prev
}

// Whether a change of the schema alters tables that passes write to.
func anyVersion(st Status) bool { return st.Current > 0 }
func nothing(Status) bool       { return false }

// locked makes the databases and the tables of leases and versions, and runs f under the
// lease of migrations. If f alters tables that passes write to, it also holds the archive
// lease. It returns how many files ran.
func (s *Schema) locked(ctx context.Context, verb string, alters func(Status) bool, f func(*migrate.Migrate, *guarded) error) (int, error) {
	if err := s.databases(ctx); err != nil {
		return 0, fmt.Errorf("%s: %w", verb, err)
	}
	conn, err := clickhouse.Open(s.toStore())
	if err != nil {
		return 0, fmt.Errorf("%s: %w", verb, err)
	}
	defer conn.Close()
	st, err := s.Status(ctx)
	if err == nil {
		err = st.Known()
	}
	if err == nil {
		err = s.bootstrap(ctx, conn)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", verb, s.withGrants(err))
	}
	if alters(st) {
		held, err := lease.AcquireWait(ctx, conn, lease.Archive, s.opt.Holder, leaseTTL, s.opt.LockWait)
		if err != nil {
			return 0, fmt.Errorf("%s: an archiving pass is running; wait for it or stop it: %w", verb, err)
		}
		defer held.Release(context.WithoutCancel(ctx))
		actx, cancel := held.Context(ctx)
		defer cancel()
		ctx = actx
	}
	held, err := lease.AcquireWait(ctx, conn, lease.Migrate, s.opt.Holder, leaseTTL, s.opt.LockWait)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", verb, err)
	}
	defer held.Release(ctx)
	ctx, cancel := held.Context(ctx)
	defer cancel()
	g := &guarded{ctx: ctx, conn: conn, held: held}
	if err := s.migrate(g, f); err != nil {
		return g.ran, fmt.Errorf("%s: %w", verb, s.withGrants(err))
	}
	return g.ran, nil
}

// withGrants adds the missing grants to an error about grants.
func (s *Schema) withGrants(err error) error {
	if retry.Code(err) != codeAccessDenied {
		return err
	}
	return fmt.Errorf("%w; %s, or see callvault doctor", err, catalogue.Grants(s.database(), s.ch.Auth.Username))
}

// has reports whether the store has a table.
func (s *Schema) has(ctx context.Context, conn driver.Conn, table string) (bool, error) {
	var n uint64
	err := conn.QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = ? AND name = ?", s.store(), table).Scan(&n)
	return n > 0, err
}

func (s *Schema) bootstrap(ctx context.Context, conn driver.Conn) error {
	const name = "bootstrap.sql"
	on, err := s.serverOf(ctx, conn)
	if err != nil {
		return err
	}
	text, err := s.renderFor(on, name)
	if err != nil {
		return err
	}
	if err := runAll(ctx, conn, name, text); err != nil {
		return err
	}
	return s.bootstrapKeeper(ctx, conn, on)
}

// migrate makes golang-migrate's object around g and runs f with it. It returns ErrNewer if
// the database is newer than the program.
func (s *Schema) migrate(g *guarded, f func(*migrate.Migrate, *guarded) error) error {
	ch := s.toStore() // OpenDB takes no pool settings
	ch.MaxOpenConns, ch.MaxIdleConns, ch.ConnMaxLifetime = 0, 0, 0
	db := clickhouse.OpenDB(ch)
	base, err := chmigrate.WithInstance(db, &chmigrate.Config{DatabaseName: s.store(), MigrationsTableEngine: "MergeTree"})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	g.Driver = base
	m, err := migrate.NewWithInstance("embedded", &files{schema: s, all: s.files}, "clickhouse", g)
	if err != nil {
		return errors.Join(err, base.Close())
	}
	defer m.Close()
	version, _, err := g.Version()
	if err != nil {
		return err
	}
	if err := s.known(version); err != nil {
		return err
	}
	return f(m, g)
}
