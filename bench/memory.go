package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
)

// heavyLoad is what the program's memory is measured on.
type heavyLoad struct {
	about    string
	simulate []string
}

// heavyLoads are few large calls and many small ones.
func (b *bench) heavyLoads() []heavyLoad {
	return []heavyLoad{
		{"2 meetings of 10 to 60 users, 1 to 4 hours", []string{"--mix", "meetings", "--calls", "2", "--seed", "3"}},
		{"5,000 calls of two", []string{"--mix", "one-to-one", "--calls", "5000"}},
		{humanize.Comma(int64(b.smallCalls)) + " calls that nobody answered", []string{"--mix", "unanswered", "--calls", strconv.Itoa(b.smallCalls)}},
	}
}

// memory measures the peak memory of the built program, with its default
// settings, a process of its own beside the vendor's and the engine's.
func (b *bench) memory(ctx context.Context, t *text) error {
	t.f("## Memory\n\nThe most memory that `callvault archive` held (VmHWM), with the default settings\n(CALLVAULT_MEMORY=256MB, raw responses kept) and a simulated vendor without a quota.\n\n")
	rows := [][]string{{"what", "samples", "time", "peak memory"}}
	for i, h := range b.heavyLoads() {
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
	if err := b.exec(ctx, "CREATE DATABASE IF NOT EXISTS "+database); err != nil {
		return nil, err
	}
	defer b.exec(context.WithoutCancel(ctx), "DROP DATABASE "+database+" SYNC")
	p, err := b.pass(ctx, database, simulate, "CALLVAULT_SKIP=unusual_events,daily_scale", "CALLVAULT_USER_EVENTS=off")
	if err != nil {
		return nil, err
	}
	return []string{humanize.Comma(p.samples), p.wall.Round(time.Second).String(), "**" + humanize.IBytes(p.memory) + "**"}, nil
}
