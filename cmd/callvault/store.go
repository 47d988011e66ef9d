package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/schema"
)

// stopWithin bounds the end of an embedded engine that is being left.
const stopWithin = 15 * time.Second

// archiveDir is where the embedded ClickHouse keeps the archive, demoDir where
// it keeps the demo's.
func archiveDir(cfg *config.Config) string { return filepath.Join(cfg.DataDir, "clickhouse") }
func demoDir(cfg *config.Config) string    { return filepath.Join(cfg.DataDir, "demo") }

// openArchive connects to the configured ClickHouse: that of the DSN or, where
// none is set, the embedded one, which runs until close is called.
func (c *cli) openArchive(ctx context.Context, cfg *config.Config) (s *load.Store, close func(), err error) {
	return c.openArchiveWith(ctx, cfg, load.Options{})
}

// openArchiveWith is openArchive with other options.
func (c *cli) openArchiveWith(ctx context.Context, cfg *config.Config, o load.Options) (s *load.Store, close func(), err error) {
	if cfg.DSN != "" {
		s, err := c.openStore(ctx, cfg.DSN.Reveal(), o)
		if err != nil {
			return nil, nil, err
		}
		return s, func() { s.Close() }, nil
	}
	return c.openEmbedded(ctx, cfg, embedded.Options{Path: archiveDir(cfg)}, o)
}

// openDatabase is openArchive for another database of the same ClickHouse, if one
// is named. It need not have an archive.
func (c *cli) openDatabase(ctx context.Context, cfg *config.Config, database string) (*load.Store, func(), error) {
	if database == "" {
		return c.openArchive(ctx, cfg)
	}
	if cfg.DSN == "" {
		return c.openEmbedded(ctx, cfg, embedded.Options{Path: archiveDir(cfg), Database: database}, load.Options{})
	}
	other := *cfg
	u, err := url.Parse(cfg.DSN.Reveal())
	if err == nil { // otherwise openStore says what is wrong
		u.Path = "/" + database
		other.DSN = config.Secret(u.String())
	}
	return c.openArchive(ctx, &other)
}

// openEmbedded starts (or attaches to) an embedded ClickHouse and connects.
func (c *cli) openEmbedded(ctx context.Context, cfg *config.Config, o embedded.Options, lo load.Options) (*load.Store, func(), error) {
	srv, err := c.startEmbedded(ctx, cfg, o)
	if err != nil {
		return nil, nil, err
	}
	stop := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		srv.Stop(ctx)
	}
	s, err := c.openStore(ctx, srv.DSN(), lo)
	if err != nil {
		stop()
		return nil, nil, err
	}
	return s, func() { s.Close(); stop() }, nil
}

func (c *cli) startEmbedded(ctx context.Context, cfg *config.Config, o embedded.Options) (*embedded.Server, error) {
	lib, err := c.fetchEngine(ctx, cfg)
	if err != nil {
		return nil, err
	}
	o.Library = lib
	return embedded.Open(ctx, o)
}

// fetchEngine downloads the embedded ClickHouse, with progress, unless it is
// there.
func (c *cli) fetchEngine(ctx context.Context, cfg *config.Config) (string, error) {
	progress, finish := c.screen().Download("fetching ClickHouse (once)")
	defer finish()
	return embedded.Fetch(ctx, embedded.FetchOptions{Library: cfg.Library, CacheDir: cfg.CacheDir, Progress: progress})
}

// openStore connects for a command.
func (c *cli) openStore(ctx context.Context, dsn string, o load.Options) (*load.Store, error) {
	o.OnInsert, o.OnRetry = c.onInsert, c.onRetry
	return openWith(ctx, dsn, o)
}

func openStore(ctx context.Context, dsn string) (*load.Store, error) {
	return openWith(ctx, dsn, load.Options{})
}

// openWith connects, and names the setting in what may go wrong.
func openWith(ctx context.Context, dsn string, o load.Options) (*load.Store, error) {
	s, err := load.Open(ctx, dsn, o)
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, load.ErrDSN):
		return nil, config.Error{Setting: "CLICKHOUSE_DSN", Problem: err.Error()}
	case errors.Is(err, load.ErrAuth), errors.Is(err, load.ErrDatabase):
		return nil, fmt.Errorf("%w; check user, password and database in CLICKHOUSE_DSN", err)
	case errors.Is(err, load.ErrReadOnly):
		return nil, fmt.Errorf("%w; name another user in CLICKHOUSE_DSN", err)
	case errors.Is(err, load.ErrUnreachable):
		return nil, fmt.Errorf("%w; check CLICKHOUSE_DSN, or unset it to use the embedded ClickHouse", err)
	}
	return nil, err
}

// schemaOf prepares the schema of a store's database.
func schemaOf(s *load.Store, cfg *config.Config) (*schema.Schema, error) {
	return schema.New(s.ClickHouse(), schema.Options{Cluster: cfg.Cluster, Holder: holder()})
}

// holder names this process to whoever finds its lease.
func holder() string { return holderOf(os.Getpid()) }

func holderOf(pid int) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d%s", host, pid, startOf(pid))
}

// startOf tells a process from another that had its number before: when it was
// started, in the kernel's ticks; empty where that cannot be known.
func startOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name before it may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return ""
	}
	return ", started at tick " + fields[19]
}

var holderName = regexp.MustCompile(`^(.*), process (\d+)(, started at tick \d+)?$`)

// dead says that a holder was a process of this machine and is no more.
func dead(name string) bool {
	m := holderName.FindStringSubmatch(name)
	host, err := os.Hostname()
	if m == nil || err != nil || m[1] != host {
		return false
	}
	pid, err := strconv.Atoi(m[2])
	if err != nil {
		return false
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || m[3] != "" && startOf(pid) != m[3]
}

// noArchive says that nothing has been archived by the embedded engine yet.
func noArchive(cfg *config.Config) bool {
	_, err := os.Stat(archiveDir(cfg))
	return cfg.DSN == "" && errors.Is(err, os.ErrNotExist)
}
