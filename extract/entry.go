package extract

import (
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// nullAttempts is in how many passes something of a unit was null where data is
// due. A unit of which nothing is wanting keeps what has come to be believed.
func nullAttempts(e call.Entry) int {
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

// entry is what the ledger shall say of the call: it is archived if all of it came
// and can no longer change, and provisional otherwise, with the parts that are set
// aside.
func (c *callPass) entry(due dueCall, ended bool) call.Entry {
	e := call.Entry{Unit: c.unit, StartsAt: c.room.CreatedAt, Failed: triedAgain(slices.Concat(c.failed, c.wanting), due.held.Failed)}
	if c.partial() {
		e.Reason, e.Attempts = failedReason(e.Failed), due.held.Attempts+1
	}
	e.State, e.HeldUntil = call.Archived, c.alive.End
	if !ended || c.partial() {
		e.State, e.HeldUntil = call.Provisional, earlier(c.settledUntil(c.asked), c.alive.End)
		if !c.back.IsZero() {
			e.HeldUntil = earlier(e.HeldUntil, c.back.Add(-time.Second))
		}
	}
	if due.held.Attempts >= BelieveAfter {
		e.Attempts = max(e.Attempts, due.held.Attempts) // what was believed stays believed
	}
	e.Deadline = c.deadline(later(e.StartsAt, e.HeldUntil))
	heads := c.lostHeads(due)
	if len(heads) > 0 && len(c.failed) == 0 {
		e.Reason = heads[len(heads)-1].Reason
	}
	if c.believed && len(c.failed) == 0 {
		e.Reason = fmt.Sprintf("%v, in %d passes: taken for an answer", errWanting, e.Attempts+1)
	}
	e.Failed = slices.Concat(e.Failed, heads)
	return e
}

// lostHeads are the parts of the call that are lost for good: those that the
// ledger has, and what is lost since.
func (c *callPass) lostHeads(due dueCall) []call.FailedPart {
	heads := slices.DeleteFunc(slices.Clone(due.held.Failed), func(f call.FailedPart) bool { return !f.Gone() })
	if lost := c.lostHead(due); lost != "" {
		heads = append(heads, call.FailedPart{Kind: call.PartSeries, Key: call.BeforeKey + c.alive.Start.Format(time.RFC3339), Reason: lost})
	}
	return heads
}

func failedReason(failed []call.FailedPart) string {
	f := failed[0]
	what := string(f.Kind)
	if f.Key != "" {
		what += " " + f.Key
	}
	if n := len(failed) - 1; n > 0 {
		return fmt.Sprintf("%s: %s (and %d more parts)", what, f.Reason, n)
	}
	return what + ": " + f.Reason
}

// lostHead says what of the call the vendor had dropped before the archive had
// any of it.
func (c *callPass) lostHead(due dueCall) string {
	held, had := later(c.room.CreatedAt, due.held.HeldUntil), later(c.alive.Start, c.cutAt)
	if !had.After(held) {
		return ""
	}
	return fmt.Sprintf("the vendor no longer had what came between %s and %s", held.UTC().Format(time.RFC3339), had.UTC().Format(time.RFC3339))
}
