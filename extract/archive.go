package extract

import (
	"context"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// Ledger is what the archive says of its units. Methods are safe for concurrent use.
type Ledger interface {
	// Entries are what the ledger says about those of the units that it knows.
	Entries(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]ledger.Row, error)
	// Overdue lists units that are not final and whose deadline is before t.
	Overdue(ctx context.Context, app call.AppID, t time.Time) ([]ledger.Entry, error)
	// ListedUntil is up to when the calls of the app have ever been listed;
	// zero: they never have been.
	ListedUntil(ctx context.Context, app call.AppID) (time.Time, error)
}

// Taker takes rows. Methods are safe for concurrent use and may block while the
// taker is busy; arguments belong to the caller again when they return, but for the
// samples given to Add: those are the taker's from then on, whatever is returned.
type Taker interface {
	// Add adds a part of a unit with its rows.
	Add(ctx context.Context, u call.Unit, p call.Part, r call.Rows) error
	// End ends a unit: some time later it is visible, unless it has failed,
	// and the ledger has e.
	End(ctx context.Context, e ledger.Entry) error
	// Abandon forgets what was added to a unit.
	Abandon(u call.Unit)
}

// Archive is what a pass archives to.
type Archive interface {
	Taker
	// Resume begins a unit with what the archive holds of it for good, which
	// stays. A unit begun without it is replaced as a whole.
	Resume(ctx context.Context, u call.Unit) (call.Known, error)
	// OpenParts are the parts of a unit that are visible and not settled: the next
	// end of the unit replaces them.
	OpenParts(ctx context.Context, u call.Unit) ([]call.Part, error)
	// OpenRows are the visible rows of open parts of a kind, in the seconds given:
	// of a user's series or events, of everything elsewhere. Samples are normal.
	OpenRows(ctx context.Context, u call.Unit, kind call.PartKind, owned []call.Owned) (call.Rows, error)
	// ResumeAll begins a unit with all that is visible of it, which stays, and
	// what waits of it.
	ResumeAll(ctx context.Context, u call.Unit, startsAt time.Time) error
	// Note writes entries of units that bring no rows.
	Note(ctx context.Context, entries []ledger.Entry) error
	// Flush returns when the units that were ended are visible and in the ledger.
	Flush(ctx context.Context) error
	// Keep keeps a response as it came and returns its id, 0 if none are kept. The
	// body is the archive's from then on, unless it returns 0 and no error.
	Keep(ctx context.Context, app call.AppID, a ask.Answer) (uint64, error)
}

// archived marks a failure of the archive, which ends the pass.
func archived(err error) error {
	if err != nil {
		return ask.Ending{Err: err}
	}
	return nil
}
