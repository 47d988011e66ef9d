package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
)

// The goals of the ratios that `make bench-quick` measures.
const (
	mostWay      = 1.4  // processor time of a pass, in that of the engine's own insert
	mostValue    = 0.70 // bytes a sample that its value takes
	mostRest     = 0.06 // bytes a sample that the rest of its table takes
	mostRaw      = 1.0  // bytes a sample that the raw responses take
	mostMemory   = 1.0  // of CALLVAULT_MEMORY and spareMemory
	mostRequests = 1.05 // requests for series and events, in those that are needed
)

// wayLimits is what the processor time of a pass over calls of each shape may be, in that of the
// engine's own insert, before `make bench-quick` fails: a little above what is measured, since
// none has reached mostWay. Lower them as the way becomes cheaper.
var wayLimits = map[string]float64{
	"full": 1.8, // measured: 1.62 and 1.73
	"M":    1.8, // measured: 1.65 and 1.67
	"S":    2.5, // measured: 2.37 and 2.40
}

// spareMemory is what the program may hold beside CALLVAULT_MEMORY, in bytes.
const spareMemory = 40e6

// check is a ratio, what it is to be, the most that it may be until then, and how much of it is
// chance.
type check struct {
	name                    string
	got, goal, limit, noise float64
}

// met is false for what is no number, too.
func (c check) met() bool { return c.got <= c.limit+c.noise }

func (c check) String() string {
	return fmt.Sprintf("%s: %.3f, goal ≤ %g, limit %g, noise %.3f", c.name, c.got, c.goal, c.limit, c.noise)
}

// failures has a line for each ratio that is above its limit by more than its noise; nil if none is.
func failures(checks []check) error {
	var errs []error
	for _, c := range checks {
		if !c.met() {
			errs = append(errs, errors.New(c.String()))
		}
	}
	return errors.Join(errs...)
}

// noiseOf is half of the way from the least to the most of the rounds' ratios.
func noiseOf(rounds []float64) float64 {
	if len(rounds) == 0 {
		return 0
	}
	return (slices.Max(rounds) - slices.Min(rounds)) / 2
}

// quick measures the ratios that have a goal. None is of time on the clock.
func (b *bench) quick(ctx context.Context) error {
	var checks []check
	steps := []func(context.Context) ([]check, error){b.quickWay, b.quickDisk, b.quickMemory, b.quickRequests}
	for i, step := range steps {
		b.log("step %d of %d", i+1, len(steps))
		found, err := step(ctx)
		if err != nil {
			return err
		}
		for _, c := range found {
			fmt.Fprintln(os.Stdout, c)
		}
		checks = append(checks, found...)
	}
	return failures(checks)
}

// quickWay compares a pass with the engine's own insert, for each shape.
func (b *bench) quickWay(ctx context.Context) (checks []check, err error) {
	for _, s := range shapes {
		xs, ys, err := b.compare(ctx, s, peers[0])
		if err != nil {
			return nil, fmt.Errorf("%s beside the engine: %w", s.Name, err)
		}
		rounds := ratios(xs, ys, cost.cpu)
		checks = append(checks, check{"processor time of a pass over calls of the shape " + s.Name + ", in that of the engine's own insert", median(rounds), mostWay, wayLimits[s.Name], noiseOf(rounds)})
	}
	return checks, nil
}

// quickDisk measures what a sample takes, merged.
func (b *bench) quickDisk(ctx context.Context) ([]check, error) {
	n, err := b.fill(ctx)
	if err != nil {
		return nil, err
	}
	_, value, all, err := b.sampleSizes(ctx)
	if err == nil {
		err = b.merge(ctx, "raw_responses")
	}
	if err != nil {
		return nil, err
	}
	raw, err := b.sizeOf(ctx, "'raw_responses'")
	return []check{
		{"bytes a sample, its value", value / n, mostValue, mostValue, 0},
		{"bytes a sample, the rest of its table", (all - value) / n, mostRest, mostRest, 0},
		{"bytes a sample, raw responses", raw / n, mostRaw, mostRaw, 0},
	}, err
}

// quickMemory measures the peak memory of the built program on few large calls.
func (b *bench) quickMemory(ctx context.Context) ([]check, error) {
	h := b.heavyLoads()[0]
	p, err := b.heavyPass(ctx, "memory_quick", h)
	return []check{{"memory of a pass over " + h.about + ", in CALLVAULT_MEMORY and 40 MB", float64(p.memory) / (float64(config.DefaultMemory) + spareMemory), mostMemory, mostMemory, 0}}, err
}

// quickRequests counts the requests of a first night for series and events, each user's asked for.
func (b *bench) quickRequests(ctx context.Context) ([]check, error) {
	m := eventMixes[1]
	asked, least, err := b.countEvents(ctx, m.mix, m.calls, ledger.EventsOfAll, simulator.EverybodyRefused)
	d := trtc.Current()
	return []check{{fmt.Sprintf("requests of a night over %d %s for series and events, in those that are needed", m.calls, m.mix),
		float64(asked[d.Series]+asked[d.UserEvents]) / float64(least.Bound+least.Events), mostRequests, mostRequests, 0}}, err
}
