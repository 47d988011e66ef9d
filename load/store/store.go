// Package store connects to an archive in ClickHouse: to the database of the DSN, with the
// relations that analysts read, and to the database of the program's tables.
package store

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/retry"
)

// Options of a Store. The zero value is usable.
type Options struct {
	DialTimeout time.Duration // (5 s)
	MaxConns    int           // (8)
	// ReadOnly makes ClickHouse refuse all changes (readonly = 2). A user who may not set
	// that can only read anyway, and gets no settings.
	ReadOnly bool
	// Database replaces the database of the DSN, unless it is "".
	Database string
	// TLS adds certificates to a DSN with secure=true. It may be nil.
	TLS *tls.Config
	// Cluster is the cluster that has the tables: "" is one server.
	Cluster string
	// Missing says what Open does if the database of the relations does not exist.
	// The database of the tables is made with the tables (load/schema).
	Missing Missing
	// OnInsert is called for each block that was sent, with its table, its duration and
	// its error, from many goroutines. It may be nil.
	OnInsert func(table string, took time.Duration, err error)
	// OnRetry is called when Retry repeats a step, with the error and the pause, from many
	// goroutines. It may be nil.
	OnRetry func(error, time.Duration)
}

// Missing says what Open does if there is no database.
type Missing int

const (
	Refuse Missing = iota // it returns ErrNoDatabase
	Create                // it creates the database
	Ignore                // Conn uses the user's default database
)

// Store is an archive in ClickHouse. It is safe for concurrent use.
type Store struct {
	conn     driver.Conn // its database is that of the tables
	views    driver.Conn // its database is that of the relations
	samples  *native.Sender
	ch       *clickhouse.Options
	ids      hidden.IDs
	onInsert func(table string, took time.Duration, err error) // may be nil
	patience retry.Patience
	cluster  *cluster.Cluster
}

// Open connects to the database of the relations. It does not migrate. Its error matches
// ErrDSN, ErrUnreachable, ErrAuth, ErrReadOnly, ErrDatabase, ErrNoDatabase, ErrTooOld or one of
// the errors of ports and certificates.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	ch, err := parseDSN(dsn, o)
	if err != nil {
		return nil, err
	}
	if o.Cluster != "" {
		if err := oneHost(ctx, ch); err != nil {
			return nil, openError(ctx, ch, err)
		}
	}
	views, err := connect(ctx, ch)
	if o.ReadOnly && retry.Code(err) == codeReadOnly {
		ch.Settings = clickhouse.Settings{}
		views, err = connect(ctx, ch)
	}
	if retry.Code(err) == codeUnknownDatabase && o.Missing != Refuse {
		views, err = connectAnyway(ctx, ch, o.Missing)
	}
	if err != nil {
		return nil, openError(ctx, ch, err)
	}
	tables := toTables(ch)
	conn, err := clickhouse.Open(tables)
	if err != nil {
		return nil, openError(ctx, ch, errors.Join(err, views.Close()))
	}
	if o.OnInsert != nil {
		conn = observed{conn, o.OnInsert}
	}
	return &Store{
		conn: conn, views: views, samples: native.NewSender(tables), ch: ch, onInsert: o.OnInsert, patience: retry.Patience{OnRetry: o.OnRetry},
		cluster: cluster.New(o.Cluster, tables.Auth.Database),
	}, nil
}

// Conn returns the connection pool to the database of the DSN, with the relations.
func (s *Store) Conn() driver.Conn { return s.views }

// StoreConn returns the connection pool to the database of the tables.
func (s *Store) StoreConn() driver.Conn { return s.conn }

// InsertSamples inserts samples into the tables: see native.Sender.
func (s *Store) InsertSamples(ctx context.Context, runs []native.Run) error {
	began := time.Now()
	err := s.samples.Insert(ctx, runs)
	if s.onInsert != nil {
		s.onInsert(native.SamplesTable, time.Since(began), err)
	}
	return err
}

// IDs returns the ids of the loads that this process writes.
func (s *Store) IDs() *hidden.IDs { return &s.ids }

// ClickHouse returns a copy of the options of Conn, for load/schema.
func (s *Store) ClickHouse() *clickhouse.Options {
	ch := *s.ch
	return &ch
}

// Cluster returns the servers that have the tables.
func (s *Store) Cluster() *cluster.Cluster { return s.cluster }

// Database returns the name of the database of the relations.
func (s *Store) Database() string { return s.ch.Auth.Database }

// Retry runs a step that a restart of ClickHouse may interrupt, and repeats it if necessary
// (see retry.Patience). The step must be safe to repeat after any outcome.
func (s *Store) Retry(ctx context.Context, f func(context.Context) error) error {
	return s.patience.Do(ctx, f)
}

// Close closes all connections.
func (s *Store) Close() error {
	s.samples.Close()
	return errors.Join(s.conn.Close(), s.views.Close())
}

// toTables returns the options for the database of the tables.
func toTables(relations *clickhouse.Options) *clickhouse.Options {
	ch := *relations
	ch.Auth.Database = catalogue.StoreOf(ch.Auth.Database)
	return &ch
}

// connect opens a pool and sees that it works, with a server that is new enough.
func connect(ctx context.Context, ch *clickhouse.Options) (driver.Conn, error) {
	conn, err := clickhouse.Open(ch)
	if err != nil {
		return nil, err
	}
	var version string
	err = conn.QueryRow(ctx, "SELECT version()").Scan(&version)
	if err == nil {
		err = newEnough(version)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// oneHost keeps of the hosts of a cluster the first that answers and has Keeper, or else the
// first that answers: another one may not have yet what was written to it.
func oneHost(ctx context.Context, ch *clickhouse.Options) error {
	var answers string
	var last error
	for _, addr := range ch.Addr {
		one := *ch
		one.Addr, one.Auth.Database = []string{addr}, ""
		conn, err := connect(ctx, &one)
		if err != nil {
			last = err
			continue
		}
		able := hasKeeper(ctx, conn, catalogue.StoreOf(ch.Auth.Database))
		_ = conn.Close()
		if able {
			ch.Addr = one.Addr
			return nil
		}
		answers = cmp.Or(answers, addr)
	}
	if answers == "" {
		return last
	}
	ch.Addr = []string{answers}
	return nil
}

// hasKeeper reports whether a server can write to the tables of a store. It reports true if
// there are none, or if the user may not know.
func hasKeeper(ctx context.Context, conn driver.Conn, store string) bool {
	var lost bool
	const q = "SELECT toBool(max(is_readonly OR is_session_expired)) FROM system.replicas WHERE database = ?"
	err := conn.QueryRow(ctx, q, store).Scan(&lost)
	return err != nil && !retry.Broken(err) || err == nil && !lost
}

// Serves reports whether the server of the cluster answers and has Keeper.
func (s *Store) Serves(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, serveWithin)
	defer cancel()
	return hasKeeper(ctx, s.views, catalogue.StoreOf(s.Database()))
}

// serveWithin bounds the question whether a server can be used.
const serveWithin = 10 * time.Second

// connectAnyway opens a pool although the database does not exist.
func connectAnyway(ctx context.Context, ch *clickhouse.Options, m Missing) (driver.Conn, error) {
	without := *ch
	without.Auth.Database = ""
	conn, err := connect(ctx, &without)
	if err != nil || m == Ignore {
		return conn, err
	}
	defer conn.Close()
	if err := conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+sqltext.Identifier(ch.Auth.Database)); err != nil {
		return nil, err
	}
	return connect(ctx, ch)
}

// Select reads rows of the relations into dest, the address of a slice of structs with
// the tag ch. The query names its parameters as {name:Type}; they are sent beside it.
func (s *Store) Select(ctx context.Context, dest any, query string, params map[string]any) error {
	args := make([]any, 0, len(params))
	for name, value := range params {
		if strings.Contains(query, "{"+name+":") {
			args = append(args, clickhouse.Named(name, value))
		}
	}
	return s.views.Select(ctx, dest, query, args...)
}
