package decide

import (
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// AcceptNullAfter is the number of passes in which the vendor must have answered null where
// data is due before null counts as an answer.
const AcceptNullAfter = 3

// mostParts bounds the missing parts in an entry of the ledger.
const mostParts = 50

// Failure is why something is missing.
type Failure struct {
	Reason string // one line
	Cause  string // the same for all failures of one kind
	Kept   bool   // the archive keeps the vendor's answer: a later version may be able to read it
}

// null is the Failure of a part that is null where data is due.
var null = Failure{Reason: ledger.NullReason}

// Miss notes a part that failed or is not whole, and its first second. The other parts go
// on.
func (c *Call) Miss(kind call.PartKind, key string, from time.Time, f Failure) {
	c.missesFrom(from)
	if len(c.Failed) == 0 {
		c.Cause = string(kind) + ": " + f.Cause
	}
	c.Failed = AddPart(c.Failed, kind, key, f)
}

// missNull notes a part that is certain to be null by mistake, from a second on.
func (c *Call) missNull(kind call.PartKind, key string, from time.Time) {
	c.missesFrom(from)
	c.Null = AddPart(c.Null, kind, key, null)
}

// missesFrom notes a second of a missing part.
func (c *Call) missesFrom(from time.Time) {
	if c.missingFrom.IsZero() || from.Before(c.missingFrom) {
		c.missingFrom = from
	}
}

// Begins notes that the vendor had dropped everything before t.
func (c *Call) Begins(t time.Time) { c.begins = Later(c.begins, t) }

// AcceptNull notes that an answer was null at every attempt.
func (c *Call) AcceptNull() { c.NullAccepted = c.NullAccepted || c.AcceptsNull() }

// AcceptsNull reports whether null where data is due counts as an answer.
func (c *Call) AcceptsNull() bool { return c.nullPasses >= AcceptNullAfter }

// Partial reports whether something of the call is missing.
func (c *Call) Partial() bool { return len(c.Failed)+len(c.Null) > 0 }

// OnlyUnserved reports whether the only missing part is the events of all users, because
// the account does not have that action.
func (c *Call) OnlyUnserved() bool {
	return !slices.ContainsFunc(c.Failed, func(f ledger.FailedPart) bool { return f.Kind != call.PartEvents || f.Key != "" })
}

// AddPart adds a part to the missing ones, each once, up to the bound of an entry.
func AddPart(parts []ledger.FailedPart, kind call.PartKind, key string, f Failure) []ledger.FailedPart {
	same := func(x ledger.FailedPart) bool { return x.Kind == kind && x.Key == key }
	if len(parts) < mostParts && !slices.ContainsFunc(parts, same) {
		parts = append(parts, ledger.FailedPart{Kind: kind, Key: key, Reason: f.Reason, Attempts: 1, Kept: f.Kept})
	}
	return parts
}

// TriedAgain adds the number of passes that have tried the parts before. It returns no more
// parts than an entry may have.
func TriedAgain(parts, before []ledger.FailedPart) []ledger.FailedPart {
	parts = slices.Clone(parts[:min(len(parts), mostParts)])
	for i := range parts {
		parts[i].Attempts = 1
		for _, b := range before {
			if b.Kind == parts[i].Kind && b.Key == parts[i].Key {
				parts[i].Attempts = b.Attempts + 1
			}
		}
	}
	return parts
}

// ReasonOf returns one line that says why parts are missing. There must be a part.
func ReasonOf(missing []ledger.FailedPart) string {
	f := missing[0]
	what := string(f.Kind)
	if f.Key != "" {
		what += " " + f.Key
	}
	if n := len(missing) - 1; n > 0 {
		return fmt.Sprintf("%s: %s (and %d more parts)", what, f.Reason, n)
	}
	return what + ": " + f.Reason
}

// nullPasses returns the number of passes in which something of a unit was null where data
// is due. A unit without missing parts keeps its number, and so what was accepted.
func nullPasses(e ledger.Entry) int {
	if !e.Lacks() || e.Waits() {
		return e.Attempts
	}
	most := 0
	for _, f := range e.Failed {
		if f.Null() {
			most = max(most, f.Attempts)
		}
	}
	return most
}
