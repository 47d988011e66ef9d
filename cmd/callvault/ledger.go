package main

import (
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load"
)

// archive is what a pass writes to: a Writer, and the ledger of its store.
type archive struct {
	*load.Writer
	store *load.Store
}

// ledgerKeys is how many keys one question to the ledger names.
const ledgerKeys = 1000

// Held asks the ledger which of the units are archived, and whether for good.
func (a *archive) Held(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]bool, error) {
	held := map[string]bool{}
	for some := range slices.Chunk(keys, ledgerKeys) {
		f := load.LedgerFilter{App: app, Kind: kind, Keys: some}
		err := a.store.Ledger(ctx, f, func(e load.Entry) { held[e.Unit.Key] = e.State == load.Archived })
		if err != nil {
			return nil, err
		}
	}
	return held, nil
}

// Commit ends a unit that began at start.
func (a *archive) Commit(ctx context.Context, u call.Unit, start time.Time, final bool) error {
	state := load.Provisional
	if final {
		state = load.Archived
	}
	return a.Writer.Commit(ctx, u, load.Commit{State: state, StartsAt: start})
}
