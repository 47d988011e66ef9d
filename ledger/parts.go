package ledger

import (
	"context"
	"fmt"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/native"
)

// Part is a part of a unit with its load.
type Part struct {
	call.Part
	Load        uint64
	Visible     bool // otherwise its load waits for a pass that goes on from it
	Rows, Nulls uint64
}

// Parts reads the parts of a unit whose loads have not been given up. Visible parts come
// first; the others are in order of load.
func (l Ledger) Parts(ctx context.Context, u call.Unit) ([]Part, error) {
	const q = `
		SELECT part, part_key, room_id, load_id, load_id NOT IN (` + catalogue.Hidden + `) AS visible, settled, reason, window_start, window_end,
			users, owned_from, owned_to, rows, null_samples, responses, deadline, asked_at
		FROM ledger_parts WHERE sdk_app_id = ? AND kind = ? AND key = ? AND part != 'summary' AND load_id NOT IN (` + catalogue.Gone + `)
		ORDER BY visible DESC, load_id, asked_at, part, part_key`
	var (
		all      []Part
		p        Part
		kind     string
		visible  uint8
		users    []string
		from, to []uint32
	)
	each := func() {
		x := p
		x.Kind, x.Visible = call.PartKind(kind), visible == 1
		for i := range users {
			x.Owned = append(x.Owned, call.Owned{User: users[i], From: from[i], To: to[i]})
		}
		all = append(all, x)
	}
	err := native.Read(ctx, l.conn, fmt.Sprintf("ledger of %s %s", u.Kind, u.Key), q, []any{uint32(u.App), string(u.Kind), u.Key}, each,
		&kind, &p.Key, &p.RoomID, &p.Load, &visible, &p.Settled, &p.Reason, &p.Window.Start, &p.Window.End,
		&users, &from, &to, &p.Rows, &p.Nulls, &p.Responses, &p.Deadline, &p.Asked)
	return all, err
}

// VisibleParts returns the visible parts of a unit, in the order they were added.
func (l Ledger) VisibleParts(ctx context.Context, u call.Unit) ([]call.Part, error) {
	all, err := l.Parts(ctx, u)
	var parts []call.Part
	for _, p := range all {
		if p.Visible {
			parts = append(parts, p.Part)
		}
	}
	return parts, err
}
