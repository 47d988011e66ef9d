package archive

import (
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/store"
)

// Ledger is what the archive says of its units. It is asked again where ClickHouse was
// away.
type Ledger struct {
	ledger ledger.Ledger
	retry  func(context.Context, func(context.Context) error) error
}

// LedgerOf is the ledger of a store, for those who write nothing.
func LedgerOf(s *store.Store) Ledger { return Ledger{ledger.Of(s), s.Retry} }

// Target is what a pass writes to.
type Target struct {
	*load.Writer
	Ledger
}

// ledgerKeys is how many keys one question to the ledger names.
const ledgerKeys = 1000

// Entries asks the ledger for those of the units that it knows.
func (l Ledger) Entries(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]ledger.Row, error) {
	held := map[string]ledger.Row{}
	for some := range slices.Chunk(keys, ledgerKeys) {
		f := ledger.Filter{App: app, Kind: kind, Keys: some}
		err := l.retry(ctx, func(ctx context.Context) error {
			return l.ledger.Rows(ctx, f, func(e ledger.Row) { held[e.Unit.Key] = e })
		})
		if err != nil {
			return nil, err
		}
	}
	return held, nil
}

// Overdue lists units that are not final though their deadline has passed.
func (l Ledger) Overdue(ctx context.Context, app call.AppID, t time.Time) (all []ledger.Entry, err error) {
	f := ledger.Filter{App: app, States: ledger.Unfinished(), DeadlineBefore: t}
	err = l.retry(ctx, func(ctx context.Context) error {
		all = nil
		return l.ledger.Rows(ctx, f, func(e ledger.Row) { all = append(all, e.Entry) })
	})
	return all, err
}

// ListedUntil is up to when the calls of the app have ever been listed.
func (l Ledger) ListedUntil(ctx context.Context, app call.AppID) (until time.Time, err error) {
	err = l.retry(ctx, func(ctx context.Context) (err error) {
		until, err = l.ledger.HeldUntil(ctx, app, call.UnitList)
		return err
	})
	return until, err
}

// Keep keeps a response as it came.
func (a *Target) Keep(ctx context.Context, app call.AppID, x ask.Answer) (uint64, error) {
	request, err := x.Request.JSON()
	if err != nil {
		return 0, err
	}
	return a.KeepResponse(ctx, load.Response{App: app, Action: x.Request.Action, Request: request, Body: x.Body, Asked: x.Asked, Reason: x.Reason, Recycle: x.Recycle})
}
