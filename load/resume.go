package load

import (
	"context"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/native"
)

// Resume begins a unit with the parts that the archive holds for good: the settled parts
// that are visible, and those that an earlier run has inserted and not committed. The caller
// need not add them again.
func (w *Writer) Resume(ctx context.Context, u call.Unit) (call.Known, error) {
	var parts []ledger.Part
	err := w.Retry(ctx, func(ctx context.Context) (err error) {
		parts, err = w.ledger.Parts(ctx, u)
		return err
	})
	if err != nil {
		return call.Known{}, err
	}
	held, adopted := settledParts(parts)
	var known call.Known
	var counts ledger.Counts
	var loads []uint64
	for _, p := range held {
		known.Parts = append(known.Parts, p.Part)
		counts.AddPart(p.Kind, p.Rows, p.Nulls)
		if p.Kind == call.PartUsers && p.Rows > 0 {
			loads = append(loads, p.Load)
		}
	}
	if len(loads) > 0 {
		err = w.Retry(ctx, func(ctx context.Context) (err error) {
			known.Sessions, err = w.sessionsOf(ctx, u, loads)
			return err
		})
	}
	if err != nil {
		return call.Known{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.state(u)
	s.resumed = true
	s.counts.Add(counts)
	s.settled.loads = append(s.settled.loads, adopted...)
	w.ids.Reopen(adopted)
	return known, nil
}

// settledParts returns the parts to go on from: the settled parts of visible loads, and those
// of waiting loads that share no second with them. A waiting load that shares a second was
// written by a process that had lost its lease without knowing it. adopted are the waiting
// loads in the result.
func settledParts(parts []ledger.Part) (held []ledger.Part, adopted []uint64) {
	var spans ownedSpans
	for len(parts) > 0 {
		n := 1
		for n < len(parts) && parts[n].Load == parts[0].Load {
			n++
		}
		load := parts[:n]
		parts = parts[n:]
		switch {
		case !load[0].Settled:
			continue
		case !load[0].Visible && spans.touch(load):
			continue
		case !load[0].Visible:
			adopted = append(adopted, load[0].Load)
		}
		spans.add(load)
		held = append(held, load...)
	}
	return held, adopted
}

// ownedSpans holds the seconds that are archived, by kind of part and user.
type ownedSpans map[ownedBy][]call.Owned

type ownedBy struct {
	kind call.PartKind
	user string
}

func (s *ownedSpans) add(parts []ledger.Part) {
	if *s == nil {
		*s = ownedSpans{}
	}
	for _, p := range parts {
		for _, o := range p.Owned {
			by := ownedBy{p.Kind, o.User}
			(*s)[by] = append((*s)[by], o)
		}
	}
}

// touch reports whether some second of the parts is already held.
func (s ownedSpans) touch(parts []ledger.Part) bool {
	for _, p := range parts {
		for _, o := range p.Owned {
			for _, h := range s[ownedBy{p.Kind, o.User}] {
				if o.From <= h.To && h.From <= o.To {
					return true
				}
			}
		}
	}
	return false
}

// sessionsOf reads the sessions of a call in the given loads.
func (w *Writer) sessionsOf(ctx context.Context, u call.Unit, loads []uint64) ([]call.Session, error) {
	q := `
		SELECT user_id, room_id, joined_at, left_at, is_finished, device_type, sdk_version, client_ip
		FROM user_sessions_data WHERE sdk_app_id = ?` + w.archive.Cluster().Here() + ` AND comm_id = ? AND load_id IN (?)`
	var all []call.Session
	var x call.Session
	var left *time.Time
	each := func() {
		if x.LeftAt = (time.Time{}); left != nil {
			x.LeftAt = *left
		}
		all = append(all, x)
	}
	err := native.Read(ctx, w.conn, "sessions of "+u.Key, q, []any{uint32(u.App), u.Key, loads}, each,
		&x.UserID, &x.RoomID, &x.JoinedAt, &left, &x.Finished, &x.DeviceType, &x.SDKVersion, &x.ClientIP)
	return all, err
}
