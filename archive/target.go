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
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/visible"
)

// Target is where a pass writes: a Writer, and the ledger that follows it.
type Target struct {
	*load.Writer
	extract.Ledger
	store *store.Store
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

// Fewer returns archived calls of which fewer users' events were asked for.
func (a *Target) Fewer(ctx context.Context, q extract.FewerEvents) (calls []extract.Archived, err error) {
	f := ledger.Filter{
		App: q.App, Kind: call.UnitCall, States: []ledger.State{ledger.Archived}, EventsOf: q.Than.Below(), Privacy: &q.Privacy,
		DeadlineAfter: q.Now, After: q.After, Most: q.Most,
	}
	var rows []ledger.Row
	err = a.Retry(ctx, func(ctx context.Context) error {
		rows = nil
		return ledger.Of(a.store).Rows(ctx, f, func(e ledger.Row) { rows = append(rows, e) })
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, e := range rows {
		ids[i] = e.Unit.Key
	}
	var rooms map[string]call.Room
	err = a.Retry(ctx, func(ctx context.Context) (err error) {
		rooms, err = visible.Rooms(ctx, a.store, q.App, rows[0].StartsAt, rows[len(rows)-1].StartsAt, ids)
		return err
	})
	for _, e := range rows {
		calls = append(calls, extract.Archived{Row: e, Room: rooms[e.Unit.Key]})
	}
	return calls, err
}

// Troubled returns the users of archived calls who had trouble.
func (a *Target) Troubled(ctx context.Context, app call.AppID, calls []call.Room) (found map[string][]string, err error) {
	err = a.Retry(ctx, func(ctx context.Context) (err error) {
		found, err = visible.Troubled(ctx, a.store, app, calls)
		return err
	})
	return found, err
}

// Correct writes entries of units whose rows do not change.
func (a *Target) Correct(ctx context.Context, rows []ledger.Row) error {
	if len(rows) > 0 {
		a.begin(ctx)
	}
	return a.Writer.Correct(ctx, rows)
}
