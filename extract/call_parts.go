package extract

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
)

// rows are r with what rows of the call have in common.
func (c *callPass) rows(r call.Rows) call.Rows {
	r.RoomID, r.CreatedAt = c.call.Room.RoomID, c.call.Room.CreatedAt
	if r.SessionsOf == nil {
		r.SessionsOf = c.call.Sessions
	}
	return r
}

// add adds a part in two: the seconds up to settledTo are settled with their rows,
// those after it are open with theirs. The part's Reason is that of the open one.
func (c *callPass) add(ctx context.Context, p call.Part, settledTo uint32, settled, open call.Rows) error {
	past, present := decide.SplitOwned(p.Owned, settledTo)
	if len(past) > 0 {
		s := p
		s.Settled, s.Reason, s.Owned = true, "", past
		if err := c.pass.taker().Add(ctx, c.unit, s, settled); err != nil {
			return archived(err)
		}
	}
	if len(present) == 0 {
		return nil
	}
	p.Owned = present
	return archived(c.pass.taker().Add(ctx, c.unit, p, open))
}

// addRoom adds what the room list said. It is settled only when the call has ended. A
// row that does not tell when the room was created is none: what was visible of
// the room stays visible.
func (c *callPass) addRoom(ctx context.Context) error {
	d := c.call
	if d.HoldsRoom() {
		return nil
	}
	part := d.Part(call.PartRoom, "", call.Window{Start: d.Room.CreatedAt, End: d.Alive.End})
	part.Settled, part.Reason = d.Ended && d.RowProblem == "", d.RowProblem
	part.Owned, part.Responses = []call.Owned{{To: call.Forever}}, []uint64{c.listed}
	room := d.Room
	if !room.Finished { // it may be that it is not known
		room.DestroyedAt = time.Time{}
	}
	rows := call.Rows{Room: &room}
	if d.RowProblem != "" {
		d.Miss(call.PartRoom, "", d.Room.CreatedAt, decide.Failure{Reason: d.RowProblem, Cause: "room", Kept: true})
		visible, before, err := c.visible(ctx, call.PartRoom, part.Owned)
		if err != nil {
			return err
		}
		switch {
		case visible.Room != nil:
			rows.Room, part.Responses = visible.Room, before
		case d.NoCreation:
			rows.Room = nil
		}
	}
	return archived(c.pass.taker().Add(ctx, c.unit, part, c.rows(rows)))
}

// visible is what the archive shows of seconds of a kind of part and does not hold
// for good, and the responses it is of: it must not give way to an answer that has
// less.
func (c *callPass) visible(ctx context.Context, kind call.PartKind, owned []call.Owned) (rows call.Rows, responses []uint64, err error) {
	open, err := c.open(ctx)
	if err != nil {
		return rows, nil, archived(err)
	}
	found := false
	for _, p := range open {
		if p.Kind == kind && slices.ContainsFunc(p.Owned, func(o call.Owned) bool { return touches(o, owned) }) {
			found, responses = true, append(responses, p.Responses...)
		}
	}
	if found {
		rows, err = c.pass.Archive.OpenRows(ctx, c.unit, kind, owned)
	}
	return rows, responses, archived(err)
}

// touches says whether some second of o is among others.
func touches(o call.Owned, others []call.Owned) bool {
	return slices.ContainsFunc(others, func(x call.Owned) bool { return x.User == o.User && o.From <= x.To && x.From <= o.To })
}

// readOnce reads the open parts of the call when they are first wanted.
func (c *callPass) readOnce() func(context.Context) ([]call.Part, error) {
	var once sync.Once
	var open []call.Part
	var err error
	return func(ctx context.Context) ([]call.Part, error) {
		if c.call.Visible() {
			once.Do(func() { open, err = c.pass.Archive.OpenParts(ctx, c.unit) })
		}
		return open, err
	}
}
