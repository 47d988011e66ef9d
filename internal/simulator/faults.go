package simulator

import "time"

// Faults say how often the vendor misbehaves. Chances and shares are from 0 to 1. The
// fault of a request follows from Seed, the content of the request, and how often that
// content was requested before; concurrent requests do not matter. Faults do not change
// the truth. Only valid requests within the quota meet one.
type Faults struct {
	Seed uint64

	// Chances of a request, which meets at most one of them. Half of Cut is FaultCut
	// and half FaultTruncated; Stall and Reset likewise. Null meets the same request
	// only once, and has no effect on a response without rows.
	Error, HTML, Cut, Stall, Reset, Null, Limit float64
	// Slow is the chance that a response is late, whatever its content.
	Slow float64
	// Shift is the share of lists of several pages that move while they are read: a
	// room list up to the last hour, or a user list of a call that runs or has ended
	// within the hour. At most the first three requests for the list lack rows that
	// later ones have.
	Shift float64
	// Poison is the share of calls for which one action always fails; see
	// Simulator.Poisoned.
	Poison float64
	// Mute is the share of calls with a user of whom all or half of the series are
	// null, as long as it is in force. Only series with a run of samples of 6 s or more
	// in the window are null. See Simulator.Muted.
	Mute float64

	// Busy is the chance of HTTP 429 with Retry-After. A request meets at most one of
	// Busy and the chances above.
	Busy float64
	// Jumble is the share of room and user lists of several pages that have another
	// order in each request. So some rows are on two pages and others on none.
	Jumble float64
	// Twice is the share of rows of rooms, sessions, events, experiences and days that
	// are repeated, and counted twice in Total.
	Twice float64
	// Valueless is the share of calls with a user of whom every Value is null.
	// TextValues is the share of calls whose Values are strings. DateTimes is the share
	// of calls whose samples have a date in Time. See Simulator.Drawn.
	Valueless, TextValues, DateTimes float64
	// Listless is the share of contents whose response never has a list or Total.
	Listless float64
	// Odd is the share of rooms, sessions, events, samples and Totals with one odd
	// value, always the same: no end though finished, a number beyond its type, not a
	// number.
	Odd float64
	// FailingDays is the share of UTC days whose room lists fail. A list fails if its
	// window has more than an instant of such a day. See Simulator.FailingDay.
	FailingDays float64
	// Gzip is the share of responses that are compressed unasked, half of them without
	// the header.
	Gzip float64

	// Mutate is the chance that one thing in a healthy response is changed, drawn for
	// each request. MutateSticky is the share of contents whose response is always
	// changed in the same way. See Mutation and Simulator.Mutations.
	Mutate, MutateSticky float64
	// MutateOnce changes the response to a content at most once. MutateAny allows
	// changes that no reader can notice.
	MutateOnce, MutateAny bool
	// MutateKinds limits the kinds of changes; see MutationKinds.
	MutateKinds []string

	// PageSize is the most rows on a page of rooms or users: page n begins at row n
	// times it. DeepPages is the row from which on a page of a room or user list is an
	// error. 0 turns either off.
	PageSize, DeepPages int
	// TooLarge is the window of rooms, users or series, in seconds, beyond which the
	// response is ResponseSizeLimitExceeded; 0: none.
	TooLarge int64

	// Endless names the actions for rooms or users whose lists never end: made-up rows
	// follow. SamePage names those that ignore PageNumber. Hang names the actions that
	// do not answer for HangFor (0: 60 s), and then answer as usual.
	Endless, SamePage, Hang []string
	HangFor                 time.Duration
	// Code is the error code that an action always answers; Flood what its
	// answers are too much of, see FloodKind.
	Code  map[string]string
	Flood map[string]FloodKind
	// DownFor is how long after New or SetFaults every request meets a gateway's page,
	// a reset or half a body.
	DownFor time.Duration

	// InARow is the number of faults in a row after which the same request succeeds (0:
	// 3; negative: no limit). It does not apply to scripts and poison.
	InARow int
	// StallFor is the pause of FaultStall and FaultDrop (0: 2 s). SlowFor is the
	// longest pause of FaultSlow (0: 1 s).
	StallFor, SlowFor time.Duration
	// Skew is how far the vendor's clock is ahead of Options.Now and, for signatures,
	// of time.Now. Truth follows the vendor's clock.
	Skew time.Duration

	// Script sets the fault of the nth request of an action after New or SetFaults,
	// counted from 1.
	Script map[Step]FaultKind

	habitual bool // responses may differ from the vendor's pages
}

// Step is the nth request of an action.
type Step struct {
	Action string
	N      int
}

// Asked describes a request to Options.Fault.
type Asked struct {
	Step
	Attempt int    // number of requests with this content, including this one
	CommID  string // empty if the action has none
}

// chance is the share of requests that meet one of two variants of a fault.
type chance struct {
	name     string
	share    *float64
	variants [2]FaultKind
}

// chances returns the chances of which a request meets at most one.
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
