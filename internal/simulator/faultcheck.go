package simulator

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// withDefaults fills in defaults and checks the rest.
func (f Faults) withDefaults() (Faults, error) {
	sum := 0.0
	for _, c := range f.shares() {
		if !(*c.share >= 0 && *c.share <= 1) {
			return f, fmt.Errorf("check faults: %s is %v, want 0 to 1", c.name, *c.share)
		}
	}
	for _, c := range f.chances() {
		sum += *c.share
	}
	if sum > 1 {
		return f, fmt.Errorf("check faults: the chances of error, html, cut, stall, reset, null, limit and busy add up to %v, want at most 1", sum)
	}
	for _, p := range f.pauses() {
		if *p.d < 0 && p.name != "skew" {
			return f, fmt.Errorf("check faults: %s is %v, want 0s or more", p.name, *p.d)
		}
	}
	if f.PageSize < 0 || f.DeepPages < 0 || f.TooLarge < 0 {
		return f, errors.New("check faults: PageSize, DeepPages and TooLarge must not be negative")
	}
	for step, kind := range f.Script {
		if actionByName(step.Action) == nil || step.N < 1 || !scriptable(kind) {
			return f, fmt.Errorf("check faults: %s@%d=%s: want an action, a number from 1 and a kind of fault", step.Action, step.N, kind)
		}
	}
	if err := f.checkActions(); err != nil {
		return f, err
	}
	f.habitual = f.isHabitual()
	return f.withPauses(), nil
}

// checkActions checks the faults of single actions.
func (f *Faults) checkActions() error {
	for _, of := range f.actionLists() {
		for _, name := range *of.list {
			if a := actionByName(name); a == nil || of.name != "hang" && a.family() > familyUsers {
				return fmt.Errorf("check faults: %s=%s: want an action%s", of.name, name, map[bool]string{true: " that lists rooms or users"}[of.name != "hang"])
			}
		}
	}
	for name := range f.Code {
		if actionByName(name) == nil || f.Code[name] == "" {
			return fmt.Errorf("check faults: code=%s:%s: want an action and a code", name, f.Code[name])
		}
	}
	for name, kind := range f.Flood {
		if actionByName(name) == nil || !slices.Contains(floodKinds, kind) {
			return fmt.Errorf("check faults: flood=%s:%s: want an action and one of %v", name, kind, floodKinds)
		}
	}
	for _, kind := range f.MutateKinds {
		if !slices.Contains(MutationKinds(), kind) {
			return fmt.Errorf("check faults: mutate-kinds=%s: want some of %v", kind, MutationKinds())
		}
	}
	return nil
}

// isHabitual reports whether responses may be changed after they are written.
func (f *Faults) isHabitual() bool {
	return f.Jumble+f.Twice+f.Valueless+f.TextValues+f.DateTimes+f.Listless+f.Odd+f.Gzip+f.Mutate+f.MutateSticky > 0 ||
		f.PageSize > 0 || len(f.Endless) > 0 || len(f.SamePage) > 0
}

func (f Faults) withPauses() Faults {
	if f.InARow == 0 {
		f.InARow = 3
	}
	if f.StallFor == 0 {
		f.StallFor = 2 * time.Second
	}
	if f.SlowFor == 0 {
		f.SlowFor = time.Second
	}
	if f.HangFor == 0 && len(f.Hang) > 0 {
		f.HangFor = time.Minute
	}
	return f
}

// clone copies the fields that a caller could change later.
func (f Faults) clone() Faults {
	f.Script, f.Code, f.Flood = maps.Clone(f.Script), maps.Clone(f.Code), maps.Clone(f.Flood)
	f.MutateKinds = slices.Clone(f.MutateKinds)
	for _, of := range f.actionLists() {
		*of.list = slices.Clone(*of.list)
	}
	return f
}
