package servertest

import (
	_ "embed"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// lifeline runs a program until standard input ends, however this process ends, or until
// it says to stop.
const lifeline = `"$@" & if read -r how; then kill -TERM $!; else kill -KILL $!; fi; wait $! 2>/dev/null; exit 0`

//go:embed run.py
var runner string

// Process is a ClickHouse that runs in a folder, with the config.xml there. It ends with
// the test's process, however that ends.
type Process struct {
	PID int // of its group

	log   string
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

// Run starts a ClickHouse in dir, and does not wait until it serves. The caller ends it.
func (r Release) Run(t testing.TB, dir string) *Process {
	t.Helper()
	p := &Process{log: filepath.Join(dir, "said.log")}
	p.cmd = exec.Command("sh", "-c", lifeline, "sh", "python3", "run.py", string(r.How), r.library(t))
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), "CLICKHOUSE_WATCHDOG_ENABLE=0", "TZ=UTC")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt from the terminal must not end the lifeline alone
	if err := p.start(dir); err != nil {
		t.Fatal(err)
	}
	p.PID = p.cmd.Process.Pid
	return p
}

func (p *Process) start(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "run.py"), []byte(runner), 0o600); err != nil {
		return err
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	return p.cmd.Start()
}

// Kill ends it at once. It may have ended.
func (p *Process) Kill() {
	p.stdin.Close()
	_ = p.cmd.Wait()
}

// Stop asks it to end, and waits until it has.
func (p *Process) Stop() {
	_, _ = io.WriteString(p.stdin, "stop\n")
	_ = p.cmd.Wait()
}

// Said is the end of what it has said.
func (p *Process) Said() string {
	said, _ := os.ReadFile(p.log)
	return string(tail(said))
}
