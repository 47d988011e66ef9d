package extract

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/span"
)

// seriesLimits are the vendor's limits for one request of metric series.
var seriesLimits = plan.Limits{Window: trtc.MaxSeriesWindow, Users: trtc.MaxSeriesUsers}

// callPass archives one call in one pass. It asks what the decision requires, passes the
// rows on, and passes the answers to the decision.
type callPass struct {
	pass   *Pass
	rep    *report
	unit   call.Unit
	listed uint64 // id of the response that listed the call

	completing bool // it is archived, and events are added to it

	mu     sync.Mutex   // guards call and counts while series and events are asked for
	call   *decide.Call // changed under mu
	counts callCounts   // under mu

	open func(context.Context) ([]call.Part, error) // returns the visible parts of the call that are not settled; reads them once
}

// callCounts counts what the pass found of one call.
type callCounts struct {
	sessions, users, samples, events, nulls int
	provisional                             bool
}

// begin prepares the archiving of one call.
func (p *Pass) begin(r *report, due dueCall) *callPass {
	c := &callPass{pass: p, rep: r, completing: due.adds, unit: call.Unit{App: p.App, Kind: call.UnitCall, Key: due.CommID}, listed: due.Response}
	c.call = decide.Begin(decide.Before{
		Room: due.Room, RowProblem: due.Problem, NoCreation: due.NoCreation, Ledger: due.held.Entry, InLedger: due.known,
		Asked: p.now(), Oldest: p.oldest(), Settle: p.Settle, Retention: p.Retention, Limits: seriesLimits,
		Again: p.Again && !due.adds, Compare: p.Compare != nil, Privacy: p.Privacy, EventsOf: p.EventsOf, Follows: p.completesEvents(),
	})
	c.open = c.readOnce()
	return c
}

// archiveCall asks for everything that the archive lacks of one call, and ends the call. It
// reports a failure that concerns only this call and returns no error for it.
func (p *Pass) archiveCall(ctx context.Context, r *report, due dueCall) (final bool, err error) {
	c := p.begin(r, due)
	ctx, s := span.Begin(ctx, "call", attrApp.Int64(int64(p.App)), attrRoom.String(due.RoomID), attrCall.String(due.CommID))
	defer func() { c.endSpan(s, err) }()
	if due.held.Waiting && !c.call.Replaces && !c.call.Unlike() && p.Compare == nil {
		if c.call.Held, err = p.Archive.Resume(ctx, c.unit); err != nil {
			return false, archived(err)
		}
	}
	err = c.fetch(ctx)
	p.Progress.Done(StageCalls, 1)
	if ask.Fatal(err) {
		p.taker().Abandon(c.unit)
		return false, err
	}
	if err != nil {
		c.call.Miss(call.PartRoom, "", c.call.Room.CreatedAt, failureOf(err))
	}
	if reason := c.call.Keeps(); reason != "" {
		return c.keep(reason), nil
	}
	return c.end(ctx)
}

// keep leaves the archive's data of a call unchanged, because a repeated question brought
// less.
func (c *callPass) keep(reason string) (final bool) {
	c.pass.taker().Abandon(c.unit)
	c.rep.failed(c.failure(reason+"; the archive keeps what it had", ""))
	if final = c.call.Ledger.State.Final(); !final {
		c.pass.notFinal.Store(c.unit, nil)
	}
	return final
}

// end ends a call and reports the result.
func (c *callPass) end(ctx context.Context) (final bool, err error) {
	e := c.call.Entry(c.unit)
	if !e.State.Final() {
		c.pass.notFinal.Store(c.unit, nil)
	}
	if err := c.pass.taker().End(ctx, e); err != nil {
		return false, archived(err)
	}
	switch failed := c.call.Failed; {
	case len(failed) == 0:
	case c.call.OnlyUnserved(): // the report has it already
		c.rep.with(func(r *Report) { r.Incomplete++ })
	default:
		c.rep.incomplete(c.failure(decide.ReasonOf(failed), c.call.Cause))
	}
	if lost := c.call.LostBeginning(); lost != "" && c.call.InLedger && !c.pass.Again {
		c.rep.lost(c.failure(lost, ""))
	}
	if c.call.NullAccepted {
		c.rep.nullAccepted(c.unit.Key)
	}
	if e.Waits() {
		c.rep.waits(c.unit.Key)
	}
	if c.completing {
		c.rep.with(func(r *Report) { r.Events += c.counts.events; r.Completed++ })
		return e.State.Final(), nil
	}
	c.counts.provisional = !e.State.Final()
	c.rep.archivedCall(c.counts)
	return e.State.Final(), nil
}

func (c *callPass) failure(reason, cause string) Failure {
	return Failure{CommID: c.unit.Key, RoomID: c.call.Room.RoomID, What: "call", Reason: reason, Cause: cause}
}

// fetch asks for the parts of the call. A part that cannot be fetched is noted as missing.
// An error means that the pass must end.
func (c *callPass) fetch(ctx context.Context) error {
	first, err := c.askFirst(ctx)
	if ask.Fatal(err) {
		return err
	}
	defer first.release()
	list, err := c.usersAfter(ctx, first)
	if err != nil {
		return err
	}
	c.call.TakeUsers(list)
	if len(list.Unnamed) > 0 { // asked for window by window, together with the users of the first answer
		first.release()
		first = nil
		if err := c.askUnnamed(ctx, list); err != nil {
			return err
		}
	}
	all := decide.MergeSessions(c.call.Held.Sessions, list.Sessions)
	c.call.SetPresence(all, list.Unreadable)
	c.counts.sessions, c.counts.users = len(all), len(c.call.Sessions)
	if err := c.addRoom(ctx); err != nil {
		return err
	}
	if err := c.addUsers(ctx, list); err != nil {
		return err
	}
	if first != nil {
		if err := c.addUnnamed(ctx, first.window, first.seriesAnswer, c.call.Sessions); err != nil {
			return err
		}
		first.release()
	}
	c.call.Widen(all, c.pass.oldest())
	all = slices.Concat(all, list.Unreadable)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return span.Do(gctx, "series", func(ctx context.Context) error { return c.askSeries(ctx, all) })
	})
	g.Go(func() error {
		whose, err := c.whose(gctx)
		if err != nil || whose.nobody() {
			return err
		}
		return span.Do(gctx, "events", func(ctx context.Context) error { return c.askEvents(ctx, whose.of(all)) })
	})
	return g.Wait()
}

// decide changes the decision or the counts while several parts are asked for at the same
// time.
func (c *callPass) decide(change func(*decide.Call)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c.call)
}

// ask and askHolding ask as the pass does. They also note in the decision what the vendor
// has dropped, and what was null.
func (c *callPass) ask(ctx context.Context, q question) (reply, error) {
	r, err := c.askHolding(ctx, q)
	r.release()
	return r, err
}

func (c *callPass) askHolding(ctx context.Context, q question) (reply, error) {
	r, err := c.pass.askHolding(ctx, q)
	c.decide(func(d *decide.Call) {
		if d.Begins(r.begins); r.null {
			d.AcceptNull()
		}
	})
	return r, err
}
