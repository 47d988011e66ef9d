package archive

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load"
)

// stored is the ledger of a store, which is asked again where ClickHouse was away.
type stored struct {
	store *load.Store
	retry func(context.Context, func(context.Context) error) error
}

// ledgerKeys is how many keys one question to the store names.
const ledgerKeys = 1000

// Entries are what the ledger says about those of the units that it knows.
func (l *stored) Entries(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]extract.Held, error) {
	held := map[string]extract.Held{}
	for some := range slices.Chunk(keys, ledgerKeys) {
		err := l.each(ctx, load.LedgerFilter{App: app, Kind: kind, Keys: some}, func(h extract.Held) { held[h.Unit.Key] = h })
		if err != nil {
			return nil, err
		}
	}
	return held, nil
}

// Overdue lists units that are not final though their deadline is before t.
func (l *stored) Overdue(ctx context.Context, app call.AppID, t time.Time) ([]call.Entry, error) {
	var all []call.Entry
	err := l.each(ctx, load.LedgerFilter{App: app, States: call.Unfinished(), DeadlineBefore: t}, func(h extract.Held) { all = append(all, h.Entry) })
	return all, err
}

// each calls f, which may be repeated, with the entries that pass the filter.
func (l *stored) each(ctx context.Context, filter load.LedgerFilter, f func(extract.Held)) error {
	return l.retry(ctx, func(ctx context.Context) error {
		return l.store.Ledger(ctx, filter, func(e load.Entry) {
			f(extract.Held{Entry: e.Entry, Waiting: e.Waiting, Rows: e.Counts.Rows()})
		})
	})
}

// ListedUntil is up to when the calls of the app have ever been listed.
func (l *stored) ListedUntil(ctx context.Context, app call.AppID) (until time.Time, err error) {
	err = l.retry(ctx, func(ctx context.Context) (err error) {
		until, err = l.store.HeldUntil(ctx, app, call.UnitList)
		return err
	})
	return until, err
}

// remembered is the ledger for a pass, which holds the archive lease: nobody else
// writes. Of each application it reads once what is not a call, the calls that are not
// final, and the keys of the latest ones that are, and follows what the pass writes.
// Only other calls are asked for by their keys. It is safe for concurrent use.
type remembered struct {
	stored
	since  time.Time // units that began before it, and are final, are not asked for
	latest time.Time // the latest calls began since then

	mu   sync.Mutex
	apps map[call.AppID]*known
}

// known is what the ledger says of an application.
type known struct {
	units  map[call.Unit]extract.Held // lists, hours, days; calls that are not final
	final  map[string]bool            // the latest calls that are final; nil: they are many
	listed time.Time                  // up to when calls have been listed
	days   bool                       // the counts of days have been read
}

// mostLatest is how many of the latest calls are read at once.
const mostLatest = 20_000

// of reads what the ledger says of an application, once. The caller holds mu.
func (l *remembered) of(ctx context.Context, app call.AppID) (*known, error) {
	if k := l.apps[app]; k != nil {
		return k, nil
	}
	k := &known{units: map[call.Unit]extract.Held{}}
	if err := l.each(ctx, load.LedgerFilter{App: app, Current: l.since}, k.note); err != nil {
		return nil, err
	}
	err := l.retry(ctx, func(ctx context.Context) (err error) {
		k.final, err = l.store.FinalCalls(ctx, app, l.latest, mostLatest)
		return err
	})
	if err != nil {
		return nil, err
	}
	l.apps[app] = k
	return k, nil
}

// note takes in an entry of a unit. Calls that are final are left out: there may be
// millions.
func (k *known) note(h extract.Held) {
	switch {
	case h.Unit.Kind == call.UnitCall && h.State.Final():
		delete(k.units, h.Unit)
		return
	case h.Unit.Kind == call.UnitList && h.HeldUntil.After(k.listed):
		k.listed = h.HeldUntil
	}
	k.units[h.Unit] = h
}

// wrote takes in entries that the pass has written.
func (l *remembered) wrote(entries ...call.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range entries {
		if k := l.apps[e.Unit.App]; k != nil {
			k.note(extract.Held{Entry: e, Waiting: true, Rows: 1}) // it may have rows
		}
	}
}

// Entries are what the ledger says about those of the units that it knows.
func (l *remembered) Entries(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]extract.Held, error) {
	l.mu.Lock()
	k, err := l.of(ctx, app)
	if err != nil {
		l.mu.Unlock()
		return nil, err
	}
	if kind == call.UnitScale {
		if err = l.readDays(ctx, app, k); err != nil {
			l.mu.Unlock()
			return nil, err
		}
	}
	held := map[string]extract.Held{}
	var others []string
	for _, key := range keys {
		u := call.Unit{App: app, Kind: kind, Key: key}
		h, ok := k.units[u]
		switch {
		case kind != call.UnitCall && ok:
			held[key] = h
		case kind != call.UnitCall:
		case k.final[key]:
			held[key] = extract.Held{Entry: call.Entry{Unit: u, State: call.Archived}}
		default:
			others = append(others, key)
		}
	}
	l.mu.Unlock()
	asked, err := l.stored.Entries(ctx, app, kind, others)
	maps.Copy(held, asked)
	return held, err
}

// readDays reads the counts of days that are visible, once. The caller holds mu.
func (l *remembered) readDays(ctx context.Context, app call.AppID, k *known) error {
	if k.days {
		return nil
	}
	k.days = true
	return l.retry(ctx, func(ctx context.Context) error {
		return l.store.Days(ctx, app, l.since, func(d call.DailyScale) {
			u := call.Unit{App: app, Kind: call.UnitScale, Key: d.Start.Format(time.RFC3339)}
			if h, ok := k.units[u]; ok {
				h.Day = &d
				k.units[u] = h
			}
		})
	})
}

// Overdue lists units that are not final though their deadline is before t.
func (l *remembered) Overdue(ctx context.Context, app call.AppID, t time.Time) ([]call.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k, err := l.of(ctx, app)
	if err != nil {
		return nil, err
	}
	var all []call.Entry
	for _, h := range k.units {
		if !h.State.Final() && h.Deadline.Before(t) {
			all = append(all, h.Entry)
		}
	}
	slices.SortFunc(all, func(a, b call.Entry) int {
		return cmp.Or(cmp.Compare(a.Unit.Kind, b.Unit.Kind), a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.Unit.Key, b.Unit.Key))
	})
	return all, nil
}

// ListedUntil is up to when the calls of the app have ever been listed.
func (l *remembered) ListedUntil(ctx context.Context, app call.AppID) (time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k, err := l.of(ctx, app)
	if err != nil {
		return time.Time{}, err
	}
	return k.listed, nil
}
