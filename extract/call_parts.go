package extract

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
)

// rows returns r with the values that all rows of the call share.
func (c *callPass) rows(r call.Rows) call.Rows {
	r.RoomID, r.CreatedAt = c.call.Room.RoomID, c.call.Room.CreatedAt
	if r.SessionsOf == nil {
		r.SessionsOf = c.call.Sessions
	}
	return r
}

// add adds a part in two pieces: the seconds up to settledTo, settled, and those after it,
// open. Only the open piece has the part's Reason.
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

// addRoom adds the row of the room list. It is settled if the call has ended. If the row
// lacks the time when the room was created, the visible row of the room stays.
func (c *callPass) addRoom(ctx context.Context) error {
	d := c.call
	if d.HoldsRoom() {
		return nil
	}
	part := d.Part(call.PartRoom, "", call.Window{Start: d.Room.CreatedAt, End: d.Alive.End})
	part.Settled, part.Reason = d.Ended && d.RowProblem == "", d.RowProblem
	part.Owned, part.Responses = []call.Owned{{To: call.Forever}}, []uint64{c.listed}
	room := d.Room
	if !room.Finished { // the end may be unknown
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

// visible returns the visible rows of a kind of part in the given seconds that are not
// settled, and the responses they came from. An answer that has less must not replace them.
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

// touches reports whether o shares a second with one of the others.
func touches(o call.Owned, others []call.Owned) bool {
	return slices.ContainsFunc(others, func(x call.Owned) bool { return x.User == o.User && o.From <= x.To && x.From <= o.To })
}

// readOnce returns a function that reads the open parts of the call at its first use.
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
