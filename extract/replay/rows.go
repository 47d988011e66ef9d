package replay

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/transform"
)

// rowsOf decodes the responses of one part, and sets the part's Reason to what cannot be
// read. known are the sessions of the settled parts so far.
func (r *Replayer) rowsOf(ctx context.Context, e ledger.Entry, p *call.Part, known *decide.SessionSet) (rows call.Rows, err error) {
	rows = call.Rows{RoomID: p.RoomID}
	if e.Unit.Kind == call.UnitCall {
		rows.CreatedAt = e.StartsAt
	}
	if p.Kind == call.PartRoom {
		return rows, r.room(ctx, e, p, &rows)
	}
	bodies, err := r.bodies(ctx, *p)
	if err != nil {
		return rows, err
	}
	d := decoding{reason: p.Reason}
	switch p.Kind {
	case call.PartUsers:
		rows.Sessions = d.sessions(*p, bodies, known)
	case call.PartSeries:
		rows.Samples = d.samples(*p, bodies)
	case call.PartEvents:
		rows.Events = d.events(*p, bodies)
	case call.PartUnusual:
		rows.Unusual = d.unusual(*p, bodies)
	case call.PartScale:
		rows.Day = d.day(e.Unit, bodies)
	case call.PartStatistics:
		rows.Statistics = d.statistics(e.Unit, *p, bodies)
	default:
		return rows, fmt.Errorf("replay %s %s: there is no part %q", e.Unit.Kind, e.Unit.Key, p.Kind)
	}
	if d.err != nil {
		return rows, d.err
	}
	if d.problem != "" || !unanswered(e, p.Kind) {
		p.Reason, p.Settled = d.problem, p.Settled && d.problem == ""
	}
	return rows, nil
}

// unanswered reports whether parts of a kind are missing because the vendor has not
// answered: decoding again does not help.
func unanswered(e ledger.Entry, kind call.PartKind) bool {
	return slices.ContainsFunc(e.Failed, func(f ledger.FailedPart) bool { return f.Kind == kind && !f.Kept && !f.Gone() && !f.Null() })
}

// bodies reads the responses of a part, in order.
func (r *Replayer) bodies(ctx context.Context, p call.Part) ([][]byte, error) {
	kept, err := r.From.Bodies(ctx, p.Responses)
	if err != nil {
		return nil, err
	}
	var bodies [][]byte
	for _, id := range p.Responses {
		body, ok := kept[id]
		switch {
		case id == call.ErasedResponse:
			return nil, ErrErased
		case !ok:
			return nil, ErrNotKept
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// room finds the room of a call in the page of the list that named it.
func (r *Replayer) room(ctx context.Context, e ledger.Entry, p *call.Part, rows *call.Rows) error {
	if len(p.Responses) != 1 {
		return fmt.Errorf("replay call %s: its room has %d responses, want 1", e.Unit.Key, len(p.Responses))
	}
	rooms, ok := r.pages.get(p.Responses[0])
	if !ok {
		bodies, err := r.bodies(ctx, *p)
		if err != nil {
			return err
		}
		var d transform.Decoder
		list, info, err := d.Rooms(bodies[0], e.Unit.App, nil)
		if err != nil {
			return fmt.Errorf("replay call %s: %w", e.Unit.Key, err)
		}
		listed, _ := decide.ListedRooms(list, info, p.Responses[0], e.StartsAt)
		rooms = r.pages.put(p.Responses[0], listed)
	}
	room, ok := rooms[e.Unit.Key]
	if !ok {
		return fmt.Errorf("replay call %s: the room list that was kept does not name it", e.Unit.Key)
	}
	if p.Reason = room.Problem; room.NoCreation {
		return nil
	}
	room.CreatedAt = e.StartsAt // as in the pass: see decide.Begin
	rows.Room = &room.Room
	return nil
}

// roomPages keeps the pages of room lists that were read last, because neighbouring calls
// came with the same page. It is safe for concurrent use.
type roomPages struct {
	mu    sync.Mutex
	pages map[uint64]map[string]decide.Listed // by response
}

// pagesHeld is the number of pages that are kept.
const pagesHeld = 32

func (p *roomPages) get(response uint64) (map[string]decide.Listed, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rooms, ok := p.pages[response]
	return rooms, ok
}

func (p *roomPages) put(response uint64, list []decide.Listed) map[string]decide.Listed {
	var all decide.RoomSet
	for _, r := range list {
		all.Add(r)
	}
	rooms := make(map[string]decide.Listed, len(list))
	for _, r := range all.Rooms {
		rooms[r.CommID] = r
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pages == nil || len(p.pages) >= pagesHeld {
		p.pages = map[uint64]map[string]decide.Listed{}
	}
	p.pages[response] = rooms
	return rooms
}
