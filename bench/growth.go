package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// growing are the numbers of calls of the passes that are compared, up to the
// greatest that was asked for.
func (b *bench) growing() []int {
	all := []int{1_000, 5_000, 25_000, 100_000}
	return slices.DeleteFunc(all, func(n int) bool { return n > b.mostCalls })
}

// growth measures what a pass costs as calls become more, and what the next
// ones cost on an archive that has become large.
func (b *bench) growth(ctx context.Context, t *text) error {
	t.f("## As the work grows\n\nPasses of `callvault archive` over calls of two, as many as are said, with a simulated\nvendor without a quota: first into an empty archive, then the same again, of which only what had just\nended is asked for, then, as a night does, over 1,000 calls of another application,\nwith merges of samples stopped: those of the passes before would go on beside it. Raw responses are not kept. The\nserver's time is that of merges, too, which a short pass leaves for later.\n\n")
	rows := [][]string{{"pass", "archive before, samples", "new samples", "requests", "time", "CPU: client / server", "peak memory"}}
	var firsts []passCost
	for _, n := range b.growing() {
		passes, err := b.grow(ctx, n)
		if err != nil {
			return fmt.Errorf("%d calls: %w", n, err)
		}
		held := int64(0)
		for _, p := range passes {
			rows = append(rows, growthRow(p.name, held, p.passCost))
			b.log("%v", rows[len(rows)-1])
			held += p.samples
		}
		firsts = append(firsts, passes[0].passCost)
	}
	t.table(rows)
	t.plot(b.growing(), firsts)
	return nil
}

// grownPass is one pass of those that let an archive grow.
type grownPass struct {
	name string
	passCost
}

// fullArchive is how many calls make about a billion samples.
const fullArchive = 125_000

// grow makes passes: over n calls, over the same, and over some of another
// application; before the last, the largest archive is filled up to fullArchive.
func (b *bench) grow(ctx context.Context, n int) (passes []grownPass, err error) {
	database := fmt.Sprintf("growth_%d", n)
	if err := b.exec(ctx, "CREATE DATABASE "+database); err != nil {
		return nil, err
	}
	defer b.exec(context.WithoutCancel(ctx), "DROP DATABASE "+database+" SYNC")
	pass := func(name, app string, calls int) {
		if err != nil {
			return
		}
		b.log("%s, in an archive of %s", name, database)
		var p passCost
		p, err = b.pass(ctx, database, []string{"--mix", "one-to-one", "--app", app, "--calls", strconv.Itoa(calls)}, "CALLVAULT_RAW=0")
		passes = append(passes, grownPass{name, p})
	}
	pass(humanize.Comma(int64(n))+" calls", "1400000001", n)
	pass("the same again", "1400000001", n)
	if n == 100_000 {
		pass("calls up to a billion samples", "1400000003", fullArchive-n)
	}
	if err == nil {
		// Those of the passes before. With those of all tables stopped, a pass does not end.
		err = b.exec(ctx, "SYSTEM STOP MERGES "+database+".quality_samples_data")
	}
	pass("1,000 calls more", "1400000002", 1_000)
	return passes, err
}

func growthRow(name string, held int64, p passCost) []string {
	return []string{
		name, humanize.Comma(held), humanize.Comma(p.samples), humanize.Comma(p.requests), fmt.Sprintf("%.1f s", p.wall.Seconds()),
		fmt.Sprintf("%.1f / %.1f s", p.client.Seconds(), p.server.Seconds()), humanize.IBytes(p.memory),
	}
}

// plot draws what a call costs, relative to the pass over the fewest. GitHub and
// others make a picture of it.
func (t *text) plot(calls []int, passes []passCost) {
	lines := []struct {
		name string
		of   func(passCost) float64
	}{
		{"time", func(p passCost) float64 { return p.wall.Seconds() }},
		{"processor time", func(p passCost) float64 { return p.cpu().Seconds() }},
		{"requests", func(p passCost) float64 { return float64(p.requests) }},
	}
	t.f("What a call costs, in percent of what it costs in the smallest pass: ")
	var axis, plots []string
	top := 100.0
	for i := range passes {
		axis = append(axis, strconv.Quote(humanize.Comma(int64(calls[i]))))
	}
	for i, l := range lines {
		var values []string
		for j, p := range passes {
			each := l.of(p) / float64(calls[j])
			percent := 100 * each / (l.of(passes[0]) / float64(calls[0]))
			values, top = append(values, fmt.Sprintf("%.0f", percent)), max(top, percent)
		}
		if i > 0 {
			t.f("; ")
		}
		t.f("%s %s", l.name, strings.Join(values, ", "))
		plots = append(plots, fmt.Sprintf("    line %q [%s]\n", l.name, strings.Join(values, ", ")))
	}
	t.f(".\n\n```mermaid\nxychart-beta\n    title \"Cost of a call, percent of that in the smallest pass\"\n    x-axis \"calls\" [%s]\n    y-axis \"percent\" 0 --> %.0f\n%s```\n\n", strings.Join(axis, ", "), 20*math.Ceil(top/20), strings.Join(plots, ""))
}
