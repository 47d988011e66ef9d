package simulator

import (
	"errors"
	"fmt"
	"time"
)

// FaultKind is one way in which an answer goes wrong.
type FaultKind string

// The kinds of faults. Those up to FaultSlow a script may ask for.
const (
	NoFault        FaultKind = ""
	FaultError     FaultKind = "error"      // HTTP 200 with an InternalError inside
	FaultHTML      FaultKind = "html"       // a gateway's page under 502, 503, 504 or 200
	FaultCut       FaultKind = "cut"        // half the body under the Content-Length of the whole
	FaultTruncated FaultKind = "truncated"  // half the body, well framed: JSON that breaks off
	FaultStall     FaultKind = "stall"      // half the body, a pause, the rest
	FaultDrop      FaultKind = "drop"       // half the body, a pause, the connection closed
	FaultReset     FaultKind = "reset"      // TCP reset in place of an answer
	FaultResetLate FaultKind = "reset-late" // TCP reset after the headers and half the body
	FaultNull      FaultKind = "null"       // success, and null where rows were due
	FaultLimit     FaultKind = "limit"      // RequestLimitExceeded within the quota
	FaultSlow      FaultKind = "slow"       // the truth, after a pause

	FaultShift  FaultKind = "shift"  // rows that were not on an earlier page of the list push others on
	FaultPoison FaultKind = "poison" // an action that never succeeds for a call
	FaultMute   FaultKind = "mute"   // series of a user that are null
)

// Faults say how often the vendor misbehaves. Chances run from 0 to 1. What
// happens to a request follows from Seed, the request's content and how often
// that was asked before, whatever else is asked at the same time. No fault
// changes the truth, and only requests that are in order and within the quota
// meet one.
type Faults struct {
	Seed uint64

	// Chances of a request; at most one of these meets it. Half of Cut is
	// FaultCut and half FaultTruncated; Stall and Reset likewise. Null meets
	// the same request once only, and where no rows were due it does nothing.
	Error, HTML, Cut, Stall, Reset, Null, Limit float64
	// Slow is the chance that an answer is late, whatever is in it.
	Slow float64
	// Shift is the share of lists of several pages that move while they are
	// read, where they may: a room list up to the last hour, a user list of a
	// call that runs or has ended within the hour. The first three requests
	// for the list, at most, leave out rows that the following ones have.
	Shift float64
	// Poison is the share of calls of which one action always fails; see
	// Simulator.Poisoned.
	Poison float64
	// Mute is the share of calls of one user of which all or half of the
	// series are null, as long as it lasts, wherever they have a run of samples
	// of 6 s or more; see Simulator.Muted.
	Mute float64

	// InARow is after how many faults the same request is answered (0: 3,
	// below 0: never mind). Scripts and poison do not go by it.
	InARow int
	// StallFor is the pause of FaultStall and FaultDrop (0: 2 s); SlowFor the
	// longest of FaultSlow (0: 1 s).
	StallFor, SlowFor time.Duration
	// Skew is how far the vendor's clock is ahead of Options.Now and, for
	// signatures, of time.Now. Truth goes by the vendor's clock.
	Skew time.Duration

	// Script names the fault of the nth request of an action since New or
	// SetFaults, n from 1.
	Script map[Step]FaultKind
}

// Step is the nth request of an action.
type Step struct {
	Action string
	N      int
}

// Asked is a request as a script sees it.
type Asked struct {
	Step
	Attempt int    // how often this very content has been asked, this time included
	CommID  string // empty where the action has none
}

// chance is the share of requests that meet one of two variants of a fault.
type chance struct {
	name     string
	share    *float64
	variants [2]FaultKind
}

// chances are the faults of which at most one meets a request.
func (f *Faults) chances() []chance {
	return []chance{
		{"error", &f.Error, [2]FaultKind{FaultError, FaultError}},
		{"html", &f.HTML, [2]FaultKind{FaultHTML, FaultHTML}},
		{"cut", &f.Cut, [2]FaultKind{FaultCut, FaultTruncated}},
		{"stall", &f.Stall, [2]FaultKind{FaultStall, FaultDrop}},
		{"reset", &f.Reset, [2]FaultKind{FaultReset, FaultResetLate}},
		{"null", &f.Null, [2]FaultKind{FaultNull, FaultNull}},
		{"limit", &f.Limit, [2]FaultKind{FaultLimit, FaultLimit}},
	}
}

// withDefaults fills what is left out and checks the rest.
func (f Faults) withDefaults() (Faults, error) {
	sum := 0.0
	for _, c := range append(f.chances(), chance{"slow", &f.Slow, [2]FaultKind{}}, chance{"shift", &f.Shift, [2]FaultKind{}}, chance{"poison", &f.Poison, [2]FaultKind{}}, chance{"mute", &f.Mute, [2]FaultKind{}}) {
		if !(*c.share >= 0 && *c.share <= 1) {
			return f, fmt.Errorf("check faults: %s is %v, want 0 to 1", c.name, *c.share)
		}
	}
	for _, c := range f.chances() {
		sum += *c.share
	}
	if sum > 1 {
		return f, fmt.Errorf("check faults: the chances of error, html, cut, stall, reset, null and limit add up to %v, want at most 1", sum)
	}
	if f.StallFor < 0 || f.SlowFor < 0 {
		return f, errors.New("check faults: StallFor and SlowFor must not be negative")
	}
	for step, kind := range f.Script {
		if actionByName(step.Action) == nil || step.N < 1 || !scriptable(kind) {
			return f, fmt.Errorf("check faults: %s@%d=%s: want an action, a number from 1 and a kind of fault", step.Action, step.N, kind)
		}
	}
	return f.withPauses(), nil
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
	return f
}

// scriptable tells whether a script may ask for a kind.
func scriptable(kind FaultKind) bool {
	switch kind {
	case FaultError, FaultHTML, FaultCut, FaultTruncated, FaultStall, FaultDrop, FaultReset, FaultResetLate, FaultNull, FaultLimit, FaultSlow:
		return true
	}
	return false
}
