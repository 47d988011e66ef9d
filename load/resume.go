package load

import (
	"context"
	"fmt"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Resume begins a unit with what the archive holds of it for good: settled
// parts that are visible, and those that an earlier run has inserted and not
// come to commit. None of that need be added again.
func (w *Writer) Resume(ctx context.Context, u call.Unit) (call.Known, error) {
	var parts []heldPart
	err := w.Retry(ctx, func(ctx context.Context) (err error) {
		parts, err = w.store.partsOf(ctx, u)
		return err
	})
	if err != nil {
		return call.Known{}, err
	}
	held, adopted := settledParts(parts)
	var known call.Known
	var counts Counts
	var loads []uint64
	for _, p := range held {
		known.Parts = append(known.Parts, p.Part)
		counts.addPart(p.Kind, p.rows, p.nulls)
		if p.Kind == call.PartUsers && p.rows > 0 {
			loads = append(loads, p.load)
		}
	}
	if len(loads) > 0 {
		err = w.Retry(ctx, func(ctx context.Context) (err error) {
			known.Sessions, err = w.store.sessionsOf(ctx, u, loads)
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
	w.store.reopenIDs(adopted)
	return known, nil
}

// settledParts are the parts to go on from: the settled ones of visible loads,
// and those of waiting loads that hold nothing which is held already. A load
// that does was written by a process which had lost its lease unawares.
func settledParts(parts []heldPart) (held []heldPart, adopted []uint64) {
	var spans ownedSpans
	for len(parts) > 0 {
		n := 1
		for n < len(parts) && parts[n].load == parts[0].load {
			n++
		}
		load := parts[:n]
		parts = parts[n:]
		switch {
		case !load[0].Settled:
			continue
		case !load[0].visible && spans.touch(load):
			continue
		case !load[0].visible:
			adopted = append(adopted, load[0].load)
		}
		spans.add(load)
		held = append(held, load...)
	}
	return held, adopted
}

// ownedSpans are the seconds held, by kind of part and user.
type ownedSpans map[ownedBy][]call.Owned

type ownedBy struct {
	kind call.PartKind
	user string
}

func (s *ownedSpans) add(parts []heldPart) {
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

// touch says whether some second of the parts is held already.
func (s ownedSpans) touch(parts []heldPart) bool {
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
func (s *Store) sessionsOf(ctx context.Context, u call.Unit, loads []uint64) ([]call.Session, error) {
	const q = `
		SELECT user_id, room_id, joined_at, left_at, is_finished, device_type, sdk_version, client_ip
		FROM user_sessions_data WHERE sdk_app_id = ? AND comm_id = ? AND load_id IN (?)`
	rows, err := s.conn.Query(ctx, q, uint32(u.App), u.Key, loads)
	if err != nil {
		return nil, fmt.Errorf("read sessions of %s: %w", u.Key, err)
	}
	defer rows.Close()
	var all []call.Session
	for rows.Next() {
		var x call.Session
		var left *time.Time
		if err := rows.Scan(&x.UserID, &x.RoomID, &x.JoinedAt, &left, &x.Finished, &x.DeviceType, &x.SDKVersion, &x.ClientIP); err != nil {
			return nil, fmt.Errorf("read sessions of %s: %w", u.Key, err)
		}
		if left != nil {
			x.LeftAt = *left
		}
		all = append(all, x)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read sessions of %s: %w", u.Key, err)
	}
	return all, nil
}
