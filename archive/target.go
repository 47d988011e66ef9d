package archive

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load"
)

// Target is where a pass writes: a Writer, and the ledger that follows it.
type Target struct {
	*load.Writer
	extract.Ledger
	begin func(context.Context) // called before anything is written
	noted func(...ledger.Entry) // called with the entries that were written
	wrote atomic.Bool           // whether rows of units were written
}

// Add adds a part of a unit with its rows.
func (a *Target) Add(ctx context.Context, u call.Unit, p call.Part, r call.Rows) error {
	if !a.wrote.Swap(true) {
		a.begin(ctx)
	}
	return a.Writer.Add(ctx, u, p, r)
}

// End ends a unit.
func (a *Target) End(ctx context.Context, e ledger.Entry) error {
	err := a.Writer.End(ctx, e)
	if err == nil {
		a.wrote.Store(true)
		a.noted(e)
	}
	return err
}

// Note writes entries of units without rows.
func (a *Target) Note(ctx context.Context, entries []ledger.Entry) error {
	if slices.ContainsFunc(entries, func(e ledger.Entry) bool { return e.State == ledger.Pending }) { // others wait
		a.begin(ctx)
	}
	err := a.Writer.Note(ctx, entries)
	if err == nil {
		a.noted(entries...)
	}
	return err
}

// Keep keeps a response as it came.
func (a *Target) Keep(ctx context.Context, app call.AppID, x ask.Answer) (uint64, error) {
	request, err := x.Request.JSON()
	if err != nil {
		return 0, err
	}
	return a.KeepResponse(ctx, load.Response{App: app, Action: x.Request.Action, Request: request, Body: x.Body, Asked: x.Asked, Reason: x.Reason, Recycle: x.Recycle})
}
