package simulator

import "time"

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

	// Busy is the chance of HTTP 429 with Retry-After; it counts among those of
	// which one meets a request.
	Busy float64
	// Jumble is the share of room and user lists of several pages whose order
	// is another one for each request, so that rows come on two pages and
	// others on none.
	Jumble float64
	// Twice is the share of rows of rooms, sessions, events, experiences and
	// days that come twice, and are counted twice in Total.
	Twice float64
	// Valueless is the share of calls of one user of whom every Value is null;
	// TextValues that of calls whose Values are strings, DateTimes that of
	// calls whose samples have a date as text for Time; see Simulator.Drawn.
	Valueless, TextValues, DateTimes float64
	// Listless is the share of contents that are always answered without any
	// list and Total.
	Listless float64
	// Odd is the share of rooms, sessions, events, samples and Totals with one
	// odd value, always the same: no end though finished, numbers beyond their
	// type, no number at all.
	Odd float64
	// FailingDays is the share of UTC days on which every room list that has
	// more than an instant of them fails; see Simulator.FailingDay.
	FailingDays float64
	// Gzip is the share of answers that are compressed unasked, half of them
	// without a header that says so.
	Gzip float64

	// Mutate is the chance that one thing in a healthy answer is changed, drawn
	// for each request; MutateSticky is the share of contents whose answer is
	// changed, always in the same way. See Mutation and Simulator.Mutations.
	Mutate, MutateSticky float64
	// MutateOnce leaves what was changed once alone from then on, MutateAny
	// allows changes that nobody can notice.
	MutateOnce, MutateAny bool
	// MutateKinds narrows the changes to these kinds; see MutationKinds.
	MutateKinds []string

	// PageSize is the most rows that a page of rooms or users has, whatever
	// was asked for: page n begins at row n times it. DeepPages is the row from
	// which on no page of a room or user list may begin. 0: not so.
	PageSize, DeepPages int
	// TooLarge answers ResponseSizeLimitExceeded where the window of rooms,
	// users or series is longer than so many seconds (0: never).
	TooLarge int64

	// Endless are the lists of rooms or users that go on with made-up rows for
	// ever; SamePage those that ignore PageNumber; Hang the actions that are
	// not answered for HangFor (0: 60 s), and then as ever.
	Endless, SamePage, Hang []string
	HangFor                 time.Duration
	// Code is the error code that an action always answers; Flood what its
	// answers are too much of, see FloodKind.
	Code  map[string]string
	Flood map[string]FloodKind
	// DownFor is how long from New or SetFaults on every request meets a
	// gateway's page, a reset or half a body.
	DownFor time.Duration

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

	habitual bool // answers are not as the vendor's pages say
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
		{"busy", &f.Busy, [2]FaultKind{FaultBusy, FaultBusy}},
	}
}
