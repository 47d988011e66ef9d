package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// readyPoll is how often Start checks whether the engine is ready.
const readyPoll = 10 * time.Millisecond

// inUseGrace is how long Start waits for the lock of an engine that does not answer. An
// engine whose parent was killed takes up to orphanGrace to end.
const inUseGrace = 3 * time.Second

// Start starts an engine that this process owns. ctx bounds the start, not the life of
// the engine. Nothing keeps running if Start fails. It returns ErrInUse if another
// process uses the data directory.
func Start(ctx context.Context, o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := checkPorts(ctx, o); err != nil {
		return nil, err
	}
	lock, err := claim(ctx, o.Path)
	if err != nil {
		return nil, err
	}
	s, err := startLocked(ctx, o, lock)
	if err != nil {
		return nil, fmt.Errorf("start ClickHouse in %s: %w", o.Path, err)
	}
	o.Log.Debug("embedded ClickHouse is up", "path", o.Path,
		"tcp_port", s.state.TCPPort, "http_port", s.state.HTTPPort, "pid", s.state.EnginePID)
	return s, nil
}

// claim makes the folders of the data directory and takes its lock.
func claim(ctx context.Context, dir string) (*os.File, error) {
	for _, d := range []string{dir, dataPath(dir), filepath.Join(dir, "log"), filepath.Join(dir, "backups")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make the data directory: %w; check CALLVAULT_DATA_DIR", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, inUseGrace)
	defer cancel()
	for {
		lock, err := tryLock(filepath.Join(dir, "lock"))
		if lock != nil || err != nil {
			return lock, err
		}
		_, answers := Discover(ctx, dir)
		if answers || pause(ctx, lockPoll) != nil {
			return nil, fmt.Errorf("start ClickHouse: %w: %s", ErrInUse, dir)
		}
	}
}

// startLocked starts the engine and waits until it is ready. It takes over the lock, even
// if it fails.
func startLocked(ctx context.Context, o Options, lock *os.File) (*Server, error) {
	secrets, err := prepare(o)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	e, err := launch(o, lock)
	if err != nil {
		return nil, err
	}
	s := &Server{engine: e, state: state{
		OwnerPID: os.Getpid(), EnginePID: e.cmd.Process.Pid, Database: o.Database, credentials: secrets,
	}}
	if err = s.becomeReady(ctx, o); err == nil {
		return s, nil
	}
	e.kill()
	return nil, err
}

// prepare removes the files of an earlier engine and writes the configuration.
func prepare(o Options) (credentials, error) {
	for _, p := range []string{statePath(o.Path), portsPath(o.Path)} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return credentials{}, err
		}
	}
	secrets, err := loadCredentials(o.Path, o.Password)
	if err != nil {
		return secrets, err
	}
	return secrets, writeConfig(o, secrets)
}

// becomeReady waits for the listeners, checks that they belong to this engine, and then
// writes engine.json.
func (s *Server) becomeReady(ctx context.Context, o Options) error {
	if err := s.awaitPorts(ctx, o); err != nil {
		return err
	}
	for {
		err := verify(ctx, o.Path, s.state)
		if err == nil {
			break
		}
		if errors.Is(err, errNotOurs) {
			return err
		}
		if stop := s.engine.wait(ctx, readyPoll); stop != nil {
			return fmt.Errorf("%w; last answer: %w", stop, err)
		}
	}
	if err := s.ensureDatabase(ctx, o.Database); err != nil {
		return err
	}
	return writeJSON(statePath(o.Path), s.state)
}

// awaitPorts waits until the engine has written its ports.
func (s *Server) awaitPorts(ctx context.Context, o Options) error {
	for {
		var ports struct {
			TCP  int `json:"tcp_port"`
			HTTP int `json:"http_port"`
		}
		if err := readJSON(portsPath(o.Path), &ports); err == nil {
			s.state.TCPPort, s.state.HTTPPort = ports.TCP, ports.HTTP
			return nil
		}
		if out := s.engine.output(); strings.Contains(out, "Address already in use") {
			return fmt.Errorf("%w: tcp %d or http %d", ErrPortTaken, o.TCPPort, o.HTTPPort)
		}
		if err := s.engine.wait(ctx, readyPoll); err != nil {
			return err
		}
	}
}

// checkPorts finds a taken port before the start: the engine's error does not name it.
func checkPorts(ctx context.Context, o Options) error {
	for name, port := range map[string]int{"TCP": o.TCPPort, "HTTP": o.HTTPPort} {
		if port == 0 {
			continue
		}
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
		if err != nil {
			return fmt.Errorf("start ClickHouse: %w: %s port %d (choose another, or 0 for any free one): %w",
				ErrPortTaken, name, port, err)
		}
		_ = l.Close()
	}
	return nil
}
