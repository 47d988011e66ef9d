package extract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// Recorded is what a replay reads: the visible parts of a unit in the order
// they were added, and the responses they were made from, as far as they are
// kept.
type Recorded interface {
	VisibleParts(ctx context.Context, u call.Unit) ([]call.Part, error)
	Bodies(ctx context.Context, ids []uint64) (map[uint64][]byte, error)
}

// Replay makes units anew from the responses they were made from, without
// asking the vendor.
type Replay struct {
	From Recorded
	To   interface {
		Add(ctx context.Context, u call.Unit, p call.Part, r call.Rows) error
		End(ctx context.Context, e call.Entry) error
		Abandon(u call.Unit)
	}
	pages roomPages
}

// ErrNotKept says that a unit cannot be replayed: some response it was made
// from is not kept. It stays as it is.
var ErrNotKept = errors.New("the responses it was made from are not kept")

// Unit makes a unit anew; it takes the place of what was there, with the same
// entry in the ledger. samples is how many it has.
func (r *Replay) Unit(ctx context.Context, e call.Entry) (samples int, err error) {
	parts, err := r.From.VisibleParts(ctx, e.Unit)
	if err != nil {
		return 0, err
	}
	if len(parts) == 0 {
		return 0, ErrNotKept
	}
	usersFirst(parts)
	var known, all sessionSet
	var stays map[string][]call.Session
	for _, p := range parts {
		rows, err := r.rows(ctx, e, p, &known)
		if err == nil {
			if len(rows.Sessions) > 0 {
				all.add(rows.Sessions)
				stays = byUser(all.list())
			}
			rows.Stays = stays
			err = r.To.Add(ctx, e.Unit, p, rows)
		}
		if err != nil {
			r.To.Abandon(e.Unit)
			return 0, err
		}
		if rows.Samples != nil {
			samples += rows.Samples.Rows()
		}
	}
	return samples, r.To.End(ctx, e)
}

// usersFirst puts the parts that bring the sessions before those whose sums name
// the devices of these, and keeps the order within both.
func usersFirst(parts []call.Part) {
	slices.SortStableFunc(parts, func(x, y call.Part) int {
		first := func(p call.Part) int {
			if p.Kind == call.PartUsers {
				return 0
			}
			return 1
		}
		return first(x) - first(y)
	})
}

// rows decodes the responses of one part. known are the sessions that settled
// parts have brought so far.
func (r *Replay) rows(ctx context.Context, e call.Entry, p call.Part, known *sessionSet) (call.Rows, error) {
	u, rows := e.Unit, call.Rows{RoomID: p.RoomID}
	if u.Kind == call.UnitCall {
		rows.CreatedAt = e.StartsAt
	}
	if p.Kind == call.PartRoom {
		room, err := r.room(ctx, u, p)
		if err == nil {
			room.CreatedAt = e.StartsAt // as the pass had it: see callPass.moved
			rows.Room = room
		}
		return rows, err
	}
	bodies, err := r.bodies(ctx, p)
	if err != nil {
		return rows, err
	}
	var d transform.Decoder
	switch p.Kind {
	case call.PartUsers:
		rows.Sessions, err = sessionsIn(&d, p, bodies, known)
	case call.PartSeries:
		rows.Samples, err = samplesIn(&d, p, bodies)
	case call.PartEvents:
		rows.Events, err = eventsIn(&d, p, bodies)
	case call.PartUnusual:
		rows.Unusual, err = unusualIn(&d, p, bodies)
	case call.PartScale:
		rows.Day, err = dayIn(&d, u, bodies)
	default:
		err = fmt.Errorf("replay %s %s: there is no part %q", u.Kind, u.Key, p.Kind)
	}
	return rows, err
}

// bodies reads the responses of a part, in order.
func (r *Replay) bodies(ctx context.Context, p call.Part) ([][]byte, error) {
	kept, err := r.From.Bodies(ctx, p.Responses)
	if err != nil {
		return nil, err
	}
	var bodies [][]byte
	for _, id := range p.Responses {
		body, ok := kept[id]
		if !ok {
			return nil, ErrNotKept
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// room finds the room of a call in the page of the list that it came with.
func (r *Replay) room(ctx context.Context, u call.Unit, p call.Part) (*call.Room, error) {
	if len(p.Responses) != 1 {
		return nil, fmt.Errorf("replay call %s: its room has %d responses, want 1", u.Key, len(p.Responses))
	}
	rooms, ok := r.pages.get(p.Responses[0])
	if !ok {
		bodies, err := r.bodies(ctx, p)
		if err != nil {
			return nil, err
		}
		var d transform.Decoder
		list, _, err := d.Rooms(bodies[0], u.App, nil)
		if err != nil {
			return nil, err
		}
		rooms = r.pages.put(p.Responses[0], list)
	}
	room, ok := rooms[u.Key]
	if !ok {
		return nil, fmt.Errorf("replay call %s: the room list kept for it does not hold it", u.Key)
	}
	return &room, nil
}

// roomPages are the pages of room lists read last: calls that follow one another
// came with the same page. It is safe for concurrent use.
type roomPages struct {
	mu    sync.Mutex
	pages map[uint64]map[string]call.Room // by response
}

// pagesHeld is how many pages are held before they are forgotten.
const pagesHeld = 32

func (p *roomPages) get(response uint64) (map[string]call.Room, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rooms, ok := p.pages[response]
	return rooms, ok
}

func (p *roomPages) put(response uint64, list []call.Room) map[string]call.Room {
	rooms := make(map[string]call.Room, len(list))
	for _, r := range list {
		rooms[r.CommID] = r
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pages == nil || len(p.pages) >= pagesHeld {
		p.pages = map[uint64]map[string]call.Room{}
	}
	p.pages[response] = rooms
	return rooms
}

// sessionsIn selects the sessions that are the part's as addUsers does.
func sessionsIn(d *transform.Decoder, p call.Part, bodies [][]byte, known *sessionSet) ([]call.Session, error) {
	var all sessionSet
	for _, body := range bodies {
		sessions, _, err := d.Users(body, nil)
		if err != nil {
			return nil, err
		}
		all.add(sessions)
	}
	cut := p.Owned[0].To
	if !p.Settled {
		cut = p.Owned[0].From - 1
	}
	settled, open := splitSessions(all.list(), cut, known)
	if !p.Settled {
		return open, nil
	}
	known.add(settled)
	return settled, nil
}

func samplesIn(d *transform.Decoder, p call.Part, bodies [][]byte) (*call.Samples, error) {
	keep := func(user string) (from, to uint32) {
		i := slices.IndexFunc(p.Owned, func(o call.Owned) bool { return o.User == user })
		if i < 0 {
			return 1, 0
		}
		return p.Owned[i].From, p.Owned[i].To
	}
	var got transform.Detail
	for _, body := range bodies {
		if _, err := d.Detail(body, p.Window, keep, &got); err != nil {
			return nil, err
		}
	}
	var norm transform.Normaliser
	norm.Normalise(&got.Samples)
	return &got.Samples, nil
}

func eventsIn(d *transform.Decoder, p call.Part, bodies [][]byte) (events []call.Event, err error) {
	o := p.Owned[0]
	for _, body := range bodies {
		if events, _, err = d.Events(body, o.User, p.RoomID, events); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(events, func(e call.Event) bool {
		return e.Time.Unix() < int64(o.From) || e.Time.Unix() > int64(o.To)
	}), nil
}

func unusualIn(d *transform.Decoder, p call.Part, bodies [][]byte) ([]call.UnusualEvent, error) {
	var all []call.UnusualEvent
	for i, body := range bodies {
		events, _, err := d.UnusualEvents(body, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, KeepUnusual(events, p.Owned[i])...)
	}
	return all, nil
}

func dayIn(d *transform.Decoder, u call.Unit, bodies [][]byte) (*call.DailyScale, error) {
	for _, body := range bodies {
		days, _, err := d.DailyScale(body, nil)
		if err != nil {
			return nil, err
		}
		for i := range days {
			if dayUnit(u.App, days[i]) == u {
				return &days[i], nil
			}
		}
	}
	return nil, fmt.Errorf("replay day %s: the scale kept for it does not hold it", u.Key)
}
