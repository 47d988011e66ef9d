// Package embedded fetches and runs a real ClickHouse, libchdb.so, as a child
// process that listens on loopback for the native protocol and for HTTP.
//
// The child is this very binary, started again with a marker as its first
// argument: a main function (and a TestMain) calls RunChild before anything
// else. The child lives exactly as long as its parent lets it: until Stop, or
// until the parent is gone, however it went.
//
// One data directory holds everything:
//
//	config.xml, users.xml   written anew at every start
//	credentials.json        the passwords, made at the first start
//	engine.json             where the running engine answers; see Discover
//	lock                    held (flock) by the parent and by the child
//	data/                   the tables
//	log/                    what ClickHouse says: warnings and worse
//	backups/                where BACKUP … TO File('…') without a path writes
//
// Secrets are in files of mode 0600 in a directory of mode 0700.
package embedded

import (
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
	// DefaultDatabase is the database that is made when none is named.
	DefaultDatabase = "trtc"
	// User owns everything; its password is needed on loopback, too.
	User = "callvault"
	// Analyst may only read the one database.
	Analyst = "analyst"

	loopback = "127.0.0.1"
	// startTimeout covers a cold start on a slow disk; a usual one takes 0.3–1 s.
	startTimeout = 30 * time.Second
	// stopGrace is twice the 5 s that ClickHouse waits for open client connections.
	stopGrace = 10 * time.Second
)

// ErrInUse says that another process runs an engine on the data directory.
var ErrInUse = errors.New("another callvault is using this data directory")

// ErrPortTaken says that a port asked for by number belongs to somebody else.
var ErrPortTaken = errors.New("the port is taken")

// Options say which engine to start and where.
type Options struct {
	Library  string // path of libchdb.so, as Fetch returns it
	Path     string // the data directory; made if missing
	Database string // made at the start if missing; empty: DefaultDatabase
	TCPPort  int    // native protocol; 0: any free port
	HTTPPort int    // 0: any free port
	// Password of User. Empty: the one this data directory has, or a random one.
	Password string
	// OpenAnalyst lets Analyst in from this machine without a password: for data
	// that anyone who has a process or a browser here may read, such as a demo's.
	OpenAnalyst bool
	Log         *slog.Logger // nil: silent
}

// Server is a running engine: one that this process started and owns, or one
// that it has attached to.
type Server struct {
	state   state
	engine  *engine // nil when attached
	release chan struct{}
}

// withDefaults checks the options and fills in what was left out.
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
	if o.Database == "" {
		o.Database = DefaultDatabase
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// DSN is the address for a native client, password included.
func (s *Server) DSN() string { return s.DatabaseDSN(s.state.Database) }

// DatabaseDSN is DSN for another database of the same engine.
func (s *Server) DatabaseDSN(database string) string {
	u := url.URL{
		Scheme: "clickhouse",
		User:   url.UserPassword(User, s.state.Password),
		Host:   loopback + ":" + strconv.Itoa(s.state.TCPPort),
		Path:   "/" + database,
	}
	return u.String()
}

// HTTPURL is the address of the HTTP interface, without credentials.
func (s *Server) HTTPURL() string { return httpURL(s.state.HTTPPort) }

// PlayURL is the address of the query page for the user Analyst, password
// included unless the engine lets Analyst in without one.
func (s *Server) PlayURL() string {
	q := url.Values{"user": {Analyst}, "database": {s.state.Database}}
	if s.state.AnalystPassword != "" {
		q.Set("password", s.state.AnalystPassword)
	}
	return s.HTTPURL() + "/play?" + q.Encode()
}

// Attached says that another process owns the engine.
func (s *Server) Attached() bool { return s.engine == nil }

// PID is the engine's process.
func (s *Server) PID() int { return s.state.EnginePID }

// Query runs one statement as User over HTTP and returns the answer's text.
func (s *Server) Query(ctx context.Context, sql string) (string, error) {
	return query(ctx, s.state, sql)
}

// Done is closed when the engine's process has ended; for an attached server,
// when Stop has been called.
func (s *Server) Done() <-chan struct{} {
	if s.engine == nil {
		return s.release
	}
	return s.engine.done
}

// Err is why the engine ended, nil after a clean end and before any end.
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

// Stop ends an engine that this process owns and waits until it is gone: a
// clean end, then, after 10 s or when ctx ends, SIGKILL. It takes 0.1 s when
// all clients have closed their connections and 5 s when they have not.
// An attached engine is left alone. Stop may be called more than once, but not
// at the same time.
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
