package extract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// unusualEvents archives the hours of the window. The hours are asked for also
// where no call was alive: a failed entry makes an event and no call.
func (p *Pass) unusualEvents(ctx context.Context, r *report, list *listing) error {
	hours, err := p.dueHours(ctx)
	if err != nil {
		return err
	}
	p.Progress.Add(StageUnusual, len(hours))
	var missing atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	for _, h := range hours {
		g.Go(func() error {
			defer p.Progress.Done(StageUnusual, 1)
			if missing.Load() > 0 {
				return nil // the account does not have this action
			}
			err := p.archiveHour(gctx, r, list, h)
			if err == nil || fatal(err) {
				return err
			}
			if unavailable(err) {
				if missing.Add(1) == 1 {
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

// dueHours are the hours that need asking. One that began before the vendor's
// retention is asked for only if the archive has nothing of it; so is, where all
// is asked again, one that may have begun to expire when its turn comes.
func (p *Pass) dueHours(ctx context.Context) ([]call.Window, error) {
	w := p.window() // whole hours of it, as far as they are in reach
	w.Start = later(w.Start.Truncate(time.Hour), p.oldest())
	w.End = earlier(w.End.Add(time.Hour-time.Second).Truncate(time.Hour), p.now())
	hours := plan.Hours(w.Start, w.End)
	keys := make([]string, len(hours))
	for i, h := range hours {
		keys[i] = unitKey(h.Start)
	}
	held, err := p.Archive.Entries(ctx, p.App, call.UnitUnusual, keys)
	if err != nil {
		return nil, archiveError{err}
	}
	whole := p.oldest()
	if p.Again {
		whole = whole.Add(WidestMargin)
	}
	return slices.DeleteFunc(hours, func(h call.Window) bool {
		e, ok := held[unitKey(h.Start)]
		partial := h.Start.Truncate(time.Hour).Before(whole)
		return ok && (e.State.Final() && !p.Again || partial && e.State != call.Failed && !e.Lacks())
	}), nil
}

// unitKey names the hour that holds t.
func unitKey(t time.Time) string { return t.UTC().Truncate(time.Hour).Format(time.RFC3339) }

func (p *Pass) archiveHour(ctx context.Context, r *report, list *listing, h call.Window) error {
	start := h.Start.Truncate(time.Hour)
	end := start.Add(time.Hour)
	e := call.Entry{Unit: call.Unit{App: p.App, Kind: call.UnitUnusual, Key: unitKey(start)}, State: call.Provisional, StartsAt: start, Deadline: p.deadline(start)}
	if p.settled(end) { // as of before the asking
		e.State, e.HeldUntil = call.Archived, end
	} else {
		p.open.add(e.Unit)
	}
	due, err := list.alive(ctx, start)
	if err != nil {
		return err
	}
	n := narrowing{pass: p, rep: r, due: due}
	events, err := n.hour(ctx, h.Start.Unix(), min(end.Unix(), h.End.Unix()+1))
	if err != nil {
		return err
	}
	if len(n.missed) > 0 {
		if events, err = p.missHour(ctx, r, &e, &n, events); err != nil {
			return err
		}
	}
	if !n.cutAt.IsZero() && p.Again {
		if h.Start.Equal(start) { // else it had begun to expire before the pass: nothing else was wanted
			r.failed(Failure{What: "unusual events of " + unitKey(start), Reason: "their beginning has expired; they stay as they were"})
		}
		return nil
	}
	switch {
	case n.cutAt.IsZero():
	case !h.Start.Equal(start): // it had begun to expire before the pass, and goes on
		h.Start = later(h.Start, n.cutAt)
	default:
		lost := "the vendor no longer had what came before " + n.cutAt.UTC().Format(time.RFC3339)
		e.Failed = append(e.Failed, call.FailedPart{Kind: call.PartUnusual, Key: call.BeforeKey + n.cutAt.UTC().Format(time.RFC3339), Reason: lost})
		e.Reason = lost
	}
	for _, where := range n.incomplete {
		r.failed(Failure{What: "unusual events", Reason: "the vendor shows at most 20 and has more of " + where})
		e.Failed = append(e.Failed, call.FailedPart{Kind: call.PartUnusual, Key: where, Reason: "the vendor shows at most 20 and has more"})
	}
	part := call.Part{
		Kind: call.PartUnusual, Window: h, Settled: e.State.Final(), Reason: n.reason(),
		Owned: n.owned, Asked: p.now(), Deadline: e.Deadline, Responses: n.responses,
	}
	if err := p.Archive.Add(ctx, e.Unit, part, call.Rows{Unusual: events}); err != nil {
		return archiveError{err}
	}
	r.unusual(len(events))
	return archived(p.Archive.End(ctx, e))
}

// missHour names what of an hour could not be had, or not whole: it is provisional.
// What was visible of it stays so. An hour of which all failed is an error.
func (p *Pass) missHour(ctx context.Context, r *report, e *call.Entry, n *narrowing, events []call.UnusualEvent) ([]call.UnusualEvent, error) {
	if len(n.owned) == 0 {
		return nil, n.missed[0].err
	}
	held, err := p.Archive.Entries(ctx, p.App, e.Unit.Kind, []string{e.Unit.Key})
	if err != nil {
		return nil, archiveError{err}
	}
	before := held[e.Unit.Key]
	if (p.Again || before.State.Final()) && before.State.Final() {
		return nil, fmt.Errorf("%w; they stay as they were", n.missed[0].err)
	}
	var failed []call.FailedPart
	for _, m := range n.missed {
		failed = withPart(failed, call.PartUnusual, windowKey(m.Window), m.err)
	}
	e.State, e.HeldUntil = call.Provisional, time.Time{}
	e.Failed, e.Attempts = triedAgain(failed, before.Failed), before.Attempts+1
	e.Reason = failedReason(e.Failed)
	p.open.add(e.Unit)
	r.failed(Failure{What: "unusual events of " + e.Unit.Key, Reason: e.Reason, Cause: causeOf(n.missed[0].err)})
	if before.State != call.Provisional {
		return events, nil
	}
	parts, err := p.Archive.OpenParts(ctx, e.Unit)
	if err != nil {
		return nil, archiveError{err}
	}
	for _, p := range parts {
		n.owned, n.responses = append(n.owned, p.Owned...), append(n.responses, p.Responses...)
	}
	shown, err := p.Archive.OpenRows(ctx, e.Unit, call.PartUnusual, nil)
	return distinct(append(events, shown.Unusual...)), archived(err)
}

// distinct leaves each event once.
func distinct(events []call.UnusualEvent) []call.UnusualEvent {
	seen := map[call.UnusualEvent]bool{}
	return slices.DeleteFunc(events, func(e call.UnusualEvent) bool {
		again := seen[e]
		seen[e] = true
		return again
	})
}

// failHour notes an hour that could not be had.
func (p *Pass) failHour(ctx context.Context, h call.Window, cause error) error {
	start := h.Start.Truncate(time.Hour)
	u := call.Unit{App: p.App, Kind: call.UnitUnusual, Key: unitKey(start)}
	p.Archive.Abandon(u)
	p.open.add(u)
	held, err := p.Archive.Entries(ctx, p.App, u.Kind, []string{u.Key})
	if err != nil {
		return archiveError{err}
	}
	return archived(p.Archive.End(ctx, call.Entry{
		Unit: u, State: call.Failed, Reason: cause.Error(), StartsAt: start, Deadline: p.deadline(start), Attempts: held[u.Key].Attempts + 1,
	}))
}

// narrowing finds all events of a span though the vendor shows at most 20
// arbitrary experiences of what it is asked for: where 20 come back there may
// be more, and the span is halved, down to one room in one second.
type narrowing struct {
	pass       *Pass
	rep        *report
	missed     []setAside // windows that could not be had, or not whole
	cutAt      time.Time  // what was before had expired when it was asked for; zero: nothing
	due        bool       // some call was alive then: null is suspect
	incomplete []string
	owned      []call.Owned // the seconds that each of responses was kept for
	responses  []uint64
}

// leastUnusual is the smallest span, in seconds, that is divided because it cannot
// be had; because it is full a span is divided down to one.
const leastUnusual = 300

// hour returns the events of an hour, or of what is left of it. A pass that asks
// otherwise asks in two spans.
func (n *narrowing) hour(ctx context.Context, from, to int64) ([]call.UnusualEvent, error) {
	const cut = 25 * 60
	if n.pass.Otherwise && to-from > cut {
		return n.both(ctx, [2]int64{from, from + cut}, [2]int64{from + cut, to}, "")
	}
	return n.search(ctx, from, to, "")
}

// search returns the events of the seconds from (included) to to (excluded).
func (n *narrowing) search(ctx context.Context, from, to int64, roomID string) ([]call.UnusualEvent, error) {
	a, err := n.ask(ctx, from, to, from, to, roomID)
	return n.narrow(ctx, from, to, roomID, a, err)
}

// narrow looks at what came of a question. What cannot be had is divided as long as
// one of the halves can be, and named.
func (n *narrowing) narrow(ctx context.Context, from, to int64, roomID string, a narrowed, err error) ([]call.UnusualEvent, error) {
	middle := from + (to-from)/2
	switch {
	case fatal(err) || unavailable(err):
		return nil, err
	case err != nil && (to-from < 2*leastUnusual || !divisible(err)):
		return nil, n.miss(from, to, a, err)
	case err != nil:
		first, e1 := n.ask(ctx, from, middle, from, middle, roomID)
		second, e2 := n.ask(ctx, middle, to, middle, to, roomID)
		if e1 != nil && e2 != nil && !saysLess(err) && !fatal(e1) && !fatal(e2) {
			return nil, n.miss(from, to, a, err)
		}
		events, e := n.narrow(ctx, from, middle, roomID, first, e1)
		if e != nil {
			return nil, e
		}
		more, e := n.narrow(ctx, middle, to, roomID, second, e2)
		return append(events, more...), e
	case !a.full:
		return n.keep(a), nil
	case to-from > 1:
		return n.both(ctx, [2]int64{from, middle}, [2]int64{middle, to}, roomID)
	}
	return n.second(ctx, from, roomID, a)
}

// miss sets a span aside. An answer that cannot be read is kept with it.
func (n *narrowing) miss(from, to int64, a narrowed, err error) error {
	n.missed = append(n.missed, setAside{call.Window{Start: time.Unix(from, 0).UTC(), End: time.Unix(to-1, 0).UTC()}, err})
	if a.response != 0 {
		n.keep(a)
	}
	return nil
}

// reason says why the hour is not whole; "": it is.
func (n *narrowing) reason() string {
	if len(n.missed) == 0 {
		return ""
	}
	return n.missed[0].err.Error()
}

func (n *narrowing) both(ctx context.Context, a, b [2]int64, roomID string) ([]call.UnusualEvent, error) {
	first, err := n.search(ctx, a[0], a[1], roomID)
	if err != nil {
		return nil, err
	}
	second, err := n.search(ctx, b[0], b[1], roomID)
	return append(first, second...), err
}

// second searches within one second of which more is known to exist than seen.
func (n *narrowing) second(ctx context.Context, at int64, roomID string, seen narrowed) ([]call.UnusualEvent, error) {
	alone, err := n.ask(ctx, at, at, at, at+1, roomID)
	switch {
	case fatal(err):
		return nil, err
	case err == nil && !alone.full && len(alone.events) >= len(seen.events):
		return n.keep(alone), nil
	case roomID != "":
		n.incomplete = append(n.incomplete, fmt.Sprintf("room %q at %s", roomID, time.Unix(at, 0).UTC().Format(time.RFC3339)))
		return n.keep(seen), nil
	}
	rooms, err := n.rooms(ctx, at, append(seen.events, alone.events...))
	if err != nil {
		return nil, err
	}
	var all []call.UnusualEvent
	for _, room := range rooms {
		events, err := n.search(ctx, at, at+1, room)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	return all, nil
}

// rooms are the room ids that may have events in a second: those seen, and
// those of calls alive around it.
func (n *narrowing) rooms(ctx context.Context, at int64, seen []call.UnusualEvent) ([]string, error) {
	around := call.Window{Start: time.Unix(at, 0).Add(-time.Minute), End: time.Unix(at, 0).Add(time.Minute)}
	w, _ := n.pass.reach(around)
	listed, err := n.pass.listSlice(ctx, slice{w, true})
	if err != nil {
		return nil, err
	}
	for _, gap := range listed.gaps {
		n.incomplete = append(n.incomplete, "rooms "+gap.text()) // perhaps
	}
	var ids []string
	for _, r := range listed.all.rooms {
		ids = append(ids, r.RoomID)
	}
	for _, e := range seen {
		ids = append(ids, e.RoomID)
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" }), nil
}

// narrowed is what one question showed.
type narrowed struct {
	events   []call.UnusualEvent
	full     bool // there may be more
	owned    call.Owned
	response uint64
}

// keep takes the events of an answer.
func (n *narrowing) keep(a narrowed) []call.UnusualEvent {
	n.owned = append(n.owned, a.owned)
	n.responses = append(n.responses, a.response)
	return a.events
}

// ask asks for [start, end], both included, and keeps the seconds from
// (included) to to (excluded).
func (n *narrowing) ask(ctx context.Context, start, end, from, to int64, roomID string) (a narrowed, err error) {
	p := n.pass
	w := call.Window{Start: time.Unix(start, 0), End: time.Unix(min(end, p.now().Unix()), 0)}
	build := func(w call.Window) trtc.Request { return p.Asker.Dialect().UnusualEvents(p.App, w, roomID) }
	a.owned = call.Owned{From: uint32(from), To: uint32(to - 1)}
	q := question{window: w, build: build, cut: func(at time.Time) { n.cutAt = later(n.cutAt, at) }}
	var info transform.Info
	q.decode = func(body []byte) (err error) {
		var d transform.Decoder
		var got []call.UnusualEvent
		got, info, err = d.UnusualEvents(body, nil)
		a.full = info.Items >= trtc.MaxUnusualEvents
		a.events = KeepUnusual(got, a.owned)
		switch {
		case err != nil:
			return err
		case info.List == transform.ListAbsent || info.List == transform.ListWrong:
			return noList("AbnormalExperienceList", info)
		case n.due && info.List != transform.ListPresent:
			return errSuspect
		}
		return cmp.Or(damaged(info.Damage), shortAnswer(info))
	}
	k, release, err := p.askHolding(ctx, q)
	release()
	a.response = k.id
	problem := ""
	if err == nil && !a.full {
		problem = problemIn(info)
	}
	if problem != "" {
		n.missed = append(n.missed, setAside{call.Window{Start: time.Unix(from, 0).UTC(), End: time.Unix(to-1, 0).UTC()}, oddError{problem: problem}})
	}
	if err == nil && !a.full {
		n.rep.repeated(info.Repeated)
	}
	return a, err
}

// KeepUnusual leaves the events of the seconds owned.
func KeepUnusual(events []call.UnusualEvent, o call.Owned) []call.UnusualEvent {
	return slices.DeleteFunc(events, func(e call.UnusualEvent) bool {
		return e.Time.Unix() < int64(o.From) || e.Time.Unix() > int64(o.To)
	})
}
