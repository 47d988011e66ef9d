package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// loads are what the program's memory is measured on.
var heavy = []struct {
	about    string
	simulate []string
}{
	{"2 meetings of 10 to 60 users, 1 to 4 hours", []string{"--mix", "meetings", "--calls", "2", "--seed", "3"}},
	{"5,000 calls of two", []string{"--mix", "one-to-one", "--calls", "5000"}},
}

// memory measures the peak memory of the built program, with its default
// settings, a process of its own beside the vendor's and the engine's.
func (b *bench) memory(ctx context.Context, t *text) error {
	t.f("## Memory\n\nThe most memory that `callvault archive` held (VmHWM), with the default settings\n(CALLVAULT_MEMORY=256MB, raw responses kept) and a simulated vendor without a quota.\n\n")
	rows := [][]string{{"what", "samples", "time", "peak memory"}}
	for i, h := range heavy {
		row, err := b.peak(ctx, fmt.Sprintf("memory_%d", i), h.simulate)
		if err != nil {
			return fmt.Errorf("%s: %w", h.about, err)
		}
		rows = append(rows, append([]string{h.about}, row...))
		b.log("%v", row)
	}
	t.table(rows)
	return nil
}

func (b *bench) peak(ctx context.Context, database string, simulate []string) ([]string, error) {
	env, stop, err := b.simulator(ctx, simulate)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := b.exec(ctx, "CREATE DATABASE IF NOT EXISTS "+database); err != nil {
		return nil, err
	}
	defer b.exec(context.WithoutCancel(ctx), "DROP DATABASE "+database+" SYNC")
	cmd := exec.CommandContext(ctx, b.binary, "archive", "--quiet")
	cmd.Env = append(os.Environ(), append(env, "CLICKHOUSE_DSN="+b.server.DatabaseDSN(database), "CALLVAULT_QPS=1000000", "CALLVAULT_SKIP=unusual_events,daily_scale,user_events")...)
	cmd.Stderr = os.Stderr
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	most := make(chan uint64, 1)
	go func() { most <- watchMemory(cmd.Process.Pid) }()
	if err := cmd.Wait(); err != nil {
		return nil, err
	}
	took := time.Since(begun)
	n, err := b.number(ctx, "SELECT count() FROM "+database+".quality_samples_data")
	return []string{humanize.Comma(int64(n)), took.Round(time.Second).String(), "**" + humanize.IBytes(<-most) + "**"}, err
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
