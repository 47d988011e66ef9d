package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseFaults reads faults as a command line gives them, separated by commas:
// a chance (error, html, cut, stall, reset, null, limit, slow, shift, poison,
// mute) as error=0.05; the pauses stall-for and slow-for and the vendor's skew as
// skew=90s; in-a-row=3; seed=7; a step of a script as
// DescribeUserInfo@3=truncated. Empty text means no faults.
func ParseFaults(text string) (Faults, error) {
	var f Faults
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		name, value, ok := strings.Cut(item, "=")
		if !ok {
			return f, fmt.Errorf("parse faults: %q has no value; write it as error=0.05", item)
		}
		if err := f.set(name, value); err != nil {
			return f, fmt.Errorf("parse faults: %s: %w", item, err)
		}
	}
	_, err := f.withDefaults()
	return f, err
}

// set reads one item.
func (f *Faults) set(name, value string) (err error) {
	if action, n, isStep := strings.Cut(name, "@"); isStep {
		return f.script(action, n, FaultKind(value))
	}
	if share := f.share(name); share != nil {
		*share, err = strconv.ParseFloat(value, 64)
		return err
	}
	switch name {
	case "stall-for":
		f.StallFor, err = time.ParseDuration(value)
	case "slow-for":
		f.SlowFor, err = time.ParseDuration(value)
	case "skew":
		f.Skew, err = time.ParseDuration(value)
	case "in-a-row":
		f.InARow, err = strconv.Atoi(value)
	case "seed":
		f.Seed, err = strconv.ParseUint(value, 10, 64)
	default:
		err = fmt.Errorf("no such fault; use error, html, cut, stall, reset, null, limit, slow, shift, poison or mute")
	}
	return err
}

// share is the chance of a name, nil where none has it.
func (f *Faults) share(name string) *float64 {
	switch name {
	case "slow":
		return &f.Slow
	case "shift":
		return &f.Shift
	case "poison":
		return &f.Poison
	case "mute":
		return &f.Mute
	}
	for _, c := range f.chances() {
		if c.name == name {
			return c.share
		}
	}
	return nil
}

func (f *Faults) script(action, n string, kind FaultKind) error {
	number, err := strconv.Atoi(n)
	if err != nil {
		return err
	}
	if f.Script == nil {
		f.Script = map[Step]FaultKind{}
	}
	f.Script[Step{action, number}] = kind
	return nil
}

// String writes faults the way ParseFaults reads them.
func (f Faults) String() string {
	var items []string
	for _, name := range []string{"error", "html", "cut", "stall", "reset", "null", "limit", "slow", "shift", "poison", "mute"} {
		if share := *f.share(name); share != 0 {
			items = append(items, fmt.Sprintf("%s=%v", name, share))
		}
	}
	for _, pause := range []struct {
		name string
		d    time.Duration
	}{{"stall-for", f.StallFor}, {"slow-for", f.SlowFor}, {"skew", f.Skew}} {
		if pause.d != 0 {
			items = append(items, pause.name+"="+pause.d.String())
		}
	}
	if f.InARow != 0 {
		items = append(items, fmt.Sprintf("in-a-row=%d", f.InARow))
	}
	if f.Seed != 0 {
		items = append(items, fmt.Sprintf("seed=%d", f.Seed))
	}
	steps := make([]string, 0, len(f.Script))
	for step, kind := range f.Script {
		steps = append(steps, fmt.Sprintf("%s@%d=%s", step.Action, step.N, kind))
	}
	slices.Sort(steps)
	return strings.Join(append(items, steps...), ",")
}
