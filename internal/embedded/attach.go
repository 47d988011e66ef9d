package embedded

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/callvault/callvault/internal/sqltext"
)

// Discover finds an engine that another process runs on the data directory:
// engine.json names it, and it must answer and serve this very directory. An
// engine whose owner is gone is about to end, and is not found.
func Discover(ctx context.Context, path string) (*Server, bool) {
	dir, err := filepath.Abs(path)
	if err != nil {
		return nil, false
	}
	var s state
	if err := readJSON(statePath(dir), &s); err != nil || !alive(s.OwnerPID) {
		return nil, false
	}
	if err := verify(ctx, dir, s); err != nil {
		return nil, false
	}
	return &Server{state: s, release: make(chan struct{})}, true
}

// Open attaches to the engine that runs on the data directory, or starts one:
// whichever of the two is possible first. An attached engine has the ports,
// passwords and default database it was started with.
func Open(ctx context.Context, o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		s, err := Start(ctx, o)
		if !errors.Is(err, ErrInUse) {
			return s, err
		}
		if s, ok := Discover(ctx, o.Path); ok {
			if err := s.ensureDatabase(ctx, o.Database); err != nil {
				return nil, err
			}
			return s, nil
		}
		if pause(ctx, lockPoll) != nil {
			return nil, err
		}
	}
}

// ensureDatabase makes the database, and the one that DSN names.
func (s *Server) ensureDatabase(ctx context.Context, name string) error {
	s.state.Database = name
	if _, err := s.Query(ctx, "CREATE DATABASE IF NOT EXISTS "+sqltext.Identifier(name)+" ENGINE = Atomic"); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

func alive(pid int) bool {
	return pid > 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
