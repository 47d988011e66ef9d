// Package store connects to an archive in ClickHouse: the database of the DSN, with the
// relations that analysts read, and the one beside it, with the tables of the program.
package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/retry"
)

// Options of a Store; the zero value is sound.
type Options struct {
	DialTimeout time.Duration // (5 s)
	MaxConns    int           // (8)
	// ReadOnly lets ClickHouse refuse all changes (readonly = 2). A user who may not
	// set that can only read anyway, and gets no settings.
	ReadOnly bool
	// Missing says what Open does where the database of the relations does not exist.
	// The database of the tables is made with the tables (load/schema).
	Missing Missing
	// OnInsert is told of each block that was sent: its table, how long that took, and
	// its error. It is called from many goroutines. It may be nil.
	OnInsert func(table string, took time.Duration, err error)
	// OnRetry is told why a step of Retry is tried again, and the pause before that. It
	// is called from many goroutines. It may be nil.
	OnRetry func(error, time.Duration)
}

// Missing is what Open does where there is no database.
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
}

// Open connects to the database of the relations. It does not migrate. Its error matches
// ErrDSN, ErrUnreachable, ErrAuth, ErrReadOnly, ErrDatabase or ErrNoDatabase.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	ch, err := parseDSN(dsn, o)
	if err != nil {
		return nil, err
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
		return nil, openError(ch, err)
	}
	tables := toTables(ch)
	conn, err := clickhouse.Open(tables)
	if err != nil {
		return nil, openError(ch, errors.Join(err, views.Close()))
	}
	if o.OnInsert != nil {
		conn = observed{conn, o.OnInsert}
	}
	return &Store{conn: conn, views: views, samples: native.NewSender(tables), ch: ch, onInsert: o.OnInsert, patience: retry.Patience{OnRetry: o.OnRetry}}, nil
}

// Conn is the connection pool for what analysts read: its database is that of the
// DSN, with the relations.
func (s *Store) Conn() driver.Conn { return s.views }

// StoreConn is the connection pool for what the program keeps: its database is
// that of the tables.
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

// IDs gives the ids of the loads that this process writes.
func (s *Store) IDs() *hidden.IDs { return &s.ids }

// ClickHouse is a copy of the options of Conn, as load/schema wants them.
func (s *Store) ClickHouse() *clickhouse.Options {
	ch := *s.ch
	return &ch
}

// Database is the name of the database of the relations.
func (s *Store) Database() string { return s.ch.Auth.Database }

// Retry does a step that a restart of ClickHouse may interrupt, and does it again if it
// must (see retry.Patience). It must be safe to repeat, whatever came of it.
func (s *Store) Retry(ctx context.Context, f func(context.Context) error) error {
	return s.patience.Do(ctx, f)
}

// Close closes all connections.
func (s *Store) Close() error {
	s.samples.Close()
	return errors.Join(s.conn.Close(), s.views.Close())
}

// parseDSN keeps what the DSN says and adds what loading needs. Its errors
// quote no part of the DSN, any of which may be a password.
func parseDSN(dsn string, o Options) (*clickhouse.Options, error) {
	const form = "want clickhouse://user:password@host:9000/database, with special characters of the password as %XX"
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" || strings.ContainsAny(strings.TrimPrefix(u.Path, "/"), "/@") { // the latter: a password with a slash
		return nil, fmt.Errorf("parse dsn: %w: %s", ErrDSN, form)
	}
	if !slices.Contains([]string{"clickhouse", "tcp", "native"}, u.Scheme) {
		return nil, fmt.Errorf("parse dsn: %w: the scheme must be clickhouse (native protocol, port 9000)", ErrDSN)
	}
	ch, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("parse dsn: %w: a parameter after the ? has an invalid value", ErrDSN)
	}
	for i, addr := range ch.Addr {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			ch.Addr[i] = net.JoinHostPort(strings.Trim(addr, "[]"), "9000")
		}
	}
	if ch.Auth.Database == "" {
		ch.Auth.Database = "default"
	}
	if ch.DialTimeout == 0 {
		ch.DialTimeout = cmp.Or(o.DialTimeout, 5*time.Second)
	}
	if ch.MaxOpenConns == 0 {
		ch.MaxOpenConns = cmp.Or(o.MaxConns, 8)
		ch.MaxIdleConns = ch.MaxOpenConns
	}
	if ch.Compression == nil && !loopback(ch.Addr) {
		ch.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	if o.ReadOnly {
		ch.Settings["readonly"] = 2
		return ch, nil
	}
	ch.Settings["async_insert"] = 0
	ch.Settings["insert_deduplicate"] = 0 // a load id makes every block new; nothing may be dropped as seen before
	return ch, nil
}

// toTables are options for the database of the tables, given those of the relations'.
func toTables(relations *clickhouse.Options) *clickhouse.Options {
	ch := *relations
	ch.Auth.Database = catalogue.StoreOf(ch.Auth.Database)
	return &ch
}

// loopback says whether all addresses are this machine's, where compressing
// costs more than it saves.
func loopback(addrs []string) bool {
	return !slices.ContainsFunc(addrs, func(addr string) bool {
		host, _, _ := net.SplitHostPort(addr)
		ip := net.ParseIP(host)
		return host != "localhost" && (ip == nil || !ip.IsLoopback())
	})
}

// connect opens a pool and sees that it works.
func connect(ctx context.Context, ch *clickhouse.Options) (driver.Conn, error) {
	conn, err := clickhouse.Open(ch)
	if err != nil {
		return nil, err
	}
	if err := conn.Exec(ctx, "SELECT 1"); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

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

// openError says in one line what is wrong and where.
func openError(ch *clickhouse.Options, err error) error {
	where, hint := strings.Join(ch.Addr, ","), ""
	kind := ErrUnreachable
	switch retry.Code(err) {
	case codeAuthFailed, codeUnknownUser, codeWrongPassword, codeNeedPassword:
		return fmt.Errorf("connect to %s as %q: %w", where, ch.Auth.Username, ErrAuth)
	case codeReadOnly:
		return fmt.Errorf("connect to %s as %q: %w", where, ch.Auth.Username, ErrReadOnly)
	case codeUnknownDatabase:
		return fmt.Errorf("connect to %s: database %q: %w", where, ch.Auth.Database, ErrNoDatabase)
	case codeAccessDenied:
		kind = fmt.Errorf("database %q: %w", ch.Auth.Database, ErrDatabase)
		hint = "; " + catalogue.Grants(ch.Auth.Database, ch.Auth.Username)
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	if p := ch.Auth.Password; p != "" {
		text = strings.ReplaceAll(text, p, "***")
	}
	return fmt.Errorf("connect to %s: %w: %s%s", where, kind, text, hint)
}
