package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// section is a part of the report.
type section struct {
	name string
	run  func(*bench, context.Context, *text) error
}

var sections = []section{
	{"way", (*bench).wholeWay},
	{"decoder", (*bench).decoder},
	{"disk", (*bench).disk},
	{"memory", (*bench).memory},
	{"growth", (*bench).growth},
	{"month", (*bench).month},
	{"events", (*bench).events},
}

func sectionNames() []string {
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	return names
}

// text is a report in the making, in Markdown.
type text struct{ strings.Builder }

func (t *text) f(format string, args ...any) { fmt.Fprintf(&t.Builder, format, args...) }

// table writes a table; the first row is its head.
func (t *text) table(rows [][]string) {
	for i, row := range rows {
		t.f("| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			t.f("|%s\n", strings.Repeat(" --- |", len(row)))
		}
	}
	t.f("\n")
}

func (b *bench) report(ctx context.Context) (string, error) {
	var t text
	if err := b.head(ctx, &t); err != nil {
		return "", err
	}
	for _, s := range sections {
		if !wanted(b.only.sections, s.name) {
			continue
		}
		b.log("%s", s.name)
		if err := s.run(b, ctx, &t); err != nil {
			return "", fmt.Errorf("%s: %w", s.name, err)
		}
	}
	b.log("done")
	return t.String(), nil
}

// head says what was measured on.
func (b *bench) head(ctx context.Context, t *text) error {
	var version string
	if err := b.store.StoreConn().QueryRow(ctx, "SELECT version()").Scan(&version); err != nil {
		return err
	}
	t.f("# Performance\n\nWritten by `make bench` on %s: %d cores (%s), %s, Linux, ClickHouse %s (embedded).\n\n",
		time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), processor(), runtime.Version(), version)
	t.f("Two ways are measured in turn, %d times, each first every other time; a ratio is the\nmedian of the rounds' ratios. Ratios hold; absolute figures depend on the machine and on\nwhat else it does: the load average was %s. ", b.rounds, loadAverage())
	if inMemory() != "" {
		t.f("The tables are in a file system in memory, so\nthat no disk is measured.")
	}
	t.f("\n\n")
	return nil
}

// loadAverage is how many processes wanted a core in the last minute.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

// processor is the processor's name.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(info)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, " \t:\n")
		}
	}
	return runtime.GOARCH
}
