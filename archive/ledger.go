package archive

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/store"
)

// stored is the ledger in ClickHouse: a ledger.Ledger.
type stored interface {
	Rows(context.Context, ledger.Filter, func(ledger.Row)) error
	HeldUntil(context.Context, call.AppID, call.UnitKind) (time.Time, error)
	FinalCalls(ctx context.Context, app call.AppID, since time.Time, most int) (map[string]bool, error)
}

// Ledger reads the ledger of an archive. It repeats queries while ClickHouse does not
// answer.
type Ledger struct {
	ledger stored
	retry  func(context.Context, func(context.Context) error) error
}

// LedgerOf returns the ledger of a store, for callers that write nothing.
func LedgerOf(s *store.Store) Ledger { return Ledger{ledger.Of(s), s.Retry} }

// ledgerKeys is how many keys one query to the ledger names.
const ledgerKeys = 1000

// Entries returns the entries of the units that the ledger knows.
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

// Overdue returns the units that are not final although their deadline has passed.
func (l Ledger) Overdue(ctx context.Context, app call.AppID, t time.Time) (all []ledger.Entry, err error) {
	f := ledger.Filter{App: app, States: ledger.Unfinished(), DeadlineBefore: t}
	err = l.retry(ctx, func(ctx context.Context) error {
		all = nil
		return l.ledger.Rows(ctx, f, func(e ledger.Row) { all = append(all, e.Entry) })
	})
	return all, err
}

// ListedUntil returns the time until which the calls of the app have been listed.
func (l Ledger) ListedUntil(ctx context.Context, app call.AppID) (until time.Time, err error) {
	err = l.retry(ctx, func(ctx context.Context) (err error) {
		until, err = l.ledger.HeldUntil(ctx, app, call.UnitList)
		return err
	})
	return until, err
}

// remembered caches the ledger for a pass. The pass holds the archive lease, so no other
// process writes. For each application it reads once all units that are not calls, the calls
// that are not final, and the keys of the latest final calls. It then follows what the pass
// writes. It queries the ledger by key only for other calls. It is safe for concurrent use.
type remembered struct {
	Ledger
	// readScale reads the counts of the days of an application that are visible and began
	// since a moment.
	readScale func(context.Context, call.AppID, time.Time, func(call.DailyScale)) error

	since  time.Time // units that began before it, and are final, are not asked for
	latest time.Time // the latest calls began since then

	mu   sync.Mutex
	apps map[call.AppID]*known
}

// known caches the entries of one application.
type known struct {
	units  map[call.Unit]ledger.Row // lists, hours, days; calls that are not final
	final  map[string]bool          // the latest calls that are final; nil if they are too many
	listed time.Time                // up to when calls have been listed
	days   bool                     // whether the counts of days have been read
}

// mostLatest is how many of the latest calls are read at once.
const mostLatest = 20_000

// of reads the entries of an application once. The caller holds mu.
func (l *remembered) of(ctx context.Context, app call.AppID) (*known, error) {
	if k := l.apps[app]; k != nil {
		return k, nil
	}
	k := &known{}
	err := l.retry(ctx, func(ctx context.Context) (err error) {
		k.units, k.listed = map[call.Unit]ledger.Row{}, time.Time{}
		if err = l.ledger.Rows(ctx, ledger.Filter{App: app, Current: l.since}, k.note); err == nil {
			k.final, err = l.ledger.FinalCalls(ctx, app, l.latest, mostLatest)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	l.apps[app] = k
	return k, nil
}

// note remembers an entry of a unit. It leaves out final calls: there may be millions.
func (k *known) note(h ledger.Row) {
	switch {
	case h.Unit.Kind == call.UnitCall && h.State.Final():
		delete(k.units, h.Unit)
		return
	case h.Unit.Kind == call.UnitList && h.HeldUntil.After(k.listed):
		k.listed = h.HeldUntil
	}
	k.units[h.Unit] = h
}

// wrote remembers entries that the pass has written.
func (l *remembered) wrote(entries ...ledger.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range entries {
		// The pass ends each call that it notes as pending. There may be a million of them.
		if k := l.apps[e.Unit.App]; k != nil && (e.Unit.Kind != call.UnitCall || e.State != ledger.Pending) {
			k.note(ledger.Row{Entry: e, Waiting: true}) // it may have rows
		}
	}
}

// Entries returns the entries of the units that the ledger knows.
func (l *remembered) Entries(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]ledger.Row, error) {
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
	held := map[string]ledger.Row{}
	var others []string
	for _, key := range keys {
		u := call.Unit{App: app, Kind: kind, Key: key}
		h, ok := k.units[u]
		switch {
		case kind != call.UnitCall && ok:
			held[key] = h
		case kind != call.UnitCall:
		case k.final[key]:
			held[key] = ledger.Row{Entry: ledger.Entry{Unit: u, State: ledger.Archived}}
		default:
			others = append(others, key)
		}
	}
	l.mu.Unlock()
	asked, err := l.Ledger.Entries(ctx, app, kind, others)
	maps.Copy(held, asked)
	return held, err
}

// readDays reads the visible counts of days once. The caller holds mu.
func (l *remembered) readDays(ctx context.Context, app call.AppID, k *known) error {
	if k.days {
		return nil
	}
	err := l.retry(ctx, func(ctx context.Context) error {
		return l.readScale(ctx, app, l.since, func(d call.DailyScale) {
			u := call.Unit{App: app, Kind: call.UnitScale, Key: d.Start.Format(time.RFC3339)}
			if h, ok := k.units[u]; ok {
				h.Day = &d
				k.units[u] = h
			}
		})
	})
	k.days = err == nil
	return err
}

// Overdue returns the units that are not final although their deadline is before t.
func (l *remembered) Overdue(ctx context.Context, app call.AppID, t time.Time) ([]ledger.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k, err := l.of(ctx, app)
	if err != nil {
		return nil, err
	}
	var all []ledger.Entry
	for _, h := range k.units {
		if !h.State.Final() && h.Deadline.Before(t) {
			all = append(all, h.Entry)
		}
	}
	slices.SortFunc(all, func(a, b ledger.Entry) int {
		return cmp.Or(cmp.Compare(a.Unit.Kind, b.Unit.Kind), a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.Unit.Key, b.Unit.Key))
	})
	return all, nil
}

// ListedUntil returns the time until which the calls of the app have been listed.
func (l *remembered) ListedUntil(ctx context.Context, app call.AppID) (time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k, err := l.of(ctx, app)
	if err != nil {
		return time.Time{}, err
	}
	return k.listed, nil
}

// blank is the ledger of an archive that does not exist yet.
type blank struct{}

func (blank) Entries(context.Context, call.AppID, call.UnitKind, []string) (map[string]ledger.Row, error) {
	return nil, nil
}

func (blank) Overdue(context.Context, call.AppID, time.Time) ([]ledger.Entry, error) { return nil, nil }

func (blank) ListedUntil(context.Context, call.AppID) (time.Time, error) { return time.Time{}, nil }
