// Package embedded fetches a real ClickHouse, libchdb.so, and runs it as a child
// process, the engine, which listens on loopback for the native protocol and for HTTP.
//
// The engine is the same binary, started again with a marker as its first argument. So
// main and every TestMain must call RunChild first. The engine ends at Stop, or when its
// parent ends, even if the parent is killed.
//
// The data directory holds everything:
//
//	config.xml, users.xml   written at every start
//	credentials.json        the passwords, made at the first start
//	engine.json             the address of the running engine; see Discover
//	lock                    locked (flock) by the parent and by the engine
//	data/                   the tables
//	log/                    ClickHouse's warnings and errors
//	backups/                BACKUP … TO File('…') without a path writes here
//
// Secrets are in files of mode 0600, in a directory of mode 0700.
package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strconv"
	"time"
)

const (
	// DefaultDatabase is the default of Options.Database.
	DefaultDatabase = "trtc"
	// User has all rights. It needs its password on loopback, too.
	User = "callvault"
	// Analyst may only read the one database.
	Analyst = "analyst"

	loopback = "127.0.0.1"
	// startTimeout covers a cold start on a slow disk. A usual start takes 0.3–1 s.
	startTimeout = 30 * time.Second
	// stopGrace is twice the 5 s that ClickHouse waits for open client connections.
	stopGrace = 10 * time.Second
)

// ErrInUse is returned when another process runs an engine on the data directory.
var ErrInUse = errors.New("another callvault is using this data directory")

// ErrPortTaken is returned when another process listens on a port of Options.
var ErrPortTaken = errors.New("the port is taken")

// Options of an engine.
type Options struct {
	Library  string // path of libchdb.so, as Fetch returns it
	Path     string // data directory; made if missing
	Database string // made at the start if missing; empty: DefaultDatabase
	TCPPort  int    // port of the native protocol; 0: any free port
	HTTPPort int    // 0: any free port
	// Password of User. Empty: the password in the data directory, or a random one.
	Password string
	Log      *slog.Logger // nil: silent
}

// Server is a running engine. This process has started it and owns it, or has attached
// to it.
type Server struct {
	state   state
	engine  *engine // nil when attached
	release chan struct{}
}

// withDefaults checks the options and fills in defaults.
func (o Options) withDefaults() (Options, error) {
	if o.Path == "" {
		return o, errors.New("start ClickHouse: no data directory given")
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return o, fmt.Errorf("start ClickHouse: resolve %s: %w", o.Path, err)
	}
	o.Path = path
	if o.Library, err = filepath.Abs(o.Library); err != nil {
		return o, fmt.Errorf("start ClickHouse: resolve %s: %w", o.Library, err)
	}
	o.Database = cmp.Or(o.Database, DefaultDatabase)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	return o, nil
}

// DSN returns the address for native clients, with the password.
func (s *Server) DSN() string { return s.DatabaseDSN(s.state.Database) }

// DatabaseDSN returns DSN for another database of the same engine.
func (s *Server) DatabaseDSN(database string) string {
	u := url.URL{
		Scheme: "clickhouse",
		User:   url.UserPassword(User, s.state.Password),
		Host:   loopback + ":" + strconv.Itoa(s.state.TCPPort),
		Path:   "/" + database,
	}
	return u.String()
}

// HTTPURL returns the address of the HTTP interface, without credentials.
func (s *Server) HTTPURL() string { return httpURL(s.state.HTTPPort) }

// PlayURL returns the address of the query page for Analyst, with the password.
func (s *Server) PlayURL() string {
	q := url.Values{"user": {Analyst}, "database": {s.state.Database}}
	q.Set("password", s.state.AnalystPassword)
	return s.HTTPURL() + "/play?" + q.Encode()
}

// Attached reports whether another process owns the engine.
func (s *Server) Attached() bool { return s.engine == nil }

// PID returns the id of the engine's process.
func (s *Server) PID() int { return s.state.EnginePID }

// Query runs one statement as User over HTTP and returns the text of the result.
func (s *Server) Query(ctx context.Context, sql string) (string, error) {
	return query(ctx, s.state, sql)
}

// Done returns closed when the engine has ended. For an attached server it is closed by
// Stop.
func (s *Server) Done() <-chan struct{} {
	if s.engine == nil {
		return s.release
	}
	return s.engine.done
}

// Err returns why the engine ended. It is nil after a clean end and while the engine runs.
func (s *Server) Err() error {
	if s.engine == nil {
		return nil
	}
	select {
	case <-s.engine.done:
		return s.engine.err
	default:
		return nil
	}
}

// Stop stops an engine that this process owns and waits for its end. It asks for a clean
// end and sends SIGKILL after 10 s or when ctx ends. A clean end takes 0.1 s, or 5 s if
// clients have open connections. Stop does not stop an attached engine. It may be called
// again, but not concurrently.
func (s *Server) Stop(ctx context.Context) error {
	if s.engine != nil {
		return s.engine.stop(ctx)
	}
	select {
	case <-s.release:
	default:
		close(s.release)
	}
	return nil
}
