package decide

import (
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// Entry returns the call's new entry in the ledger. The call is archived if all of it came
// and can no longer change. Otherwise it is provisional, and the entry names the missing
// parts. Lost parts remain named.
func (c *Call) Entry(u call.Unit) ledger.Entry {
	missing := TriedAgain(slices.Concat(c.Failed, c.Null), c.Ledger.Failed)
	e := ledger.Entry{Unit: u, StartsAt: c.Room.CreatedAt, State: ledger.Archived, HeldUntil: c.Alive.End, Privacy: c.Privacy, EventsOf: c.askedEventsOf()}
	if c.Partial() {
		e.Reason, e.Attempts = ReasonOf(missing), c.Ledger.Attempts+1
	}
	if !c.Ended || c.Partial() {
		e.State, e.HeldUntil = ledger.Provisional, Earlier(c.settledAt(), c.Alive.End)
		if !c.missingFrom.IsZero() {
			e.HeldUntil = Earlier(e.HeldUntil, c.missingFrom.Add(-time.Second))
		}
	}
	if c.Ledger.Attempts >= AcceptNullAfter {
		e.Attempts = max(e.Attempts, c.Ledger.Attempts) // null that was accepted once remains accepted
	}
	e.Deadline = Later(e.StartsAt, e.HeldUntil).Add(c.Retention)
	lost := c.lostParts()
	if len(lost) > 0 && len(c.Failed) == 0 {
		e.Reason = lost[len(lost)-1].Reason
	}
	if c.NullAccepted && len(c.Failed) == 0 {
		e.Reason = fmt.Sprintf("%s, in %d passes: accepted as an answer", ledger.NullReason, e.Attempts+1)
	}
	if c.completes && e.Reason == "" {
		e.Reason = c.Ledger.Reason // what was archived without events remains as it was
	}
	e.Failed = slices.Concat(missing, lost)
	return e
}

// lostParts returns the lost parts of the call: those that the ledger names, and new ones.
func (c *Call) lostParts() []ledger.FailedPart {
	lost := slices.DeleteFunc(slices.Clone(c.Ledger.Failed), func(f ledger.FailedPart) bool { return !f.Gone() })
	if reason := c.LostBeginning(); reason != "" {
		lost = append(lost, ledger.FailedPart{Kind: call.PartSeries, Key: ledger.BeforeKey + c.Alive.Start.Format(time.RFC3339), Reason: reason})
	}
	if begins := Later(c.Alive.Start, c.begins); c.completes && (c.cut || !c.begins.IsZero()) {
		lost = append(lost, ledger.FailedPart{Kind: call.PartEvents, Key: ledger.BeforeKey + begins.UTC().Format(time.RFC3339),
			Reason: "the vendor had dropped the events before it when they were asked for"})
	}
	return lost
}

// LostBeginning returns which beginning of the call the vendor had dropped before the
// archive had any of it, or "".
func (c *Call) LostBeginning() string {
	held, begins := Later(c.Room.CreatedAt, c.Ledger.HeldUntil), Later(c.Alive.Start, c.begins)
	if !begins.After(held) {
		return ""
	}
	return fmt.Sprintf("the vendor had dropped everything between %s and %s", held.UTC().Format(time.RFC3339), begins.UTC().Format(time.RFC3339))
}

// Keeps returns why the archive's data of the call must stay unchanged: it was asked for
// again and did not come in full. It returns "" if the data may be replaced.
func (c *Call) Keeps() string {
	switch {
	case !c.Replaces && !c.Ledger.State.Final():
		return ""
	case c.Unlike() && c.Ledger.Waits() && len(c.Failed) == 0: // null where it was null before
		return ""
	case c.Partial():
		return ReasonOf(slices.Concat(c.Failed, c.Null))
	case !c.begins.IsZero():
		return "its beginning has expired"
	}
	return ""
}
