package extract

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/span"
	"github.com/callvault/callvault/ledger"
)

// Pass is one pass over one application: it archives to Archive, or compares to
// Compare, of which one must be set. All other fields must be set but those said to
// be optional.
type Pass struct {
	Asker    *ask.Asker
	Ledger   Ledger
	App      call.AppID
	Now      func() time.Time
	Progress Progress

	// Archive takes what the archive lacks.
	Archive Archive
	// Compare takes everything that the vendor tells, to be held against the archive.
	// It is asked for in another way than by a pass that archives (other windows,
	// other sizes of pages, users by name), so that what asking in one way does not
	// show is not missing on both sides. Null is taken for an answer where the archive
	// has taken it for one.
	Compare Taker

	Retention time.Duration // how far back the vendor keeps data
	Settle    time.Duration // how long after a moment the vendor's data about it may still change

	From, To time.Time // optional: only what was alive between them
	RoomID   string    // optional: only calls of this room id
	Skip     Skip
	// Again asks also for what the archive holds already: it is replaced, but
	// for calls that the vendor has not whole any more.
	Again bool

	Calls []call.Room          // optional: these calls, oldest first; the room list is not asked for
	Only  func(call.Room) bool // optional: of the calls listed those it is true for; told of each call once
	// Known is optional: it gives a listed call as the archive may know it; false: not at all.
	Known func(call.Room) (call.Room, bool)

	// Samples is optional: it gives empty samples with room for about so many
	// rows, as memory for those that are given to Archive or Compare.
	Samples func(rows int) *call.Samples

	retentionEdge edge
	notFinal      sync.Map    // of call.Unit: they are not final, and the vendor still has something of them
	counted       sync.Map    // of call.Unit: days of scale that this pass has told of
	unreadable    []dueCall   // held back by the listing
	readers       sync.Pool   // of *reader
	noEvents      atomic.Bool // the account turned out not to have the action
	events        atomic.Bool // the action has answered: the account has it
}

// Skip is what a pass does without.
type Skip struct{ Calls, UserEvents, UnusualEvents, DailyScale bool }

// Run makes the pass. The Report tells what was and what could not be archived;
// the error is what ended the pass early, if anything did.
func (p *Pass) Run(ctx context.Context) (Report, error) {
	r := newReport(p.App, p.Now())
	ctx, s := span.Begin(ctx, "application", attrApp.Int64(int64(p.App)))
	err := p.run(ctx, r)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	span.End(s, err)
	return r.snapshot(p.Now()), err
}

func (p *Pass) run(ctx context.Context, r *report) error {
	if err := p.fitRetention(ctx, r); err != nil {
		return err
	}
	list := newListing()
	g, gctx := errgroup.WithContext(ctx)
	stage := func(name string, do func(context.Context) error) {
		g.Go(func() error { return span.Do(gctx, name, do) })
	}
	stage("calls", func(ctx context.Context) error { return p.calls(ctx, r, list) })
	if p.RoomID == "" && !p.Skip.UnusualEvents {
		stage("unusual events", func(ctx context.Context) error { return p.unusualEvents(ctx, r, list) })
	}
	if p.RoomID == "" && !p.Skip.DailyScale {
		stage("scale", func(ctx context.Context) error { return p.dailyScale(ctx, r) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return span.Do(ctx, "close lists", func(ctx context.Context) error { return p.closeLists(ctx, r, list) })
}

// whole says that the pass archives all that the vendor keeps.
func (p *Pass) whole() bool {
	return p.RoomID == "" && p.From.IsZero() && p.To.IsZero() && p.Calls == nil && p.Only == nil && !p.Skip.Calls && p.Compare == nil
}

// again says that the pass asks also for what the archive holds.
func (p *Pass) again() bool { return p.Again || p.Compare != nil }

// taker takes the rows.
func (p *Pass) taker() Taker {
	if p.Compare != nil {
		return p.Compare
	}
	return p.Archive
}

// entries are what the ledger says of units. To a pass that compares nothing is held.
func (p *Pass) entries(ctx context.Context, kind call.UnitKind, keys []string) (map[string]ledger.Row, error) {
	if p.Compare != nil {
		return nil, nil
	}
	held, err := p.Ledger.Entries(ctx, p.App, kind, keys)
	return held, archived(err)
}

// settled tells whether what ended at end can no longer grow.
func (p *Pass) settled(end time.Time) bool { return end.Before(p.Now().Add(-p.Settle)) }

// deadline is when the vendor drops what happened at t.
func (p *Pass) deadline(t time.Time) time.Time { return t.Add(p.Retention) }
