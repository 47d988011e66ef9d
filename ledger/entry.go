// Package ledger reads what the archive knows of each unit and its parts: state, reason,
// deadline. The Writer of package load writes the ledger.
package ledger

import (
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// State is the state of a unit. load/doc.go has the transitions.
type State string

const (
	Pending     State = "pending"     // known, not visible yet
	Provisional State = "provisional" // visible as far as it went; a later pass completes it
	Archived    State = "archived"    // visible, for good
	Empty       State = "empty"       // archived, without rows
	Failed      State = "failed"      // could not be fetched; a later pass tries again
	Lost        State = "lost"        // the vendor dropped it before it was archived
	Expired     State = "expired"     // archived, then deleted because of its age
)

// Final reports whether nothing is left to ask.
func (s State) Final() bool { return s == Archived || s == Empty || s == Lost || s == Expired }

// Unfinished are the states that a unit must leave before its deadline.
func Unfinished() []State { return []State{Pending, Provisional, Failed} }

// Entry is the ledger's entry of a unit.
type Entry struct {
	Unit      call.Unit
	State     State
	Reason    string // why it is Failed or Lost, or what a Provisional unit lacks; one line
	StartsAt  time.Time
	HeldUntil time.Time // all data up to this second is archived for good; zero: none
	Deadline  time.Time // when the vendor begins to drop data that is not archived
	Attempts  int       // passes since it was last whole that could not fetch all of it
	Failed    []FailedPart
	Privacy   string // of a call: what its rows have of persons (identity.Policy); "": all
	EventsOf  EventsOf
}

// Lacks reports whether a visible unit has parts that a pass must ask for again.
func (e Entry) Lacks() bool {
	return e.State == Provisional && slices.ContainsFunc(e.Failed, func(f FailedPart) bool { return !f.Gone() })
}

// Waits reports whether a visible unit lacks only parts for which the vendor answers null.
func (e Entry) Waits() bool {
	return e.Lacks() && !slices.ContainsFunc(e.Failed, func(f FailedPart) bool { return !f.Gone() && !f.Null() })
}

// Missing returns the kinds of the parts that a unit lacks, each once, sorted.
func (e Entry) Missing() []string {
	kinds := make([]string, len(e.Failed))
	for i, f := range e.Failed {
		kinds[i] = string(f.Kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// FailedPart is a part that is set aside: it could not be fetched whole.
type FailedPart struct {
	Kind     call.PartKind
	Key      string
	Reason   string // one line
	Attempts int    // passes that have tried, 1 or more
	Kept     bool   // whether the vendor's answer is kept: a later version may be able to read it
}

// NullReason is the reason of a part that was null although data must exist.
const NullReason = "the vendor answers null where data is due"

// Null reports whether the part was null although data must exist.
func (f FailedPart) Null() bool { return f.Reason == NullReason }

// BeforeKey begins the keys of parts that had expired when they were asked for.
const BeforeKey = "before "

// Gone reports whether nothing is left to ask, whatever the state of the unit.
func (f FailedPart) Gone() bool { return strings.HasPrefix(f.Key, BeforeKey) }
