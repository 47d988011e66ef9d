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
		b.log("%s", h.about)
		p, err := b.heavyPass(ctx, fmt.Sprintf("memory_%d", i), h)
		if err != nil {
			return fmt.Errorf("%s: %w", h.about, err)
		}
		rows = append(rows, []string{h.about, humanize.Comma(p.samples), p.wall.Round(time.Second).String(), "**" + humanize.IBytes(p.memory) + "**"})
		b.log("%v", rows[len(rows)-1])
	}
	t.table(rows)
	return nil
}

// heavyPass makes a pass into a database of its own, which is dropped.
func (b *bench) heavyPass(ctx context.Context, database string, h heavyLoad) (p passCost, err error) {
	if err := b.exec(ctx, "CREATE DATABASE IF NOT EXISTS "+database); err != nil {
		return p, err
	}
	defer b.exec(context.WithoutCancel(ctx), "DROP DATABASE "+database+" SYNC")
	return b.pass(ctx, database, h.simulate, "CALLVAULT_SKIP=unusual_events,daily_scale", "CALLVAULT_USER_EVENTS=off")
}
