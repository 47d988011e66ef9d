package extract

import (
	"context"
	"fmt"
	"time"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

const dayKey = time.DateOnly

// closeLists notes how far the days have been listed, and what is lost.
func (p *Pass) closeLists(ctx context.Context, r *report, list *listing) error {
	if !p.whole() {
		return nil
	}
	keys := make([]string, 0, len(list.days))
	for start := range list.days {
		keys = append(keys, start.Format(dayKey))
		p.notFinal.Store(call.Unit{App: p.App, Kind: call.UnitList, Key: start.Format(dayKey)}, nil)
	}
	// A final day is not listed again, and overdue units of the ledger are lost. So the
	// ledger must first have everything that this pass has done.
	if err := p.Archive.Flush(ctx); err != nil {
		return archived(err)
	}
	if err := p.lost(ctx, r); err != nil {
		return err
	}
	held, err := p.entries(ctx, call.UnitList, keys)
	if err != nil {
		return err
	}
	var entries []ledger.Entry
	for start, d := range list.days {
		entries = append(entries, p.listed(start, d, held[start.Format(dayKey)]))
	}
	return archived(p.Archive.Note(ctx, entries))
}

// listed returns the entry of a day that has been listed. If something failed, the day is
// listed again; its deadline is that of its beginning.
func (p *Pass) listed(start time.Time, d *listedDay, held ledger.Row) ledger.Entry {
	e := ledger.Entry{
		Unit: call.Unit{App: p.App, Kind: call.UnitList, Key: start.Format(dayKey)}, State: ledger.Provisional,
		StartsAt: start, HeldUntil: d.until, Deadline: p.deadline(d.until),
	}
	if len(d.failed) > 0 {
		e.State, e.Deadline = ledger.Failed, p.deadline(start)
		e.Failed, e.Attempts = decide.TriedAgain(d.failed, held.Failed), held.Attempts+1
		e.Reason = decide.ReasonOf(e.Failed)
		return e
	}
	if end := start.Add(24 * time.Hour); !d.until.Before(end) && p.settled(end.Add(recent)) && !d.incomplete {
		e.State = ledger.Archived
	}
	return e
}

// listedDays returns the days within w whose lists are final. It leaves out a day on which
// a call began that the ledger knows and the archive lacks, in whole or in part: without
// the list no pass would ask for that call again.
func (p *Pass) listedDays(ctx context.Context, w call.Window) (map[time.Time]bool, error) {
	var keys []string
	for d := day(w.Start); d.Before(w.End); d = d.Add(24 * time.Hour) {
		keys = append(keys, d.Format(dayKey))
	}
	held, err := p.entries(ctx, call.UnitList, keys)
	if err != nil {
		return nil, err
	}
	final := map[time.Time]bool{}
	for _, h := range held {
		if h.State == ledger.Archived {
			final[day(h.StartsAt)] = true
		}
	}
	open, err := p.Ledger.Overdue(ctx, p.App, p.deadline(w.End.Add(24*time.Hour)))
	if err != nil {
		return nil, archived(err)
	}
	for _, e := range open {
		if e.Unit.Kind == call.UnitCall && (e.State != ledger.Provisional || e.Lacks()) {
			delete(final, day(decide.Later(e.StartsAt, w.Start)))
		}
	}
	return final, nil
}

// lost notes what the vendor has dropped before it was archived: overdue units that this
// pass has not seen, and days that no pass listed.
func (p *Pass) lost(ctx context.Context, r *report) error {
	overdue, err := p.Ledger.Overdue(ctx, p.App, p.deadline(p.oldest()))
	if err != nil {
		return archived(err)
	}
	var lists []ledger.Entry
	for _, e := range overdue {
		if _, still := p.notFinal.Load(e.Unit); still {
			continue
		}
		after := decide.Overdue(e)
		if e.Unit.Kind == call.UnitList {
			if e.State == ledger.Failed {
				r.lost(Failure{What: "calls of " + e.Unit.Key, Reason: "the vendor dropped them before they could all be listed: " + e.Reason})
			}
			lists = append(lists, after)
			continue
		}
		switch {
		case after.State != ledger.Lost:
		case e.Unit.Kind == call.UnitCall:
			r.lost(Failure{CommID: e.Unit.Key, What: "call", Reason: after.Reason})
		default:
			r.lost(Failure{What: fmt.Sprintf("%s %s", e.Unit.Kind, e.Unit.Key), Reason: after.Reason})
		}
		if err := p.Archive.ResumeAll(ctx, e.Unit, e.StartsAt); err != nil {
			return archived(err)
		}
		if err := p.Archive.End(ctx, after); err != nil {
			return archived(err)
		}
	}
	if err := p.Archive.Note(ctx, lists); err != nil {
		return archived(err)
	}
	return p.lostDays(ctx, r)
}

// lostDays notes the days that no pass listed while the vendor had them.
func (p *Pass) lostDays(ctx context.Context, r *report) error {
	until, err := p.Ledger.ListedUntil(ctx, p.App)
	if err != nil {
		return archived(err)
	}
	oldest := p.oldest()
	if until.IsZero() || !until.Before(oldest) {
		return nil
	}
	reason := fmt.Sprintf("no pass was made while the vendor had it: calls between %s and %s are unknown",
		until.UTC().Format(time.RFC3339), oldest.Format(time.RFC3339))
	r.lost(Failure{What: "calls", Reason: reason})
	var entries []ledger.Entry
	for d := day(until); d.Before(day(oldest)); d = d.Add(24 * time.Hour) {
		entries = append(entries, ledger.Entry{
			Unit: call.Unit{App: p.App, Kind: call.UnitList, Key: d.Format(dayKey)}, State: ledger.Lost,
			Reason: reason, StartsAt: d, HeldUntil: until, Deadline: p.deadline(d),
		})
	}
	return archived(p.Archive.Note(ctx, entries))
}
