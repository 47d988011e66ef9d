package main

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// program is a run of the program in a process of its own.
type program struct {
	cmd  *exec.Cmd
	errs syncBuffer
	done chan struct{} // closed when it has ended
}

// programTimeout is longer than any run in a test takes.
const programTimeout = 3 * time.Minute

func start(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command("callvault", args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.errs
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // the exit code says all
	}()
	t.Cleanup(func() {
		p.kill()
		<-p.done
	})
	return p
}

// wait returns the exit code, -1 after a signal.
func (p *program) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(programTimeout):
		p.signal(syscall.SIGQUIT) // it tells where it is
		<-p.done
		t.Fatalf("still running after %s\n%.20000s", programTimeout, p.errs.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) kill()                   { p.signal(syscall.SIGKILL) }
func (p *program) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) } // it may have ended
