package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// passCost is what one pass of the built program took.
type passCost struct {
	cost
	requests, samples int64
	memory            uint64 // bytes, the most that the program held
}

// pass runs the built program on a database, a process of its own beside the
// vendor's and the engine's.
func (b *bench) pass(ctx context.Context, database string, simulate []string, settings ...string) (p passCost, err error) {
	env, stop, err := b.simulator(ctx, simulate)
	if err != nil {
		return p, err
	}
	defer stop()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, b.binary, "archive", "--quiet", "--json")
	cmd.Env = append(os.Environ(), append(env, "CLICKHOUSE_DSN="+b.server.DatabaseDSN(database), "CALLVAULT_QPS=1000000")...)
	cmd.Env = append(cmd.Env, settings...)
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	server, begun := b.serverTime(), time.Now()
	if err := cmd.Start(); err != nil {
		return p, err
	}
	most := make(chan uint64, 1)
	go func() { most <- watchMemory(cmd.Process.Pid) }()
	if err := cmd.Wait(); err != nil {
		return p, err
	}
	p.cost = cost{time.Since(begun), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), b.serverTime() - server}
	p.memory = <-most
	return p, p.read(out.Bytes())
}

// read takes the counts from the program's report.
func (p *passCost) read(report []byte) error {
	var r struct {
		Apps   []struct{ Samples int64 }
		Counts struct{ Requests map[string]int64 }
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return err
	}
	for _, a := range r.Apps {
		p.samples += a.Samples
	}
	for _, n := range r.Counts.Requests {
		p.requests += n
	}
	return nil
}

// watchMemory is the last peak seen of a process, which only grows.
func watchMemory(pid int) (peak uint64) {
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		_, rest, ok := strings.Cut(string(status), "VmHWM:")
		if err != nil || !ok {
			return peak
		}
		line, _, _ := strings.Cut(rest, "\n")
		if bytes, err := humanize.ParseBytes(strings.ReplaceAll(strings.TrimSpace(line), "kB", "KiB")); err == nil {
			peak = bytes
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// simulator starts the simulated vendor and returns the settings that it tells.
func (b *bench) simulator(ctx context.Context, args []string) (env []string, stop func(), err error) {
	cmd := exec.CommandContext(ctx, b.binary, append([]string{"simulate", "--listen", "127.0.0.1:0", "--qps", "-1"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	lines := bufio.NewScanner(out)
	for len(env) < 4 && lines.Scan() {
		env = append(env, strings.TrimPrefix(lines.Text(), "export "))
	}
	if len(env) < 4 {
		stop()
		return nil, nil, fmt.Errorf("the simulator did not start")
	}
	return env, stop, nil
}
