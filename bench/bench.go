package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
)

// bench is a running engine with the schema, and what is to be measured.
type bench struct {
	server     *embedded.Server
	store      *store.Store
	rounds     int
	binary     string // callvault's
	mostCalls  int    // of a pass whose cost is compared with that of smaller ones
	smallCalls int    // that memory is measured on
	only       narrow
	log        func(format string, args ...any)
}

// narrow says what to measure: names separated by commas, all if empty.
type narrow struct{ sections, shapes, peers string }

func wanted(list, name string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), name)
}

func (b *bench) exec(ctx context.Context, statements ...string) error {
	for _, q := range statements {
		if err := b.store.StoreConn().Exec(ctx, q); err != nil {
			return fmt.Errorf("%.60s: %w", q, err)
		}
	}
	return nil
}

// number is the only value of a query.
func (b *bench) number(ctx context.Context, q string) (n float64, err error) {
	if err := b.store.StoreConn().QueryRow(ctx, "SELECT toFloat64(("+q+"))").Scan(&n); err != nil {
		return 0, fmt.Errorf("%.60s: %w", q, err)
	}
	return n, nil
}

// migrate brings the schema up.
func (b *bench) migrate(ctx context.Context) error {
	m, err := schema.New(b.store.ClickHouse(), schema.Options{})
	if err != nil {
		return err
	}
	_, err = m.Up(ctx)
	return err
}

// empty empties the archive.
func (b *bench) empty(ctx context.Context) error {
	for _, t := range catalogue.Tables() {
		if t.Backup == catalogue.Not || t.Name == catalogue.Versions {
			continue
		}
		if err := b.exec(ctx, "TRUNCATE TABLE "+t.Name+" SYNC"); err != nil {
			return err
		}
	}
	return nil
}

// cost is what something took.
type cost struct{ wall, client, server time.Duration }

func (c cost) cpu() time.Duration { return c.client + c.server }

// measure runs f once, on an empty archive.
func (b *bench) measure(ctx context.Context, f func(context.Context) error) (c cost, err error) {
	if err := b.empty(ctx); err != nil {
		return c, err
	}
	time.Sleep(100 * time.Millisecond)
	client, server, begun := processorTime(), b.serverTime(), time.Now()
	err = f(ctx)
	return cost{time.Since(begun), processorTime() - client, b.serverTime() - server}, err
}

// pairs measures two ways in turn, each first every other time.
func (b *bench) pairs(ctx context.Context, x, y func(context.Context) error) (xs, ys []cost, err error) {
	for round := range b.rounds {
		b.log("  round %d of %d", round+1, b.rounds)
		both := []func(context.Context) error{x, y}
		var costs [2]cost
		for i := range both {
			if round%2 == 1 {
				i = 1 - i
			}
			if costs[i], err = b.measure(ctx, both[i]); err != nil {
				return nil, nil, err
			}
		}
		xs, ys = append(xs, costs[0]), append(ys, costs[1])
	}
	return xs, ys, nil
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// serverTime is what the engine's process has used, in steps of 10 ms.
func (b *bench) serverTime() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.server.PID()))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// median of some numbers.
func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	n := len(all)
	if n == 0 {
		return 0
	}
	return (all[(n-1)/2] + all[n/2]) / 2
}

// each makes a number of every cost.
func each(costs []cost, f func(cost) time.Duration) []float64 {
	out := make([]float64, len(costs))
	for i, c := range costs {
		out[i] = f(c).Seconds()
	}
	return out
}

// ratios are those of the rounds.
func ratios(xs, ys []cost, f func(cost) time.Duration) []float64 {
	x, y := each(xs, f), each(ys, f)
	for i := range x {
		x[i] /= y[i]
	}
	return x
}

// ratio is the median of the rounds' ratios.
func ratio(xs, ys []cost, f func(cost) time.Duration) float64 { return median(ratios(xs, ys, f)) }

func wall(c cost) time.Duration { return c.wall }
