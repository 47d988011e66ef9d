package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/native"
)

// openLoads selects the visible loads of a unit's open parts of a kind.
const openLoads = `
	SELECT load_id FROM ledger_parts WHERE sdk_app_id = ? AND kind = ? AND key = ? AND part = ? AND NOT settled
		AND load_id NOT IN (` + catalogue.Hidden + `)`

// OpenParts returns the parts of a unit that are visible and not settled. The unit's next
// commit replaces them.
func (w *Writer) OpenParts(ctx context.Context, u call.Unit) (open []call.Part, err error) {
	err = w.Retry(ctx, func(ctx context.Context) error {
		open = nil
		all, err := w.ledger.Parts(ctx, u)
		for _, p := range all {
			if p.Visible && !p.Settled {
				open = append(open, p.Part)
			}
		}
		return err
	})
	return open, err
}

// OpenRows returns the visible rows of a unit's open parts of a kind. For series and events
// it returns the rows of the users and seconds that the parts own. The samples are normal.
func (w *Writer) OpenRows(ctx context.Context, u call.Unit, kind call.PartKind, owned []call.Owned) (rows call.Rows, err error) {
	err = w.Retry(ctx, func(ctx context.Context) (err error) {
		loads, err := w.openLoads(ctx, u, kind)
		if err != nil || len(loads) == 0 {
			return err
		}
		switch kind {
		case call.PartRoom:
			rows.Room, err = w.roomOf(ctx, u, loads)
		case call.PartUsers:
			rows.Sessions, err = w.sessionsOf(ctx, u, loads)
		case call.PartSeries:
			rows.Samples, err = w.samplesOf(ctx, u, loads, owned)
		case call.PartEvents:
			rows.Events, err = w.eventsOf(ctx, u, loads, owned)
		case call.PartUnusual:
			rows.Unusual, err = w.unusualOf(ctx, u, loads)
		case call.PartStatistics:
			rows.Statistics, err = w.statisticsOf(ctx, u, loads)
		}
		return err
	})
	return rows, err
}

func (w *Writer) openLoads(ctx context.Context, u call.Unit, kind call.PartKind) (loads []uint64, err error) {
	err = w.conn.QueryRow(ctx, "SELECT groupUniqArray(load_id) FROM ("+openLoads+")", uint32(u.App), string(u.Kind), u.Key, string(kind)).Scan(&loads)
	if err != nil {
		return nil, fmt.Errorf("read ledger of %s %s: %w", u.Kind, u.Key, err)
	}
	slices.Sort(loads)
	return loads, nil
}

// samplesOf reads the samples of some users' seconds in a call from loads.
func (w *Writer) samplesOf(ctx context.Context, u call.Unit, loads []uint64, owned []call.Owned) (*call.Samples, error) {
	q := `
		SELECT peer_id, metric, toUnixTimestamp(ts), value FROM quality_samples_data
		WHERE sdk_app_id = ?` + w.archive.Cluster().Here() + ` AND comm_id = ? AND load_id IN (?) AND user_id = ? AND toUnixTimestamp(ts) BETWEEN ? AND ?
		ORDER BY peer_id, metric, ts`
	all := &call.Samples{}
	for _, o := range owned {
		run := call.Series{UserID: o.User}
		var at uint32
		var value float64
		err := native.Read(ctx, w.conn, "samples of "+u.Key, q, []any{uint32(u.App), u.Key, loads, o.User, o.From, o.To}, func() { all.Append(run, at, value) },
			&run.PeerID, &run.Metric, &at, &value)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// eventsOf reads some users' events in a call from loads.
func (w *Writer) eventsOf(ctx context.Context, u call.Unit, loads []uint64, owned []call.Owned) (all []call.Event, err error) {
	q := `
		SELECT room_id, peer_id, event_id, ts, stream_type, param_one, param_two FROM user_events_data
		WHERE sdk_app_id = ?` + w.archive.Cluster().Here() + ` AND comm_id = ? AND load_id IN (?) AND user_id = ? AND toUnixTimestamp(ts) BETWEEN ? AND ?
		ORDER BY ts, event_id`
	for _, o := range owned {
		e := call.Event{UserID: o.User}
		err := native.Read(ctx, w.conn, "events of "+u.Key, q, []any{uint32(u.App), u.Key, loads, o.User, o.From, o.To}, func() {
			e.Time = e.Time.UTC()
			all = append(all, e)
		}, &e.RoomID, &e.PeerID, &e.EventID, &e.Time, &e.StreamType, &e.ParamOne, &e.ParamTwo)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// unusualOf reads unusual events from loads.
func (w *Writer) unusualOf(ctx context.Context, u call.Unit, loads []uint64) (all []call.UnusualEvent, err error) {
	q := `
		SELECT room_id, user_id, experience_id, ts, abnormal_event_id, peer_id FROM unusual_events_data
		WHERE sdk_app_id = ?` + w.archive.Cluster().Here() + ` AND load_id IN (?) ORDER BY ts, user_id`
	var e call.UnusualEvent
	err = native.Read(ctx, w.conn, "unusual events of "+u.Key, q, []any{uint32(u.App), loads}, func() {
		e.Time = e.Time.UTC()
		all = append(all, e)
	}, &e.RoomID, &e.UserID, &e.ExperienceID, &e.Time, &e.AbnormalEventID, &e.PeerID)
	return all, err
}
