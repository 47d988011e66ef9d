package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/words"
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
	todo := slices.DeleteFunc(slices.Clone(sections), func(s section) bool { return !wanted(b.only.sections, s.name) })
	for i, s := range todo {
		b.log("%s, section %d of %d", s.name, i+1, len(todo))
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
	t.f("`make bench-quick` measures the ratios that have a goal, within 3 minutes, and fails if one is\nabove its limit by more than its noise. Here, passes are over up to %s calls, and\nmemory is measured on %s small ones; CALLS and SMALL of `make bench` change that.\n\n", words.Comma(b.mostCalls), words.Comma(b.smallCalls))
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
