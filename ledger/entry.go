// Package ledger is what the archive knows of each unit and of its parts: state, reason,
// deadline. It has the words for that, and reads it. The Writer of package load writes it.
package ledger

import (
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// State is how far the archive is with a unit: load/doc.go has the transitions.
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

// Entry is what the ledger says about a unit.
type Entry struct {
	Unit      call.Unit
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
	Kind     call.PartKind
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
