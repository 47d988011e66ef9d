package decide

import (
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// Overdue returns the new entry of a unit that the vendor has dropped before it was
// archived, and that the pass has not seen. The unit is lost, except what may count as
// archived.
func Overdue(e ledger.Entry) ledger.Entry {
	switch {
	case e.Unit.Kind == call.UnitList:
		return overdueList(e)
	case counted(e):
		e.State, e.Reason = ledger.Archived, ""
	default:
		e.State, e.Reason = ledger.Lost, lossReason(e)
	}
	return e
}

// overdueList returns the new entry of a day that can no longer be listed. Calls of the day
// that were not archived have their own entries.
func overdueList(e ledger.Entry) ledger.Entry {
	switch {
	case e.State == ledger.Failed:
		e.State = ledger.Lost
	case !e.HeldUntil.Before(e.StartsAt.Add(24 * time.Hour)):
		e.State = ledger.Archived
	default:
		e.State, e.Reason = ledger.Lost, "calls after "+e.HeldUntil.UTC().Format(time.RFC3339)+" are unknown: no pass was made while the vendor had them"
	}
	return e
}

// counted reports whether a day of the scale was counted after its end. Such a day counts
// as archived even if the vendor drops it before a second pass confirms its counts, as it
// does for plans with a retention of two days.
func counted(e ledger.Entry) bool {
	return e.Unit.Kind == call.UnitScale && e.State == ledger.Provisional && !e.HeldUntil.Before(e.StartsAt.Add(24*time.Hour))
}

// lossReason returns what of a unit is lost.
func lossReason(e ledger.Entry) string {
	switch {
	case e.Lacks():
		return "the vendor dropped it before all of it was archived: " + e.Reason
	case e.Reason != "":
		return "the vendor dropped it before it could be archived: " + e.Reason
	case !e.HeldUntil.IsZero():
		return "the vendor dropped everything after " + e.HeldUntil.UTC().Format(time.RFC3339) + " before it was archived"
	}
	return "the vendor dropped it before it was archived"
}
