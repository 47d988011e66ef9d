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

// Pass is one pass over one application. It archives to Archive or compares to Compare; one
// of them must be set. All other fields must be set unless their comment says that they are
// optional.
type Pass struct {
	Asker    *ask.Asker
	Ledger   Ledger
	App      call.AppID
	Now      func() time.Time
	Progress Progress

	// Archive takes the data that the archive lacks.
	Archive Archive
	// Compare takes all data of the vendor, to be compared with the archive. Such a pass
	// asks in another way than a pass that archives (other windows, other page sizes, users
	// by name). So data that one way of asking does not show is not missing on both sides.
	// Null counts as an answer where the archive has accepted it as one.
	Compare Taker
	// EventUsers is optional, for a pass that compares. It returns the users of a call of
	// whose events the archive has what it asked for, or false if it is all users.
	EventUsers func(ctx context.Context, commID string) (users []string, some bool, err error)

	Retention time.Duration // how far back the vendor keeps data
	Settle    time.Duration // how long after a moment the vendor's data about it may still change

	From, To time.Time // optional: only what was alive between them
	RoomID   string    // optional: only calls of this room id
	Skip     Skip
	// Statements are the vendor's statistics to archive. None: no statistics.
	Statements []call.Statement
	// EventsOf says whose events are archived ("": all). Events of users who had trouble are
	// asked for when their calls are archived: only then it is known who they are.
	EventsOf ledger.EventsOf
	// Again asks also for data that the archive has, and replaces it, except for calls that
	// the vendor no longer has in full.
	Again bool

	// Privacy names what is kept of persons. A call that is not final, and of which the
	// archive has rows with more or less of that, is asked for as a whole.
	Privacy string
	// OtherNames are the names that the archive may have for a call besides the one of
	// the room list.
	OtherNames func(commID string) []string
	// Known is optional. It returns a listed call as the archive may know it, or false if it
	// may not know the call.
	Known func(call.Room) (call.Room, bool)

	Calls []call.Room          // optional: the calls to archive, oldest first; the pass asks for no room list
	Only  func(call.Room) bool // optional: selects listed calls; called once for each call

	// Trouble is for a forecast: the share of users who have trouble; 0: unknown.
	Trouble float64
	// Fewer is optional, for a forecast. It returns how many archived calls have fewer
	// users' events than asked for, and their users.
	Fewer func(ctx context.Context, than ledger.EventsOf, now time.Time) (calls, users int, err error)

	// Samples is optional. It returns empty samples with room for about rows rows. The pass
	// fills them and passes them to Archive or Compare.
	Samples func(rows int) *call.Samples

	retentionEdge edge
	notFinal      sync.Map  // call.Unit → nil: units that are not final and of which the vendor still has something
	counted       sync.Map  // call.Unit → nil: days of scale that this pass has reported
	unreadable    []dueCall // calls of the list that wait until the others are done
	readers       sync.Pool // *reader
	crowds        crowds
	noEvents      atomic.Bool // the account does not have the action
	events        atomic.Bool // the action has answered, so the account has it
	noUnusual     atomic.Bool // the account does not have the action of unusual events
}

// Skip names what a pass leaves out.
type Skip struct{ Calls, UnusualEvents, DailyScale bool }

// Run makes the pass. The Report lists what was archived and what failed. The error says
// what ended the pass early.
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
	if p.RoomID == "" && len(p.Statements) > 0 {
		stage("statistics", func(ctx context.Context) error { return p.statistics(ctx, r) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if p.completesEvents() {
		err := span.Do(ctx, "more events", func(ctx context.Context) error { return p.moreEvents(ctx, r) })
		if err != nil {
			return err
		}
	}
	return span.Do(ctx, "close lists", func(ctx context.Context) error { return p.closeLists(ctx, r, list) })
}

// whole reports whether the pass archives everything that the vendor keeps.
func (p *Pass) whole() bool {
	return p.RoomID == "" && p.From.IsZero() && p.To.IsZero() && p.Calls == nil && p.Only == nil && !p.Skip.Calls && p.Compare == nil
}

// again reports whether the pass also asks for data that the archive has.
func (p *Pass) again() bool { return p.Again || p.Compare != nil }

// taker returns where rows go.
func (p *Pass) taker() Taker {
	if p.Compare != nil {
		return p.Compare
	}
	return p.Archive
}

// entries returns the ledger's rows of units. A pass that compares takes the archive for
// empty.
func (p *Pass) entries(ctx context.Context, kind call.UnitKind, keys []string) (map[string]ledger.Row, error) {
	if p.Compare != nil {
		return nil, nil
	}
	held, err := p.Ledger.Entries(ctx, p.App, kind, keys)
	return held, archived(err)
}

// settled reports whether data about a moment can no longer change.
func (p *Pass) settled(end time.Time) bool { return end.Before(p.Now().Add(-p.Settle)) }

// deadline returns when the vendor drops data of the moment t.
func (p *Pass) deadline(t time.Time) time.Time { return t.Add(p.Retention) }
