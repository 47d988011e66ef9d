package archive

import (
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load"
)

// Target is what a pass writes to: a Writer, and the ledger of its store, which
// is asked again where ClickHouse was away.
type Target struct {
	*load.Writer
	store *load.Store
}

// ReadOnly is an archive for those who write nothing.
func ReadOnly(store *load.Store) *Target {
	return &Target{store.NewWriter("", load.WriterOptions{}), store}
}

// blank is the ledger of an archive that does not exist yet.
type blank struct{}

func (blank) Entries(context.Context, call.AppID, call.UnitKind, []string) (map[string]extract.Held, error) {
	return nil, nil
}

func (blank) Overdue(context.Context, call.AppID, time.Time) ([]call.Entry, error) { return nil, nil }

func (blank) ListedUntil(context.Context, call.AppID) (time.Time, error) { return time.Time{}, nil }

// ledgerKeys is how many keys one question to the ledger names.
const ledgerKeys = 1000

// Entries asks the ledger for those of the units that it knows.
func (a *Target) Entries(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]extract.Held, error) {
	held := map[string]extract.Held{}
	for some := range slices.Chunk(keys, ledgerKeys) {
		f := load.LedgerFilter{App: app, Kind: kind, Keys: some}
		err := a.Retry(ctx, func(ctx context.Context) error {
			return a.store.Ledger(ctx, f, func(e load.Entry) { held[e.Unit.Key] = extract.Held{Entry: e.Entry, Waiting: e.Waiting} })
		})
		if err != nil {
			return nil, err
		}
	}
	return held, nil
}

// Overdue lists units that are not final though their deadline has passed.
func (a *Target) Overdue(ctx context.Context, app call.AppID, t time.Time) ([]call.Entry, error) {
	var all []call.Entry
	f := load.LedgerFilter{App: app, States: call.Unfinished(), DeadlineBefore: t}
	err := a.Retry(ctx, func(ctx context.Context) error {
		all = nil
		return a.store.Ledger(ctx, f, func(e load.Entry) { all = append(all, e.Entry) })
	})
	return all, err
}

// ListedUntil is up to when the calls of the app have ever been listed.
func (a *Target) ListedUntil(ctx context.Context, app call.AppID) (until time.Time, err error) {
	err = a.Retry(ctx, func(ctx context.Context) (err error) {
		until, err = a.store.HeldUntil(ctx, app, call.UnitList)
		return err
	})
	return until, err
}

// Keep keeps a response as it came.
func (a *Target) Keep(ctx context.Context, app call.AppID, x extract.Answer) (uint64, error) {
	request, err := x.Request.JSON()
	if err != nil {
		return 0, err
	}
	return a.KeepResponse(ctx, load.Response{App: app, Action: x.Request.Action, Request: request, Body: x.Body, Asked: x.Asked, Reason: x.Reason, Recycle: x.Recycle})
}
