package extract

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// hoursAtOnce is the number of hours of unusual events that are asked for at the same time:
// enough for the quota, and few enough to learn from the first how crowded the others are.
const hoursAtOnce = 32

// unusualEvents archives the hours of the window. It also asks for hours without calls: a
// failed entry makes an event and no call.
func (p *Pass) unusualEvents(ctx context.Context, r *report, list *listing) error {
	hours, err := p.dueHours(ctx)
	if err != nil {
		return err
	}
	p.Progress.Add(StageUnusual, len(hours))
	var missing atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(hoursAtOnce)
	for _, h := range hours {
		g.Go(func() error {
			defer p.Progress.Done(StageUnusual, 1)
			if missing.Load() > 0 {
				return nil // the account does not have this action
			}
			err := p.archiveHour(gctx, r, list, h)
			if err == nil || ask.Fatal(err) {
				return err
			}
			if unavailable(err) {
				if p.noUnusual.Store(true); missing.Add(1) == 1 {
					r.failed(notServed("unusual_events", err))
				}
				return nil
			}
			r.failed(Failure{What: "unusual events of " + unitKey(h.Start), Reason: err.Error(), Cause: causeOf(err)})
			return p.failHour(gctx, h, err)
		})
	}
	return g.Wait()
}

// dueHours returns the hours to ask for. An hour that began before the vendor's retention
// is due only if the archive has nothing of it. If everything is asked for again, the same
// is true of an hour that may begin to expire before its turn comes.
func (p *Pass) dueHours(ctx context.Context) ([]call.Window, error) {
	w := p.window() // whole hours, as far as the vendor keeps them
	w.Start = decide.Later(w.Start.Truncate(time.Hour), p.oldest())
	w.End = decide.Earlier(w.End.Add(time.Hour-time.Second).Truncate(time.Hour), p.now())
	hours := plan.Hours(w.Start, w.End)
	keys := make([]string, len(hours))
	for i, h := range hours {
		keys[i] = unitKey(h.Start)
	}
	held, err := p.entries(ctx, call.UnitUnusual, keys)
	if err != nil {
		return nil, err
	}
	whole := p.oldest()
	if p.again() {
		whole = whole.Add(ask.WidestMargin)
	}
	return slices.DeleteFunc(hours, func(h call.Window) bool {
		e, ok := held[unitKey(h.Start)]
		partial := h.Start.Truncate(time.Hour).Before(whole)
		return ok && (e.State.Final() && !p.again() || partial && e.State != ledger.Failed && !e.Lacks())
	}), nil
}

// unitKey names the hour that holds t.
func unitKey(t time.Time) string { return t.UTC().Truncate(time.Hour).Format(time.RFC3339) }

func (p *Pass) archiveHour(ctx context.Context, r *report, list *listing, h call.Window) error {
	start := h.Start.Truncate(time.Hour)
	end := start.Add(time.Hour)
	e := ledger.Entry{Unit: call.Unit{App: p.App, Kind: call.UnitUnusual, Key: unitKey(start)}, State: ledger.Provisional, StartsAt: start, Deadline: p.deadline(start)}
	if p.settled(end) { // as of before the question
		e.State, e.HeldUntil = ledger.Archived, end
	} else {
		p.notFinal.Store(e.Unit, nil)
	}
	due, alive, err := list.alive(ctx, start)
	if err != nil {
		return err
	}
	n := unusualSearch{pass: p, rep: r, due: due, expected: p.crowds.expected(alive)}
	if err := n.hour(ctx, h.Start.Unix(), min(end.Unix(), h.End.Unix()+1)); err != nil {
		return err
	}
	if len(n.missed) == 0 {
		p.crowds.saw(n.found, alive)
	}
	if len(n.missed) > 0 {
		if err := p.missHour(ctx, r, &e, &n); err != nil {
			return err
		}
	}
	if !n.begins.IsZero() && p.again() {
		if h.Start.Equal(start) { // otherwise it had begun to expire before the pass, and only its rest was asked for
			r.failed(Failure{What: "unusual events of " + unitKey(start), Reason: "their beginning has expired; the archive keeps what it had"})
		}
		return nil
	}
	switch {
	case n.begins.IsZero():
	case !h.Start.Equal(start): // it had begun to expire before the pass, and expires further
		h.Start = decide.Later(h.Start, n.begins)
	default:
		lost := "the vendor had dropped everything before " + n.begins.UTC().Format(time.RFC3339)
		e.Failed = append(e.Failed, ledger.FailedPart{Kind: call.PartUnusual, Key: ledger.BeforeKey + n.begins.UTC().Format(time.RFC3339), Reason: lost})
		e.Reason = lost
	}
	for _, where := range n.incomplete {
		r.failed(Failure{What: "unusual events", Reason: "the vendor returns at most 20 and has more in " + where})
		e.Failed = append(e.Failed, ledger.FailedPart{Kind: call.PartUnusual, Key: where, Reason: "the vendor returns at most 20 and has more"})
	}
	if len(n.events) == 0 && len(e.Failed) == 0 && !p.again() {
		if done, err := p.quietHour(ctx, e); done || err != nil {
			return err
		}
	}
	part := call.Part{
		Kind: call.PartUnusual, Window: h, Settled: e.State.Final(), Reason: n.reason(),
		Owned: n.owned, Asked: p.now(), Deadline: e.Deadline, Responses: n.responses,
	}
	if err := p.taker().Add(ctx, e.Unit, part, call.Rows{Unusual: n.events}); err != nil {
		return archived(err)
	}
	r.unusual(len(n.events))
	return archived(p.taker().End(ctx, e))
}

// quietHour notes an hour without events of which nothing is visible. The hour needs no
// rows, and an entry in the ledger only if the entry changes.
func (p *Pass) quietHour(ctx context.Context, e ledger.Entry) (done bool, err error) {
	held, err := p.entries(ctx, e.Unit.Kind, []string{e.Unit.Key})
	if err != nil {
		return false, err
	}
	before, known := held[e.Unit.Key]
	switch {
	case before.Counts.Rows() > 0 || before.Waiting || before.State == ledger.Failed:
		return false, nil
	case known && before.State == e.State && len(before.Failed) == 0:
		return true, nil
	case e.State == ledger.Archived:
		e.State = ledger.Empty
	}
	return true, archived(p.Archive.Note(ctx, []ledger.Entry{e}))
}

// missHour names the windows of an hour that failed or are not whole. The hour is
// provisional, and its visible events stay. If every window failed, missHour returns an
// error.
func (p *Pass) missHour(ctx context.Context, r *report, e *ledger.Entry, n *unusualSearch) error {
	if len(n.owned) == 0 {
		return n.missed[0].Err
	}
	held, err := p.entries(ctx, e.Unit.Kind, []string{e.Unit.Key})
	if err != nil {
		return err
	}
	before := held[e.Unit.Key]
	if before.State.Final() {
		return fmt.Errorf("%w; the archive keeps what it had", n.missed[0].Err)
	}
	var failed []ledger.FailedPart
	for _, m := range n.missed {
		failed = decide.AddPart(failed, call.PartUnusual, decide.WindowKey(m.Of), failureOf(m.Err))
	}
	e.State, e.HeldUntil = ledger.Provisional, time.Time{}
	e.Failed, e.Attempts = decide.TriedAgain(failed, before.Failed), before.Attempts+1
	e.Reason = decide.ReasonOf(e.Failed)
	p.notFinal.Store(e.Unit, nil)
	r.failed(Failure{What: "unusual events of " + e.Unit.Key, Reason: e.Reason, Cause: causeOf(n.missed[0].Err)})
	if before.State != ledger.Provisional {
		return nil
	}
	parts, err := p.Archive.OpenParts(ctx, e.Unit)
	if err != nil {
		return archived(err)
	}
	for _, p := range parts {
		n.owned, n.responses = append(n.owned, p.Owned...), append(n.responses, p.Responses...)
	}
	visible, err := p.Archive.OpenRows(ctx, e.Unit, call.PartUnusual, nil)
	n.events = decide.Distinct(append(n.events, visible.Unusual...))
	return archived(err)
}

// failHour notes an hour that failed.
func (p *Pass) failHour(ctx context.Context, h call.Window, cause error) error {
	start := h.Start.Truncate(time.Hour)
	u := call.Unit{App: p.App, Kind: call.UnitUnusual, Key: unitKey(start)}
	p.taker().Abandon(u)
	p.notFinal.Store(u, nil)
	held, err := p.entries(ctx, u.Kind, []string{u.Key})
	if err != nil {
		return err
	}
	return archived(p.taker().End(ctx, ledger.Entry{
		Unit: u, State: ledger.Failed, Reason: cause.Error(), StartsAt: start, Deadline: p.deadline(start), Attempts: held[u.Key].Attempts + 1,
	}))
}
