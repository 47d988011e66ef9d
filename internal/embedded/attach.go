package embedded

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/callvault/callvault/internal/sqltext"
)

// Discover finds the engine that another process runs on the data directory. engine.json
// names it, and it must answer and serve this directory. An engine whose owner has ended
// is not found: it is about to end.
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

// Open starts an engine on the data directory, or attaches to the one that runs there,
// whichever is possible first. An attached engine keeps its ports and passwords.
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

// ensureDatabase makes the database if it is missing and sets it as that of DSN.
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
