package extract

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/span"
	"github.com/callvault/callvault/ledger"
)

const (
	// callsAtOnce is the number of calls that are archived at the same time. It is large
	// enough to use the whole quota of every action, at any latency, although a call waits
	// for one answer after the other. The memory for answers is bounded elsewhere.
	callsAtOnce = 512

	// partsAtOnce is the number of parts of one kind that a call asks for at the same time.
	partsAtOnce = 256
)

// dueCall is a call to archive, with its row in the ledger.
type dueCall struct {
	decide.Listed
	held  ledger.Row
	known bool             // held is set
	adds  bool             // it is archived, and events are added to it
	ended func(final bool) // optional: called when the archiving of the call has ended
}

// calls lists the calls and archives those that the archive lacks.
func (p *Pass) calls(ctx context.Context, r *report, list *listing) error {
	g, gctx := errgroup.WithContext(ctx)
	queue := make(chan dueCall)
	g.Go(func() error {
		defer close(queue)
		defer list.end()
		return span.Do(gctx, "list", func(ctx context.Context) error { return p.listCalls(ctx, r, list, queue) })
	})
	for range callsAtOnce {
		g.Go(func() error {
			for c := range queue {
				final, err := p.archiveCall(gctx, r, c)
				if err != nil {
					return err
				}
				if c.ended != nil {
					c.ended(final)
				}
				if !final {
					list.unfinished(c.Room)
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// listCalls sends each call of the window that needs archiving once. The oldest come first,
// because they expire first.
func (p *Pass) listCalls(ctx context.Context, r *report, list *listing, queue chan<- dueCall) error {
	switch {
	case p.Calls != nil:
		list.skip(slice{Window: p.window()})
		return p.send(ctx, r, p.given(), queue)
	case p.Skip.Calls && p.Skip.UnusualEvents: // nothing needs to know when calls were alive
		return nil
	}
	err := p.eachSlice(ctx, r, list, func(s slice, rooms []decide.Listed) error {
		return p.send(ctx, r, list.add(s, rooms), queue)
	})
	if err != nil {
		return err
	}
	list.end() // nothing more is listed
	return p.sendUnreadable(ctx, r, list, queue)
}

// send sends the calls that need archiving.
func (p *Pass) send(ctx context.Context, r *report, rooms []decide.Listed, queue chan<- dueCall) error {
	due, err := p.due(ctx, r, p.chosen(rooms))
	if err != nil {
		return err
	}
	return p.enqueue(ctx, p.withoutUnreadable(due), queue)
}

func (p *Pass) enqueue(ctx context.Context, due []dueCall, queue chan<- dueCall) error {
	p.Progress.Add(StageCalls, len(due))
	for _, c := range due {
		select {
		case queue <- c:
		case <-ctx.Done():
			return ask.Ended(ctx)
		}
	}
	return nil
}

// given returns the calls of p.Calls, for which no list is needed.
func (p *Pass) given() []decide.Listed {
	rooms := make([]decide.Listed, len(p.Calls))
	for i, r := range p.Calls {
		rooms[i].Room = r
	}
	return rooms
}

// chosen returns the calls that the pass looks at.
func (p *Pass) chosen(rooms []decide.Listed) []decide.Listed {
	if p.Known != nil {
		rooms = p.known(rooms)
	}
	switch {
	case p.Skip.Calls:
		return nil
	case p.Only == nil:
		return rooms
	}
	return slices.DeleteFunc(slices.Clone(rooms), func(r decide.Listed) bool { return !p.Only(r.Room) })
}

// known returns the calls as the archive may know them.
func (p *Pass) known(rooms []decide.Listed) (all []decide.Listed) {
	for _, r := range rooms {
		room, ok := p.Known(r.Room)
		if r.Room = room; ok {
			all = append(all, r)
		}
	}
	return all
}

// due returns the calls whose archive is not final, the most urgent first. It notes new
// calls in the ledger.
func (p *Pass) due(ctx context.Context, r *report, rooms []decide.Listed) ([]dueCall, error) {
	r.listed(len(rooms))
	due, err := p.unfinished(ctx, rooms)
	if err != nil {
		return nil, err
	}
	r.alreadyHeld(len(rooms) - len(due))
	slices.SortStableFunc(due, func(a, b dueCall) int { return p.urgency(a).Compare(p.urgency(b)) })
	if p.Compare != nil {
		return due, nil
	}
	var fresh []ledger.Entry
	for _, c := range due {
		if !c.known {
			fresh = append(fresh, p.pending(c.Room))
		}
	}
	return due, archived(p.Archive.Note(ctx, fresh))
}

// unfinished returns the calls whose archive is not final.
func (p *Pass) unfinished(ctx context.Context, rooms []decide.Listed) ([]dueCall, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	keys := make([]string, len(rooms))
	for i, room := range rooms {
		keys[i] = room.CommID
	}
	held, err := p.Ledger.Entries(ctx, p.App, call.UnitCall, keys)
	if err != nil {
		return nil, archived(err)
	}
	var due []dueCall
	for _, room := range rooms {
		h, known := held[room.CommID]
		if !known || !h.State.Final() || p.again() {
			due = append(due, dueCall{Listed: room, held: h, known: known})
		}
	}
	return due, nil
}

// pending returns the entry of a new call.
func (p *Pass) pending(room call.Room) ledger.Entry {
	return ledger.Entry{
		Unit: call.Unit{App: p.App, Kind: call.UnitCall, Key: room.CommID}, State: ledger.Pending,
		StartsAt: room.CreatedAt, Deadline: p.deadline(room.CreatedAt), Privacy: p.Privacy,
	}
}

// urgency returns when the vendor begins to drop data of a call that the archive lacks.
func (p *Pass) urgency(c dueCall) time.Time {
	if c.known && c.held.HeldUntil.After(c.CreatedAt) {
		return p.deadline(c.held.HeldUntil)
	}
	return p.deadline(c.CreatedAt)
}
