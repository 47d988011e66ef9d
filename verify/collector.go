package verify

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/digest"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/visible"
)

// unit is the vendor's side of one unit.
type unit struct {
	span   visible.Span
	starts time.Time
	sums   digest.Sums
	ended  bool // whether all of it has been asked for
	gone   bool // whether the vendor began to drop it during the check
}

// collector takes the rows of a pass and keeps only their checksums. It is also the pass's
// ledger, and notes how far each call can be compared. It is safe for concurrent use.
type collector struct {
	extract.Ledger
	erased *erased.Set      // nil: nobody
	since  uint32           // earlier data is not compared
	edge   func() time.Time // the vendor may have dropped earlier data
	mu     sync.Mutex
	units  map[call.Unit]*unit
	unread map[call.Unit]bool // units that could not be read whole
}

func newCollector(l extract.Ledger, gone *erased.Set, since time.Time, edge func() time.Time) *collector {
	return &collector{Ledger: l, erased: gone, since: uint32(since.Unix()), edge: edge, units: map[call.Unit]*unit{}, unread: map[call.Unit]bool{}}
}

// Entries notes up to which second the calls can be compared. A pass calls it before it asks for them.
func (c *collector) Entries(ctx context.Context, app call.AppID, kind call.UnitKind, keys []string) (map[string]ledger.Row, error) {
	held, err := c.Ledger.Entries(ctx, app, kind, keys)
	if err != nil || kind != call.UnitCall {
		return held, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		c.unit(call.Unit{App: app, Kind: kind, Key: key}).span.Until = heldUntil(held[key])
	}
	return held, nil
}

// heldUntil returns the last second of a call that is settled in the archive.
func heldUntil(h ledger.Row) uint32 {
	unfinished := h.State == ledger.Provisional || h.State == ledger.Failed || h.State == ledger.Lost
	if unfinished && !h.HeldUntil.IsZero() {
		return uint32(h.HeldUntil.Unix())
	}
	return call.Forever
}

// unit finds or begins a unit. The caller holds mu.
func (c *collector) unit(u call.Unit) *unit {
	x := c.units[u]
	if x == nil {
		x = &unit{span: visible.Span{Key: u.Key, Since: c.since, Until: call.Forever}}
		c.units[u] = x
	}
	return x
}

// Add adds the checksums of a part's rows, without those that were erased.
func (c *collector) Add(_ context.Context, u call.Unit, p call.Part, r call.Rows) error {
	if !c.erased.Strip(u, &p, &r) {
		return nil
	}
	c.mu.Lock()
	x := c.unit(u)
	if u.Kind == call.UnitUnusual {
		x.span = c.hour(u.Key, p.Window)
	}
	span := x.span
	c.mu.Unlock()
	sums := digest.Part(&r, span.Since, span.Until)
	if u.Kind.IsStatistics() {
		sums = digest.Statistics(u.Kind, r.Statistics)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	x.sums.Merge(&sums)
	return nil
}

// hour returns the span of an hour within the window that was asked for.
func (c *collector) hour(key string, w call.Window) visible.Span {
	last := w.Start.Truncate(time.Hour).Add(time.Hour - time.Second)
	return visible.Span{Key: key, Since: max(c.since, uint32(w.Start.Unix())), Until: uint32(min(last.Unix(), w.End.Unix()))}
}

// End notes that all of a unit has been asked for. A unit that could not be fetched whole
// is not compared, and the pass reports it. Data of a call that the vendor has dropped does
// not count.
func (c *collector) End(_ context.Context, e ledger.Entry) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.unit(e.Unit)
	x.starts = e.StartsAt
	x.ended = e.State != ledger.Failed && !slices.ContainsFunc(e.Failed, func(f ledger.FailedPart) bool { return e.Unit.Kind != call.UnitCall || !f.Gone() })
	c.unread[e.Unit] = !x.ended
	x.gone = !e.Unit.Kind.IsStatistics() && c.edge().Unix() > max(e.StartsAt.Unix(), int64(x.span.Since))
	return nil
}

// Abandon drops the rows of a unit that could not be fetched whole.
func (c *collector) Abandon(u call.Unit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.units, u)
	c.unread[u] = true
}

// partly reports whether a unit was asked for and could not be fetched whole.
func (c *collector) partly(u call.Unit) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unread[u]
}

// seen returns the vendor's side of a unit, or nil if it is not whole.
func (c *collector) seen(u call.Unit) *unit {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x := c.units[u]; x != nil && x.ended {
		return x
	}
	return nil
}
