package call

import (
	"math"
	"slices"
	"strings"
	"time"
)

// UnitKind says what a Unit is about.
type UnitKind string

const (
	UnitCall    UnitKind = "call"    // Key is a CommID
	UnitList    UnitKind = "list"    // Key is a UTC day, 2006-01-02: the list of the calls alive on it
	UnitUnusual UnitKind = "unusual" // Key is the start of the hour, RFC 3339
	UnitScale   UnitKind = "scale"   // Key is the start of the vendor's day, RFC 3339
)

// Unit is what is archived, replaced and made visible as a whole.
type Unit struct {
	App  AppID
	Kind UnitKind
	Key  string
}

// State is how far the archive is with a unit or a part of one; the ledger's
// doc.go has the transitions.
type State string

const (
	Pending     State = "pending"     // known, not visible yet
	Provisional State = "provisional" // visible as far as it went; to be completed
	Archived    State = "archived"    // visible, for good
	Empty       State = "empty"       // archived, and there is nothing in it
	Failed      State = "failed"      // asked for in vain; to be tried again
	Lost        State = "lost"        // the vendor dropped it before it was archived
	Expired     State = "expired"     // it was archived, and has been deleted because of its age
)

// Final says that nothing is left to ask.
func (s State) Final() bool { return s == Archived || s == Empty || s == Lost || s == Expired }

// Unfinished are the states that a unit must leave before its deadline.
func Unfinished() []State { return []State{Pending, Provisional, Failed} }

// Window is a span of time with both ends included, as the vendor's windows are.
type Window struct {
	Start, End time.Time
}

// PartKind says what a Part is about.
type PartKind string

const (
	PartRoom    PartKind = "room"
	PartList    PartKind = "list"   // of the calls of a window; it brings no rows
	PartUsers   PartKind = "users"  // sessions
	PartSeries  PartKind = "series" // samples of some users
	PartEvents  PartKind = "events" // of one user
	PartUnusual PartKind = "unusual"
	PartScale   PartKind = "scale"
)

// Part is what one question about a unit, with its pages, brought. A unit is
// complete when its parts are.
type Part struct {
	Kind     PartKind
	Key      string // tells parts of one kind within a unit apart
	RoomID   string // of a call
	Window   Window // asked for
	Owned    []Owned
	Settled  bool      // the vendor's answer cannot change any more
	Reason   string    // why it is not whole; "": it is. Such a part is not settled
	Asked    time.Time // UTC
	Deadline time.Time // when the vendor begins to drop it
	// Responses are the ids of the raw responses it was made from. Those of an
	// unusual part go with Owned, one to one.
	Responses []uint64
}

// Owned are the unix seconds, both included, that are a part's and no other's:
// a user's in a series or events, everybody's (User "") elsewhere.
type Owned struct {
	User     string
	From, To uint32
}

// Forever is later than all the vendor's times, in unix seconds.
const Forever = math.MaxUint32

// Rows are the rows of one part.
type Rows struct {
	RoomID    string               // of samples, and of sessions and events that name none
	CreatedAt time.Time            // of a call: when its room was created
	Stays     map[string][]Session // of the users that samples and events are of: they tell the device
	Room      *Room
	Sessions  []Session
	Samples   *Samples
	Events    []Event
	Unusual   []UnusualEvent
	Day       *DailyScale
}

// Known is what the archive holds of a unit for good.
type Known struct {
	Parts    []Part
	Sessions []Session
}

// Entry is what the ledger says about a unit.
type Entry struct {
	Unit      Unit
	State     State
	Reason    string // of Failed and Lost, and of what a Provisional one lacks; one line
	StartsAt  time.Time
	HeldUntil time.Time // everything up to this second is archived for good; zero: nothing
	Deadline  time.Time // when the vendor begins to drop what is not archived
	Attempts  int       // passes in which something could not be had since it was last whole
	Failed    []FailedPart
}

// Lacks says that a unit which is visible has parts to be asked for again.
func (e Entry) Lacks() bool {
	return e.State == Provisional && slices.ContainsFunc(e.Failed, func(f FailedPart) bool { return !f.Gone() })
}

// Waits says that all that a visible unit lacks are parts of which the vendor
// answers null where data is due.
func (e Entry) Waits() bool {
	return e.Lacks() && !slices.ContainsFunc(e.Failed, func(f FailedPart) bool { return !f.Gone() && !f.Null() })
}

// Missing are the kinds of the parts that a unit lacks, each once, sorted.
func (e Entry) Missing() []string {
	kinds := make([]string, len(e.Failed))
	for i, f := range e.Failed {
		kinds[i] = string(f.Kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// FailedPart is a part that is set aside: it could not be had whole.
type FailedPart struct {
	Kind     PartKind
	Key      string
	Reason   string // one line
	Attempts int    // passes that have tried, 1 or more
	Kept     bool   // what the vendor answered is kept: a later version may be able to read it
}

// NullReason is the reason of a part that was null where data is due.
const NullReason = "the vendor answers null where data is due"

// Null says that the part was null where data is due.
func (f FailedPart) Null() bool { return f.Reason == NullReason }

// BeforeKey begins the keys of parts that had expired when they were asked for.
const BeforeKey = "before "

// Gone says that nothing is left to ask, whatever the state of the unit.
func (f FailedPart) Gone() bool { return strings.HasPrefix(f.Key, BeforeKey) }
