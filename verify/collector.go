package verify

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/digest"
	"github.com/callvault/callvault/load"
)

// Ledger is what the archive says it holds.
type Ledger interface {
	Entries(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]extract.Held, error)
	ListedUntil(ctx context.Context, app call.AppID) (time.Time, error)
}

// unit is what the vendor says of one unit.
type unit struct {
	span   load.Span
	starts time.Time
	sums   digest.Sums
	ended  bool // everything has been asked for
	gone   bool // the vendor began to drop it while it was asked for
}

// collector is the archive of a pass that compares: it knows nothing, so that
// everything is asked for, and keeps checksums. It is safe for concurrent use.
type collector struct {
	ledger Ledger
	since  uint32           // what came before is not compared
	edge   func() time.Time // the vendor may have dropped what came before
	mu     sync.Mutex
	units  map[call.Unit]*unit
	unread map[call.Unit]bool // the vendor did not tell all of them
}

func newCollector(l Ledger, since time.Time, edge func() time.Time) *collector {
	return &collector{ledger: l, since: uint32(since.Unix()), edge: edge, units: map[call.Unit]*unit{}, unread: map[call.Unit]bool{}}
}

// Entries notes up to where the calls can be compared. It tells nothing of what
// is held, and that null where data is due is to be believed of calls that the
// archive holds for good, or but for that: what that means, the comparison tells.
func (c *collector) Entries(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]extract.Held, error) {
	if kind != call.UnitCall {
		return nil, nil
	}
	held, err := c.ledger.Entries(ctx, app, kind, keys)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	said := map[string]extract.Held{}
	for _, key := range keys {
		h := held[key]
		c.unit(call.Unit{App: app, Kind: kind, Key: key}).span.Until = heldUntil(h)
		attempts := h.Attempts
		if h.State.Final() || h.Waits() {
			attempts = extract.BelieveAfter
		}
		said[key] = extract.Held{Entry: call.Entry{Attempts: attempts}}
	}
	return said, nil
}

// heldUntil is the last second of a call that the archive holds for good.
func heldUntil(h extract.Held) uint32 {
	unfinished := h.State == call.Provisional || h.State == call.Failed || h.State == call.Lost
	if unfinished && !h.HeldUntil.IsZero() {
		return uint32(h.HeldUntil.Unix())
	}
	return call.Forever
}

// unit finds or begins a unit. The caller holds mu.
func (c *collector) unit(u call.Unit) *unit {
	x := c.units[u]
	if x == nil {
		x = &unit{span: load.Span{Key: u.Key, Since: c.since, Until: call.Forever}}
		c.units[u] = x
	}
	return x
}

// Add adds the checksums of a part's rows.
func (c *collector) Add(_ context.Context, u call.Unit, p call.Part, r call.Rows) error {
	c.mu.Lock()
	x := c.unit(u)
	if u.Kind == call.UnitUnusual {
		x.span = c.hour(u.Key, p.Window)
	}
	span := x.span
	c.mu.Unlock()
	sums := digest.Part(&r, span.Since, span.Until)
	c.mu.Lock()
	defer c.mu.Unlock()
	x.sums.Merge(&sums)
	return nil
}

// hour is the span of an hour that was asked for in a window.
func (c *collector) hour(key string, w call.Window) load.Span {
	last := w.Start.Truncate(time.Hour).Add(time.Hour - time.Second)
	return load.Span{Key: key, Since: max(c.since, uint32(w.Start.Unix())), Until: uint32(min(last.Unix(), w.End.Unix()))}
}

// End notes that all of a unit has been asked for. One of which something could
// not be had, other than what the vendor has dropped of a call, is not to be
// compared: the pass reports it.
func (c *collector) End(_ context.Context, e call.Entry) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.unit(e.Unit)
	x.starts = e.StartsAt
	x.ended = e.State != call.Failed && !slices.ContainsFunc(e.Failed, func(f call.FailedPart) bool { return e.Unit.Kind != call.UnitCall || !f.Gone() })
	c.unread[e.Unit] = !x.ended
	x.gone = c.edge().Unix() > max(e.StartsAt.Unix(), int64(x.span.Since))
	return nil
}

// Abandon forgets what was added to a unit, which could not be had whole.
func (c *collector) Abandon(u call.Unit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.units, u)
	c.unread[u] = true
}

// partly says that a unit was asked for and could not be had whole.
func (c *collector) partly(u call.Unit) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unread[u]
}

// seen is what the vendor said of a unit, nil if that is not all of it.
func (c *collector) seen(u call.Unit) *unit {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x := c.units[u]; x != nil && x.ended {
		return x
	}
	return nil
}

// The rest of extract.Archive: there is nothing to go on from and nothing to
// keep.

func (c *collector) Overdue(context.Context, call.AppID, time.Time) ([]call.Entry, error) {
	return nil, nil
}
func (c *collector) ListedUntil(context.Context, call.AppID) (time.Time, error) {
	return time.Time{}, nil
}
func (c *collector) Note(context.Context, []call.Entry) error { return nil }
func (c *collector) Flush(context.Context) error              { return nil }
func (c *collector) Resume(context.Context, call.Unit) (call.Known, error) {
	return call.Known{}, nil
}
func (c *collector) OpenParts(context.Context, call.Unit) ([]call.Part, error) { return nil, nil }
func (c *collector) OpenRows(context.Context, call.Unit, call.PartKind, []call.Owned) (call.Rows, error) {
	return call.Rows{}, nil
}
func (c *collector) ResumeAll(context.Context, call.Unit, time.Time) error { return nil }
func (c *collector) Keep(context.Context, call.AppID, extract.Answer) (uint64, error) {
	return 0, nil
}
