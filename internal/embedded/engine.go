package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/creack/pty"
)

// engine owns one child process and the files that keep it alive.
type engine struct {
	dir      string
	log      *slog.Logger
	cmd      *exec.Cmd
	terminal *os.File // master side: writing end-of-file stops the child cleanly
	lifeline *os.File // write end: closing it ends the child
	lock     *os.File
	stopping atomic.Bool
	tail     tail
	drained  chan struct{}
	done     chan struct{} // closed after err is set and the files are closed
	err      error
}

// launch starts the child. It takes over the lock, even if it fails.
func launch(o Options, lock *os.File) (*engine, error) {
	e := &engine{dir: o.Path, log: o.Log, lock: lock, drained: make(chan struct{}), done: make(chan struct{})}
	started := false
	defer func() {
		if !started {
			e.free()
		}
	}()
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	if _, err := os.Stat(o.Library); err != nil {
		return nil, fmt.Errorf("find the library: %w", err)
	}
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	defer slave.Close()
	e.terminal = master
	lifeline, held, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open a pipe: %w", err)
	}
	defer lifeline.Close()
	e.lifeline = held

	e.cmd = command(exe, o, slave, lifeline, lock)
	if err := e.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", exe, err)
	}
	started = true
	go e.drain()
	go e.reap()
	return e, nil
}

// command makes the command of the child, with its terminal and the files it inherits.
func command(exe string, o Options, terminal, lifeline, lock *os.File) *exec.Cmd {
	cmd := exec.Command(exe, append([]string{childMarker, o.Library}, arguments(o)...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.ExtraFiles = []*os.File{lifeline, lock} // lifelineFD and the next
	cmd.Dir = o.Path
	// The child does not inherit the environment: it has secrets and settings.
	cmd.Env = []string{"HOME=" + o.Path, "PATH=/usr/bin:/bin", "TERM=dumb", "TZ=UTC", "LANG=C.UTF-8"}
	// In its own session the child gets no signals from the caller's terminal.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// drain reads the output of the child, so that the child never blocks, until the end of
// the child closes the terminal.
func (e *engine) drain() {
	defer close(e.drained)
	buf := make([]byte, 4096)
	for {
		n, err := e.terminal.Read(buf)
		e.tail.write(buf[:n])
		if err != nil {
			return
		}
	}
}

// reap waits for the end of the child.
func (e *engine) reap() {
	err := e.cmd.Wait()
	select { // wait for the last output
	case <-e.drained:
	case <-time.After(time.Second):
	}
	if !e.stopping.Load() {
		e.err = e.died(err)
		e.log.Error("embedded ClickHouse ended", "error", e.err)
	}
	_ = os.Remove(statePath(e.dir))
	e.free()
	close(e.done)
}

func (e *engine) free() {
	for _, f := range []*os.File{e.terminal, e.lifeline, e.lock} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// died returns the error of an engine that ended unasked.
func (e *engine) died(cause error) error {
	how := "exit status 0"
	if cause != nil {
		how = cause.Error()
	}
	said := cmp.Or(e.output(), lastLine(filepath.Join(e.dir, "log", "clickhouse.log")))
	if said == "" {
		return fmt.Errorf("ClickHouse ended: %s", how)
	}
	return fmt.Errorf("ClickHouse ended: %s: %s", how, said)
}

// wait sleeps for d. It returns an error if the engine or ctx ends first.
func (e *engine) wait(ctx context.Context, d time.Duration) error {
	select {
	case <-e.done:
		if e.err != nil {
			return e.err
		}
		return errors.New("ClickHouse was stopped")
	case <-ctx.Done():
		return fmt.Errorf("ClickHouse is not ready: %w: %s", context.Cause(ctx), e.output())
	case <-time.After(d):
		return nil
	}
}

func (e *engine) stop(ctx context.Context) error {
	select {
	case <-e.done:
		return e.err
	default:
	}
	e.stopping.Store(true)
	_, _ = e.terminal.Write([]byte{0x04}) // end-of-file, as typed at the prompt
	why := fmt.Sprintf("it took longer than %s", stopGrace)
	select {
	case <-e.done:
		return e.err
	case <-ctx.Done():
		why = context.Cause(ctx).Error()
	case <-time.After(stopGrace):
	}
	e.kill()
	return fmt.Errorf("stop ClickHouse: killed it: %s (acknowledged inserts are safe)", why)
}

// kill kills the child and waits for its end.
func (e *engine) kill() {
	e.stopping.Store(true)
	_ = syscall.Kill(-e.cmd.Process.Pid, syscall.SIGKILL)
	<-e.done
}
