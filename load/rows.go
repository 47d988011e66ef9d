package load

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/load/aggregate"
	"github.com/callvault/callvault/load/native"
)

// insertBlock inserts rows of units into a table. The caller has sorted them by its key.
func (w *Writer) insertBlock(ctx context.Context, table, columns string, fill func(*native.Columns)) error {
	return native.Insert(ctx, w.conn, table, "load_id, sdk_app_id, "+columns, fill)
}

// unitColumns appends the load and the application of all rows.
func unitColumns[R any](in *native.Columns, rows []R, of func(*R) *half) {
	native.Add(in, rows, func(r *R) uint64 { return of(r).load })
	native.Add(in, rows, func(r *R) uint32 { return uint32(of(r).of.unit.App) })
}

func (w *Writer) insertRooms(ctx context.Context, rows []roomRow) error {
	if len(rows) == 0 {
		return nil
	}
	return w.insertBlock(ctx, "rooms_data", "comm_id, room_id, created_at, destroyed_at, is_finished, creator_user_id", func(in *native.Columns) {
		unitColumns(in, rows, func(r *roomRow) *half { return r.of })
		native.Add(in, rows, func(r *roomRow) string { return r.CommID })
		native.Add(in, rows, func(r *roomRow) string { return r.RoomID })
		native.Add(in, rows, func(r *roomRow) time.Time { return r.CreatedAt })
		native.Add(in, rows, func(r *roomRow) *time.Time { return native.OrNull(r.DestroyedAt) })
		native.Add(in, rows, func(r *roomRow) bool { return r.Finished })
		native.Add(in, rows, func(r *roomRow) string { return r.Creator })
	})
}

func (w *Writer) insertSessions(ctx context.Context, rows []sessionRow) error {
	if len(rows) == 0 {
		return nil
	}
	return w.insertBlock(ctx, "user_sessions_data", "comm_id, room_id, user_id, joined_at, left_at, is_finished, device_type, sdk_version, client_ip, call_created_at", func(in *native.Columns) {
		unitColumns(in, rows, func(r *sessionRow) *half { return r.of })
		native.Add(in, rows, func(r *sessionRow) string { return r.commID })
		native.Add(in, rows, func(r *sessionRow) string { return r.RoomID })
		native.Add(in, rows, func(r *sessionRow) string { return r.UserID })
		native.Add(in, rows, func(r *sessionRow) time.Time { return r.JoinedAt })
		native.Add(in, rows, func(r *sessionRow) *time.Time { return native.OrNull(r.LeftAt) })
		native.Add(in, rows, func(r *sessionRow) bool { return r.Finished })
		native.Add(in, rows, func(r *sessionRow) string { return r.DeviceType })
		native.Add(in, rows, func(r *sessionRow) string { return r.SDKVersion })
		native.Add(in, rows, func(r *sessionRow) string { return r.ClientIP })
		native.Add(in, rows, func(r *sessionRow) time.Time { return r.created })
	})
}

func (w *Writer) insertEvents(ctx context.Context, rows []eventRow) error {
	if len(rows) == 0 {
		return nil
	}
	return w.insertBlock(ctx, "user_events_data", "comm_id, room_id, user_id, peer_id, event_id, ts, stream_type, param_one, param_two", func(in *native.Columns) {
		unitColumns(in, rows, func(r *eventRow) *half { return r.of })
		native.Add(in, rows, func(r *eventRow) string { return r.commID })
		native.Add(in, rows, func(r *eventRow) string { return r.RoomID })
		native.Add(in, rows, func(r *eventRow) string { return r.UserID })
		native.Add(in, rows, func(r *eventRow) string { return r.PeerID })
		native.Add(in, rows, func(r *eventRow) uint32 { return r.EventID })
		native.Add(in, rows, func(r *eventRow) time.Time { return r.Time })
		native.Add(in, rows, func(r *eventRow) uint8 { return r.StreamType })
		native.Add(in, rows, func(r *eventRow) int64 { return r.ParamOne })
		native.Add(in, rows, func(r *eventRow) int64 { return r.ParamTwo })
	})
}

func (w *Writer) insertUnusual(ctx context.Context, rows []unusualRow) error {
	if len(rows) == 0 {
		return nil
	}
	return w.insertBlock(ctx, "unusual_events_data", "room_id, user_id, experience_id, ts, abnormal_event_id, peer_id", func(in *native.Columns) {
		unitColumns(in, rows, func(r *unusualRow) *half { return r.of })
		native.Add(in, rows, func(r *unusualRow) string { return r.RoomID })
		native.Add(in, rows, func(r *unusualRow) string { return r.UserID })
		native.Add(in, rows, func(r *unusualRow) uint32 { return r.ExperienceID })
		native.Add(in, rows, func(r *unusualRow) time.Time { return r.Time })
		native.Add(in, rows, func(r *unusualRow) uint32 { return r.AbnormalEventID })
		native.Add(in, rows, func(r *unusualRow) string { return r.PeerID })
	})
}

func (w *Writer) insertDays(ctx context.Context, rows []dayRow) error {
	if len(rows) == 0 {
		return nil
	}
	return w.insertBlock(ctx, "daily_scale_data", "user_number, user_count, room_numbers, day_start", func(in *native.Columns) {
		unitColumns(in, rows, func(r *dayRow) *half { return r.of })
		native.Add(in, rows, func(r *dayRow) uint64 { return r.UserNumber })
		native.Add(in, rows, func(r *dayRow) uint64 { return r.UserCount })
		native.Add(in, rows, func(r *dayRow) uint64 { return r.RoomNumber })
		native.Add(in, rows, func(r *dayRow) time.Time { return r.Start })
	})
}

// sort puts all rows into the order of their tables' keys.
func (b *buffer) sort() {
	b.samples.sort()
	sortStatistics(b.statistics)
	slices.SortStableFunc(b.rooms, func(x, y roomRow) int {
		return cmp.Or(cmp.Compare(x.of.of.unit.App, y.of.of.unit.App), cmp.Compare(x.CommID, y.CommID))
	})
	slices.SortStableFunc(b.sessions, func(x, y sessionRow) int {
		return cmp.Or(
			cmp.Compare(x.of.of.unit.App, y.of.of.unit.App), cmp.Compare(aggregate.DayOf(x.JoinedAt), aggregate.DayOf(y.JoinedAt)),
			cmp.Compare(x.commID, y.commID), cmp.Compare(x.UserID, y.UserID),
		)
	})
	slices.SortStableFunc(b.events, func(x, y eventRow) int {
		return cmp.Or(cmp.Compare(x.of.of.unit.App, y.of.of.unit.App), cmp.Compare(x.commID, y.commID), cmp.Compare(x.UserID, y.UserID), x.Time.Compare(y.Time))
	})
	slices.SortStableFunc(b.unusual, func(x, y unusualRow) int {
		return cmp.Or(cmp.Compare(x.of.of.unit.App, y.of.of.unit.App), x.Time.Compare(y.Time), cmp.Compare(x.RoomID, y.RoomID), cmp.Compare(x.UserID, y.UserID))
	})
}

// insertStreams inserts the sums of the parts' samples and events. It returns how many rows
// these are.
func (w *Writer) insertStreams(ctx context.Context, parts []partRow) (int, error) {
	var rows []aggregate.StreamRow
	for i := range parts {
		p := &parts[i]
		for j := range p.streams {
			u := p.of.of.unit
			rows = append(rows, aggregate.StreamRow{Load: p.of.load, App: u.App, CommID: u.Key, RoomID: p.room, Created: p.created, Stream: &p.streams[j]})
		}
	}
	return aggregate.InsertStreams(ctx, w.conn, rows)
}
