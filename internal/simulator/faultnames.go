package simulator

import "time"

// shares returns all chances and shares with their names.
func (f *Faults) shares() []chance {
	return append(f.chances(), []chance{
		{name: "slow", share: &f.Slow},
		{name: "shift", share: &f.Shift},
		{name: "poison", share: &f.Poison},
		{name: "mute", share: &f.Mute},
		{name: "jumble", share: &f.Jumble},
		{name: "twice", share: &f.Twice},
		{name: "valueless", share: &f.Valueless},
		{name: "text-values", share: &f.TextValues},
		{name: "date-times", share: &f.DateTimes},
		{name: "listless", share: &f.Listless},
		{name: "odd", share: &f.Odd},
		{name: "failing-days", share: &f.FailingDays},
		{name: "gzip", share: &f.Gzip},
		{name: "mutate", share: &f.Mutate},
		{name: "mutate-sticky", share: &f.MutateSticky},
	}...)
}

// namedPause, namedCount and namedActions are fields of Faults with their names in
// ParseFaults.
type (
	namedPause struct {
		name string
		d    *time.Duration
	}
	namedCount struct {
		name string
		n    *int
	}
	namedActions struct {
		name string
		list *[]string
	}
)

func (f *Faults) pauses() []namedPause {
	return []namedPause{
		{"stall-for", &f.StallFor}, {"slow-for", &f.SlowFor}, {"hang-for", &f.HangFor},
		{"down-for", &f.DownFor}, {"skew", &f.Skew},
	}
}

func (f *Faults) counts() []namedCount {
	return []namedCount{{"in-a-row", &f.InARow}, {"page-size", &f.PageSize}, {"deep-pages", &f.DeepPages}}
}

func (f *Faults) actionLists() []namedActions {
	return []namedActions{{"endless", &f.Endless}, {"same-page", &f.SamePage}, {"hang", &f.Hang}}
}

// faultNames lists all names that ParseFaults knows.
func faultNames() (names []string) {
	var f Faults
	for _, c := range f.shares() {
		names = append(names, c.name)
	}
	for _, p := range f.pauses() {
		names = append(names, p.name)
	}
	for _, n := range f.counts() {
		names = append(names, n.name)
	}
	for _, of := range f.actionLists() {
		names = append(names, of.name)
	}
	return append(names, "code", "flood", "too-large", "mutate-once", "mutate-any", "mutate-kinds", "seed")
}
