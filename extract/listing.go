package extract

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// listing is what a pass has seen of the room lists, day by day. A UTC day need
// not be listed again once its list cannot change and each call on it is final
// or still running: then a later day shows it. It holds only calls that reach
// into a later slice, and those that are not final.
type listing struct {
	mu     sync.Mutex
	days   map[time.Time]*listedDay
	across map[string]time.Time // calls that reach beyond the last slice → their end
	hours  map[time.Time]bool   // in which some call was alive
	until  time.Time            // listed so far
	moved  chan struct{}        // closed, and replaced, when until moves
}

type listedDay struct {
	until      time.Time         // read up to
	incomplete bool              // some call that ended is not final
	failed     []call.FailedPart // what of its list could not be had
}

// gap notes a window that could not be listed in full.
func (l *listing) gap(s setAside) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.on(s.Start)
	key := s.Start.Format(time.RFC3339) + "/" + s.End.Format(time.RFC3339)
	d.failed = append(d.failed, call.FailedPart{Kind: call.PartList, Key: key, Reason: s.err.Error(), Attempts: 1})
	for h := s.Start.Truncate(time.Hour); h.Before(s.End); h = h.Add(time.Hour) {
		l.hours[h] = true // calls may have been alive
	}
}

// damaged notes a row of a slice that names no call.
func (l *listing) damaged(s slice, damage transform.Damage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.on(s.Start)
	d.failed = append(d.failed, call.FailedPart{Kind: call.PartRoom, Key: damage.Key, Reason: damageText(damage), Attempts: 1})
}

func newListing() *listing {
	return &listing{
		days: map[time.Time]*listedDay{}, across: map[string]time.Time{},
		hours: map[time.Time]bool{}, moved: make(chan struct{}),
	}
}

// day is the UTC day of t.
func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// add notes what a slice lists and returns the calls not seen before. Slices
// come in the order of time.
func (l *listing) add(s slice, rooms []listedRoom) []listedRoom {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.moveTo(s.End)
	l.on(s.Start).until = s.End
	maps.DeleteFunc(l.across, func(_ string, end time.Time) bool { return end.Before(s.Start) })
	var fresh []listedRoom
	for _, r := range rooms {
		last := earlier(endOf(r.Room, s.End), s.End)
		for h := later(r.CreatedAt, s.Start).Truncate(time.Hour); !h.After(last); h = h.Add(time.Hour) {
			l.hours[h] = true
		}
		if _, seen := l.across[r.CommID]; !seen {
			fresh = append(fresh, r)
		}
		if end := endOf(r.Room, s.End); !end.Before(s.End) {
			l.across[r.CommID] = end
		}
	}
	return fresh
}

// skip notes a slice that need not be listed: calls may have been alive in it.
func (l *listing) skip(s slice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for h := s.Start.Truncate(time.Hour); h.Before(s.End); h = h.Add(time.Hour) {
		l.hours[h] = true
	}
	l.moveTo(s.End)
}

// endOf is the end of a call; one that is running reaches beyond every slice.
func endOf(r call.Room, at time.Time) time.Time {
	if !r.Finished {
		return at.Add(365 * 24 * time.Hour)
	}
	return destroyed(r)
}

// destroyed is the end of a call that has ended. Where the vendor does not tell
// it, the call is taken to have lasted for as long as most do at most.
func destroyed(r call.Room) time.Time {
	if r.DestroyedAt.IsZero() {
		return r.CreatedAt.Add(leftFor)
	}
	return r.DestroyedAt
}

// on is the listed day that holds t. The caller holds mu.
func (l *listing) on(t time.Time) *listedDay {
	d := l.days[day(t)]
	if d == nil {
		d = &listedDay{}
		l.days[day(t)] = d
	}
	return d
}

// unfinished notes that a call could not be archived for good. If it has ended,
// the days it was on must be listed again.
func (l *listing) unfinished(r call.Room) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !r.Finished {
		return
	}
	for start, d := range l.days {
		d.incomplete = d.incomplete || !destroyed(r).Before(start) && r.CreatedAt.Before(start.Add(24*time.Hour))
	}
}

// moveTo notes that the calls until t are listed. The caller holds mu.
func (l *listing) moveTo(t time.Time) {
	l.until = t
	close(l.moved)
	l.moved = make(chan struct{})
}

// end notes that nothing more will be listed.
func (l *listing) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moveTo(time.Unix(call.Forever, 0))
}

// alive says whether some call was alive in an hour, once that has been listed.
func (l *listing) alive(ctx context.Context, hour time.Time) (bool, error) {
	for {
		l.mu.Lock()
		listed, alive, moved := !l.until.Before(hour.Add(time.Hour)), l.hours[hour], l.moved
		l.mu.Unlock()
		if alive || listed {
			return alive, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false, ended(ctx)
		}
	}
}

const dayKey = time.DateOnly

// closeLists notes how far the days have been listed, and what was lost.
func (p *Pass) closeLists(ctx context.Context, r *report, list *listing) error {
	if !p.whole() {
		return nil
	}
	keys := make([]string, 0, len(list.days))
	for start := range list.days {
		keys = append(keys, start.Format(dayKey))
		p.open.add(call.Unit{App: p.App, Kind: call.UnitList, Key: start.Format(dayKey)})
	}
	// A final day is not listed again, and what is overdue by the ledger is lost:
	// what this pass has done must be in the ledger before.
	if err := p.Archive.Flush(ctx); err != nil {
		return archiveError{err}
	}
	if err := p.lost(ctx, r); err != nil {
		return err
	}
	held, err := p.Archive.Entries(ctx, p.App, call.UnitList, keys)
	if err != nil {
		return archiveError{err}
	}
	var entries []call.Entry
	for start, d := range list.days {
		entries = append(entries, p.listed(start, d, held[start.Format(dayKey)]))
	}
	return archived(p.Archive.Note(ctx, entries))
}

// listed is the entry of a day that has been listed. One of which something could
// not be had is listed again, and dropped by the vendor from its beginning on.
func (p *Pass) listed(start time.Time, d *listedDay, held Held) call.Entry {
	e := call.Entry{
		Unit: call.Unit{App: p.App, Kind: call.UnitList, Key: start.Format(dayKey)}, State: call.Provisional,
		StartsAt: start, HeldUntil: d.until, Deadline: p.deadline(d.until),
	}
	if len(d.failed) > 0 {
		e.State, e.Deadline = call.Failed, p.deadline(start)
		e.Failed, e.Attempts = triedAgain(d.failed, held.Failed), held.Attempts+1
		e.Reason = failedReason(e.Failed)
		return e
	}
	if end := start.Add(24 * time.Hour); !d.until.Before(end) && p.settled(end.Add(recent)) && !d.incomplete {
		e.State = call.Archived
	}
	return e
}

// triedAgain counts in the passes that have tried the parts before. It returns no
// more than a ledger's row is to hold.
func triedAgain(parts, before []call.FailedPart) []call.FailedPart {
	const most = 50
	parts = slices.Clone(parts[:min(len(parts), most)])
	for i := range parts {
		parts[i].Attempts = 1
		for _, b := range before {
			if b.Kind == parts[i].Kind && b.Key == parts[i].Key {
				parts[i].Attempts = b.Attempts + 1
			}
		}
	}
	return parts
}

// listedDays are the days within w whose lists are final, but for those on which
// a call began that the ledger knows and the archive could not get, in whole or
// in part: without the list nothing would ask for it again.
func (p *Pass) listedDays(ctx context.Context, w call.Window) (map[time.Time]bool, error) {
	var keys []string
	for d := day(w.Start); d.Before(w.End); d = d.Add(24 * time.Hour) {
		keys = append(keys, d.Format(dayKey))
	}
	held, err := p.Archive.Entries(ctx, p.App, call.UnitList, keys)
	if err != nil {
		return nil, archiveError{err}
	}
	final := map[time.Time]bool{}
	for _, h := range held {
		if h.State == call.Archived {
			final[day(h.StartsAt)] = true
		}
	}
	open, err := p.Archive.Overdue(ctx, p.App, p.deadline(w.End.Add(24*time.Hour)))
	if err != nil {
		return nil, archiveError{err}
	}
	for _, e := range open {
		if e.Unit.Kind == call.UnitCall && (e.State != call.Provisional || e.Lacks()) {
			delete(final, day(later(e.StartsAt, w.Start)))
		}
	}
	return final, nil
}

// lost notes what the vendor has dropped before it was archived: units that are
// overdue and that this pass did not come upon, and days on which no pass looked.
func (p *Pass) lost(ctx context.Context, r *report) error {
	overdue, err := p.Archive.Overdue(ctx, p.App, p.deadline(p.oldest()))
	if err != nil {
		return archiveError{err}
	}
	var lists []call.Entry
	for _, e := range overdue {
		if p.open.has(e.Unit) {
			continue
		}
		if e.Unit.Kind == call.UnitList {
			if e.State == call.Failed {
				r.lost(Failure{What: "calls of " + e.Unit.Key, Reason: "the vendor dropped what could not be listed of them: " + e.Reason})
			}
			lists = append(lists, closed(e))
			continue
		}
		had := counted(e)
		if e.State, e.Reason = call.Lost, lossReason(e); had {
			e.State, e.Reason = call.Archived, ""
		} else if e.Unit.Kind == call.UnitCall {
			r.lost(Failure{CommID: e.Unit.Key, What: "call", Reason: e.Reason})
		} else {
			r.lost(Failure{What: fmt.Sprintf("%s %s", e.Unit.Kind, e.Unit.Key), Reason: e.Reason})
		}
		if err := p.Archive.ResumeAll(ctx, e.Unit, e.StartsAt); err != nil {
			return archiveError{err}
		}
		if err := p.Archive.End(ctx, e); err != nil {
			return archiveError{err}
		}
	}
	if err := p.Archive.Note(ctx, lists); err != nil {
		return archiveError{err}
	}
	return p.lostDays(ctx, r)
}

// closed is the entry of a day that can be listed no more. What was on it and
// was not archived is known by itself.
func closed(e call.Entry) call.Entry {
	if e.State == call.Failed {
		e.State = call.Lost
		return e
	}
	if !e.HeldUntil.Before(e.StartsAt.Add(24 * time.Hour)) {
		e.State = call.Archived
		return e
	}
	e.State, e.Reason = call.Lost, "calls after "+e.HeldUntil.UTC().Format(time.RFC3339)+" are unknown: no pass was made while the vendor had them"
	return e
}

// lossReason says what of a unit was lost.
func lossReason(e call.Entry) string {
	switch {
	case e.Lacks():
		return "the vendor dropped it before it was archived whole: " + e.Reason
	case e.Reason != "":
		return "the vendor dropped it before it could be archived: " + e.Reason
	case !e.HeldUntil.IsZero():
		return "the vendor dropped what came after " + e.HeldUntil.UTC().Format(time.RFC3339) + " before it was archived"
	}
	return "the vendor dropped it before it was archived"
}

// lostDays notes the days that nobody listed while the vendor had them.
func (p *Pass) lostDays(ctx context.Context, r *report) error {
	until, err := p.Archive.ListedUntil(ctx, p.App)
	if err != nil {
		return archiveError{err}
	}
	oldest := p.oldest()
	if until.IsZero() || !until.Before(oldest) {
		return nil
	}
	reason := fmt.Sprintf("no pass was made while the vendor had it: calls between %s and %s are unknown",
		until.UTC().Format(time.RFC3339), oldest.Format(time.RFC3339))
	r.lost(Failure{What: "calls", Reason: reason})
	var entries []call.Entry
	for d := day(until); d.Before(day(oldest)); d = d.Add(24 * time.Hour) {
		entries = append(entries, call.Entry{
			Unit: call.Unit{App: p.App, Kind: call.UnitList, Key: d.Format(dayKey)}, State: call.Lost,
			Reason: reason, StartsAt: d, HeldUntil: until, Deadline: p.deadline(d),
		})
	}
	return archived(p.Archive.Note(ctx, entries))
}
