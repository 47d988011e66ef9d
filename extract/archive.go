package extract

import (
	"context"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// Ledger reads what the archive knows of its units. Methods are safe for concurrent use.
type Ledger interface {
	// Entries returns the ledger's rows of the units that it knows, by key.
	Entries(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]ledger.Row, error)
	// Overdue returns the units that are not final and whose deadline is before t.
	Overdue(ctx context.Context, app call.AppID, t time.Time) ([]ledger.Entry, error)
	// ListedUntil returns the time until which the calls of the app have been listed, or
	// the zero time if they never have been.
	ListedUntil(ctx context.Context, app call.AppID) (time.Time, error)
}

// Taker takes rows. Methods are safe for concurrent use and may block while the taker is
// busy. When a method returns, its arguments belong to the caller again, except the samples
// of Add: they belong to the taker, even if Add fails.
type Taker interface {
	// Add adds a part of a unit with its rows.
	Add(ctx context.Context, u call.Unit, p call.Part, r call.Rows) error
	// End ends a unit and writes e to the ledger. Some time later the unit is visible,
	// unless e says that it has failed.
	End(ctx context.Context, e ledger.Entry) error
	// Abandon drops everything that was added to a unit.
	Abandon(u call.Unit)
}

// Archive is what a pass archives to.
type Archive interface {
	Taker
	// Resume begins a unit and keeps its settled parts, which it returns. A unit that
	// begins without Resume is replaced as a whole.
	Resume(ctx context.Context, u call.Unit) (call.Known, error)
	// OpenParts returns the parts of a unit that are visible and not settled. The next end
	// of the unit replaces them.
	OpenParts(ctx context.Context, u call.Unit) ([]call.Part, error)
	// OpenRows returns the visible rows of open parts of a kind in the given seconds. For
	// series and events only rows of the given user count. Samples are normal.
	OpenRows(ctx context.Context, u call.Unit, kind call.PartKind, owned []call.Owned) (call.Rows, error)
	// ResumeAll begins a unit and keeps everything that is visible of it, and what waits to
	// become visible.
	ResumeAll(ctx context.Context, u call.Unit, startsAt time.Time) error
	// Fewer returns archived calls of which fewer users' events were asked for, the oldest
	// first.
	Fewer(ctx context.Context, q FewerEvents) ([]Archived, error)
	// Troubled returns, by CommID, the users of archived calls who had trouble.
	Troubled(ctx context.Context, app call.AppID, calls []call.Room) (map[string][]string, error)
	// Correct writes entries of units whose rows do not change.
	Correct(ctx context.Context, rows []ledger.Row) error
	// Note writes entries of units that have no rows.
	Note(ctx context.Context, entries []ledger.Entry) error
	// Flush returns when all ended units are visible and in the ledger.
	Flush(ctx context.Context) error
	// Keep stores a response as it came and returns its id, or 0 if the archive keeps no
	// responses. The body then belongs to the archive, unless Keep returns 0 and no error.
	Keep(ctx context.Context, app call.AppID, a ask.Answer) (uint64, error)
}

// FewerEvents asks for archived calls of an application, in the order of their creation.
type FewerEvents struct {
	App     call.AppID
	Than    ledger.EventsOf
	Privacy string
	Now     time.Time // the vendor still keeps something of them
	After   *ledger.Entry
	Most    int
}

// Archived is an archived call.
type Archived struct {
	ledger.Row
	Room call.Room
}

// archived marks an error of the archive, which ends the pass.
func archived(err error) error {
	if err != nil {
		return ask.Ending{Err: err}
	}
	return nil
}
