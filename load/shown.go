package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
)

// openLoads selects the visible loads of a unit's open parts of a kind.
const openLoads = `
	SELECT load_id FROM ledger_parts WHERE sdk_app_id = ? AND kind = ? AND key = ? AND part = ? AND NOT settled
		AND load_id NOT IN (` + catalogue.Hidden + `)`

// OpenParts are the parts of a unit that are visible and not settled: the next
// commit of the unit replaces them.
func (w *Writer) OpenParts(ctx context.Context, u call.Unit) (open []call.Part, err error) {
	err = w.Retry(ctx, func(ctx context.Context) error {
		open = nil
		all, err := w.store.partsOf(ctx, u)
		for _, p := range all {
			if p.visible && !p.Settled {
				open = append(open, p.Part)
			}
		}
		return err
	})
	return open, err
}

// OpenRows are the visible rows of open parts of a kind, in the seconds given: of
// a user's series or events, of everything elsewhere. The samples are normal.
func (w *Writer) OpenRows(ctx context.Context, u call.Unit, kind call.PartKind, owned []call.Owned) (rows call.Rows, err error) {
	err = w.Retry(ctx, func(ctx context.Context) (err error) {
		loads, err := w.store.openLoads(ctx, u, kind)
		if err != nil || len(loads) == 0 {
			return err
		}
		switch kind {
		case call.PartRoom:
			rows.Room, err = w.store.roomOf(ctx, u, loads)
		case call.PartUsers:
			rows.Sessions, err = w.store.sessionsOf(ctx, u, loads)
		case call.PartSeries:
			rows.Samples, err = w.store.samplesOf(ctx, u, loads, owned)
		case call.PartEvents:
			rows.Events, err = w.store.eventsOf(ctx, u, loads, owned)
		case call.PartUnusual:
			rows.Unusual, err = w.store.unusualOf(ctx, u, loads)
		}
		return err
	})
	return rows, err
}

func (s *Store) openLoads(ctx context.Context, u call.Unit, kind call.PartKind) (loads []uint64, err error) {
	err = s.conn.QueryRow(ctx, "SELECT groupUniqArray(load_id) FROM ("+openLoads+")", uint32(u.App), string(u.Kind), u.Key, string(kind)).Scan(&loads)
	if err != nil {
		return nil, fmt.Errorf("read ledger of %s %s: %w", u.Kind, u.Key, err)
	}
	slices.Sort(loads)
	return loads, nil
}

// samplesOf reads what loads have of some users' seconds in a call.
func (s *Store) samplesOf(ctx context.Context, u call.Unit, loads []uint64, owned []call.Owned) (*call.Samples, error) {
	const q = `
		SELECT peer_id, metric, toUnixTimestamp(ts), value FROM quality_samples_data
		WHERE sdk_app_id = ? AND comm_id = ? AND load_id IN (?) AND user_id = ? AND toUnixTimestamp(ts) BETWEEN ? AND ?
		ORDER BY peer_id, metric, ts`
	all := &call.Samples{}
	for _, o := range owned {
		run := call.Series{UserID: o.User}
		var at uint32
		var value float64
		err := s.scan(ctx, "samples of "+u.Key, q, []any{uint32(u.App), u.Key, loads, o.User, o.From, o.To}, func() { all.Append(run, at, value) },
			&run.PeerID, &run.Metric, &at, &value)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// eventsOf reads what loads have of some users' events in a call.
func (s *Store) eventsOf(ctx context.Context, u call.Unit, loads []uint64, owned []call.Owned) (all []call.Event, err error) {
	const q = `
		SELECT room_id, peer_id, event_id, ts, stream_type, param_one, param_two FROM user_events_data
		WHERE sdk_app_id = ? AND comm_id = ? AND load_id IN (?) AND user_id = ? AND toUnixTimestamp(ts) BETWEEN ? AND ?
		ORDER BY ts, event_id`
	for _, o := range owned {
		e := call.Event{UserID: o.User}
		err := s.scan(ctx, "events of "+u.Key, q, []any{uint32(u.App), u.Key, loads, o.User, o.From, o.To}, func() {
			e.Time = e.Time.UTC()
			all = append(all, e)
		}, &e.RoomID, &e.PeerID, &e.EventID, &e.Time, &e.StreamType, &e.ParamOne, &e.ParamTwo)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// unusualOf reads what loads have of unusual events.
func (s *Store) unusualOf(ctx context.Context, u call.Unit, loads []uint64) (all []call.UnusualEvent, err error) {
	const q = `
		SELECT room_id, user_id, experience_id, ts, abnormal_event_id, peer_id FROM unusual_events_data
		WHERE sdk_app_id = ? AND load_id IN (?) ORDER BY ts, user_id`
	var e call.UnusualEvent
	err = s.scan(ctx, "unusual events of "+u.Key, q, []any{uint32(u.App), loads}, func() {
		e.Time = e.Time.UTC()
		all = append(all, e)
	}, &e.RoomID, &e.UserID, &e.ExperienceID, &e.Time, &e.AbnormalEventID, &e.PeerID)
	return all, err
}

// scan reads rows into the same variables.
func (s *Store) scan(ctx context.Context, what, q string, args []any, f func(), into ...any) error {
	rows, err := s.conn.Query(ctx, q, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
		f()
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}
