package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseFaults parses faults as given on the command line, separated by commas: a chance
// or share by the name of its field, as error=0.05 or text-values=0.1; the pauses
// stall-for, slow-for, hang-for and down-for and the vendor's skew, as skew=90s;
// in-a-row=3, page-size=20, deep-pages=10000, too-large=1800; seed=7; an action with a
// habit, as hang=DescribeUserEvent (endless and same-page likewise),
// code=DescribeUserEvent:LimitExceeded.Foo or flood=DescribeUserInfo:bomb, each any
// number of times; mutate-once=true, mutate-any=true and mutate-kinds=type+key; a step
// of a script, as DescribeUserInfo@3=truncated. An empty text means no faults.
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

// set parses one item.
func (f *Faults) set(name, value string) (err error) {
	if action, n, isStep := strings.Cut(name, "@"); isStep {
		return f.script(action, n, FaultKind(value))
	}
	for _, c := range f.shares() {
		if c.name == name {
			*c.share, err = strconv.ParseFloat(value, 64)
			return err
		}
	}
	for _, p := range f.pauses() {
		if p.name == name {
			*p.d, err = time.ParseDuration(value)
			return err
		}
	}
	for _, n := range f.counts() {
		if n.name == name {
			*n.n, err = strconv.Atoi(value)
			return err
		}
	}
	for _, of := range f.actionLists() {
		if of.name == name {
			*of.list = append(*of.list, value)
			return nil
		}
	}
	return f.setOther(name, value)
}

func (f *Faults) setOther(name, value string) (err error) {
	action, rest, _ := strings.Cut(value, ":")
	switch name {
	case "code":
		put(&f.Code, action, rest)
	case "flood":
		put(&f.Flood, action, FloodKind(rest))
	case "too-large":
		f.TooLarge, err = strconv.ParseInt(value, 10, 64)
	case "mutate-once":
		f.MutateOnce, err = strconv.ParseBool(value)
	case "mutate-any":
		f.MutateAny, err = strconv.ParseBool(value)
	case "mutate-kinds":
		f.MutateKinds = strings.Split(value, "+")
	case "seed":
		f.Seed, err = strconv.ParseUint(value, 10, 64)
	default:
		err = fmt.Errorf("no such fault; use %s", strings.Join(faultNames(), ", "))
	}
	return err
}

func put[V any](m *map[string]V, key string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = v
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

// String formats faults for ParseFaults.
func (f Faults) String() string {
	var items []string
	add := func(set bool, name string, value any) {
		if set {
			items = append(items, fmt.Sprintf("%s=%v", name, value))
		}
	}
	for _, c := range f.shares() {
		add(*c.share != 0, c.name, *c.share)
	}
	for _, p := range f.pauses() {
		add(*p.d != 0, p.name, *p.d)
	}
	for _, n := range f.counts() {
		add(*n.n != 0, n.name, *n.n)
	}
	add(f.TooLarge != 0, "too-large", f.TooLarge)
	add(f.MutateOnce, "mutate-once", true)
	add(f.MutateAny, "mutate-any", true)
	add(len(f.MutateKinds) > 0, "mutate-kinds", strings.Join(f.MutateKinds, "+"))
	add(f.Seed != 0, "seed", f.Seed)
	for _, of := range f.actionLists() {
		for _, action := range *of.list {
			add(true, of.name, action)
		}
	}
	return strings.Join(append(items, f.pairs()...), ",")
}

// pairs returns the items of single actions and of the script, in order.
func (f Faults) pairs() []string {
	var items []string
	for action, code := range f.Code {
		items = append(items, "code="+action+":"+code)
	}
	for action, kind := range f.Flood {
		items = append(items, "flood="+action+":"+string(kind))
	}
	for step, kind := range f.Script {
		items = append(items, fmt.Sprintf("%s@%d=%s", step.Action, step.N, kind))
	}
	slices.Sort(items)
	return items
}
