package load

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/retry"
)

// Options of a Store; the zero value is sound.
type Options struct {
	DialTimeout time.Duration // (5 s)
	MaxConns    int           // (8)
	// ReadOnly lets ClickHouse refuse what would change anything (readonly = 2), and
	// creates no database. A user who may not set that may only read anyway, and gets
	// no settings at all.
	ReadOnly bool
	// OnInsert is told of each block that was sent: its table, how long it took
	// and how it went. It is called from many goroutines; optional.
	OnInsert func(table string, took time.Duration, err error)
	// OnRetry is told why one of the Store's own steps is tried again, before the
	// pause until then. It is called from many goroutines; optional.
	OnRetry func(error, time.Duration)
}

// Store is a ClickHouse database of the schema. It is safe for concurrent use.
type Store struct {
	conn    driver.Conn
	samples sampleSender
	ch      *clickhouse.Options

	patience retry.Patience

	mu   sync.Mutex
	ids  idSource
	live map[uint64]time.Time // loads of this process that may still be committed; zero or until when
}

// Open connects and creates the database if it is missing. It does not migrate.
// The error matches ErrDSN, ErrUnreachable, ErrAuth, ErrReadOnly or ErrDatabase.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	ch, err := parseDSN(dsn, o)
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, ch)
	if o.ReadOnly && retry.Code(err) == codeReadOnly {
		ch.Settings = clickhouse.Settings{}
		conn, err = connect(ctx, ch)
	}
	if retry.Code(err) == codeUnknownDatabase && !o.ReadOnly {
		if err = createDatabase(ctx, ch); err == nil {
			conn, err = connect(ctx, ch)
		}
	}
	if err != nil {
		return nil, openError(ch, err)
	}
	s := &Store{conn: conn, samples: native.NewSender(ch), ch: ch, live: map[uint64]time.Time{}, patience: retry.Patience{OnRetry: o.OnRetry}}
	if o.OnInsert != nil {
		s.conn, s.samples = observed{conn, o.OnInsert}, observedSender{s.samples, o.OnInsert}
	}
	return s, nil
}

// Conn is the connection pool, with the database of the DSN.
func (s *Store) Conn() driver.Conn { return s.conn }

// ClickHouse is a copy of the connection's options, as load/schema wants them.
func (s *Store) ClickHouse() *clickhouse.Options {
	ch := *s.ch
	return &ch
}

// Database is the name of the database.
func (s *Store) Database() string { return s.ch.Auth.Database }

// Retry does a step that ClickHouse's restart may interrupt, and that may be
// repeated whatever came of it: again, if it must be (see retry.Patience).
func (s *Store) Retry(ctx context.Context, f func(context.Context) error) error {
	return s.patience.Do(ctx, f)
}

// Close closes all connections.
func (s *Store) Close() error {
	s.samples.Close()
	return s.conn.Close()
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

// createDatabase connects to the server's default database to create ch's.
func createDatabase(ctx context.Context, ch *clickhouse.Options) error {
	to := *ch
	to.Auth.Database = ""
	conn, err := connect(ctx, &to)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+sqltext.Identifier(ch.Auth.Database))
}

// openError says in one line what is wrong and where.
func openError(ch *clickhouse.Options, err error) error {
	where := strings.Join(ch.Addr, ",")
	kind := ErrUnreachable
	switch retry.Code(err) {
	case codeAuthFailed, codeUnknownUser, codeWrongPassword, codeNeedPassword:
		return fmt.Errorf("connect to %s as %q: %w", where, ch.Auth.Username, ErrAuth)
	case codeReadOnly:
		return fmt.Errorf("connect to %s as %q: %w", where, ch.Auth.Username, ErrReadOnly)
	case codeAccessDenied, codeUnknownDatabase:
		kind = fmt.Errorf("database %q: %w", ch.Auth.Database, ErrDatabase)
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	if p := ch.Auth.Password; p != "" {
		text = strings.ReplaceAll(text, p, "***")
	}
	return fmt.Errorf("connect to %s: %w: %s", where, kind, text)
}
