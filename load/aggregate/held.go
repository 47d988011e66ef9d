package aggregate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/quality"
	"github.com/callvault/callvault/internal/sqltext"
)

// HeldCall is a call of which the tables have all: in which loads, and what its summary is
// to begin with, of which Held finds room and creation.
type HeldCall struct {
	Head
	Loads []uint64
}

// querier reads tables.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// reader reads calls from the tables.
type reader struct{ conn querier }

// BlockRows is how many rows of summaries make an INSERT.
const BlockRows = 8192

// SummarizeHeld summarizes calls of which the tables have something, which it sorts, user
// by user: of their streams it holds those of one. The rows are added to to, and emit is
// called with how many it should act on.
func SummarizeHeld(ctx context.Context, conn querier, rows *Rows, calls []HeldCall, h *Histogram, emit func(atLeast int) error) error {
	return reader{conn}.summarize(ctx, &summarizer{Rows: rows, h: h}, calls, emit)
}

func (s reader) summarize(ctx context.Context, to *summarizer, calls []HeldCall, emit func(atLeast int) error) error {
	slices.SortFunc(calls, func(x, y HeldCall) int { return compareUnits(x.Unit, y.Unit) })
	h, err := s.heldCalls(ctx, calls)
	if err != nil {
		return err
	}
	for len(calls) > 0 {
		n, minutes := 1, h.minutesOf(calls[0].Unit)
		for n < len(calls) && minutes <= maxJudged {
			minutes += h.minutesOf(calls[n].Unit)
			n++
		}
		if err := s.summarizeSome(ctx, to, calls[:n], h, emit); err != nil {
			return err
		}
		calls = calls[n:]
	}
	return nil
}

// maxJudged is how many minutes of users are judged together, of about 150 bytes
// each, or those of one call.
const maxJudged = 100_000

// minutesOf is how many minutes the users of a call were there, together.
func (h *held) minutesOf(u call.Unit) (n int) {
	for i := range h.sessions[u] {
		x := &h.sessions[u][i]
		left := x.LeftAt.Unix()
		if x.LeftAt.IsZero() {
			left = int64(h.last[u])
		}
		n += max(0, int(left-x.JoinedAt.Unix()))/60 + 1
	}
	return n
}

func (s reader) summarizeSome(ctx context.Context, to *summarizer, calls []HeldCall, h *held, emit func(atLeast int) error) error {
	h.keys = nil
	for _, c := range calls {
		h.keys = append(h.keys, c.Unit.Key)
	}
	judged, err := s.heldQuality(ctx, h)
	if err != nil {
		return err
	}
	minutes, err := s.heldMinutes(ctx, h, received)
	if err != nil {
		return err
	}
	defer minutes.close()
	next := 0
	begin := func() {
		u := calls[next].Unit
		of := h.of[u]
		of.Load, of.Unit, of.Entry = calls[next].Load, u, calls[next].Entry
		q := cmp.Or(judged[u], quality.NewCall())
		to.begin(&of, h.rooms[u], h.sessions[u], h.last[u], func(peer string) sent { return h.sent[heldUser{u, peer}] }, q)
	}
	begin()
	upTo := func(u call.Unit) {
		for calls[next].Unit != u {
			to.end()
			next++
			begin()
		}
	}
	err = s.heldStreams(ctx, h, func(u call.Unit, st *Stream) error {
		upTo(u)
		to.stream(st)
		m, err := minutes.take(heldStream{u, st.user, st.peer})
		if err != nil {
			return err
		}
		to.minutes(st.user, st.peer, m)
		return emit(BlockRows)
	})
	if err != nil {
		return err
	}
	upTo(calls[len(calls)-1].Unit)
	to.end()
	return emit(BlockRows)
}

func compareUnits(x, y call.Unit) int {
	return cmp.Or(cmp.Compare(x.App, y.App), cmp.Compare(x.Key, y.Key))
}

// maxHeldText is the longest query about held calls, in bytes: a call that was asked
// for each hour while it ran has a load for each of these, of some 20 bytes.
const maxHeldText = 16 << 20

// held is what the tables have of calls, but for their streams.
type held struct {
	loads    string             // of the rows
	keys     []string           // of the calls whose rows are read
	of       map[call.Unit]Head // room and creation
	rooms    map[call.Unit]*call.Room
	sessions map[call.Unit][]call.Session
	sent     map[heldUser]sent
	last     map[call.Unit]uint32 // unix second of the last sample that anybody sent
}

// where selects the rows in a table; the argument is keys.
func (h *held) where() string { return "load_id IN " + h.loads + " AND comm_id IN (?)" }

type heldUser struct {
	unit call.Unit
	user string
}

func (s reader) heldCalls(ctx context.Context, calls []HeldCall) (*held, error) {
	h := &held{of: map[call.Unit]Head{}, rooms: map[call.Unit]*call.Room{}, sessions: map[call.Unit][]call.Session{}, sent: map[heldUser]sent{}, last: map[call.Unit]uint32{}}
	var loads []uint64
	for _, c := range calls {
		loads, h.keys = append(loads, c.Loads...), append(h.keys, c.Unit.Key)
	}
	h.loads = sqltext.IDs(loads)
	var app uint32
	u := call.Unit{Kind: call.UnitCall}

	var r call.Room
	var ended *time.Time
	err := s.each(ctx, "rooms_data", "sdk_app_id, comm_id, room_id, created_at, destroyed_at, is_finished, creator_user_id", h, "", func() {
		u.App = call.AppID(app)
		room := call.Room{App: u.App, CommID: u.Key, RoomID: r.RoomID, CreatedAt: r.CreatedAt, Finished: r.Finished, Creator: r.Creator}
		if ended != nil {
			room.DestroyedAt = *ended
		}
		h.rooms[u] = &room
	}, &app, &u.Key, &r.RoomID, &r.CreatedAt, &ended, &r.Finished, &r.Creator)
	if err != nil {
		return nil, err
	}

	var x call.Session
	var of Head
	err = s.each(ctx, "user_sessions_data", `sdk_app_id, comm_id, call_created_at, user_id, room_id, joined_at, left_at, is_finished,
		device_type, sdk_version, client_ip`, h, "ORDER BY user_id, joined_at, room_id", func() {
		u.App = call.AppID(app)
		stay := x
		if ended != nil {
			stay.LeftAt = *ended
		}
		h.sessions[u] = append(h.sessions[u], stay)
		h.of[u] = Head{RoomID: x.RoomID, Created: of.Created}
	}, &app, &u.Key, &of.Created, &x.UserID, &x.RoomID, &x.JoinedAt, &ended, &x.Finished, &x.DeviceType, &x.SDKVersion, &x.ClientIP)
	if err != nil {
		return nil, err
	}

	var user string
	var up sent
	var last uint32
	err = s.each(ctx, "quality_streams_data AS x", `sdk_app_id, comm_id, any(room_id), min(call_created_at), user_id, toUnixTimestamp(max(last_ts)), sum(x.audio_loss.samples), sum(x.audio_loss.sum),
		sum(x.video_loss.samples), sum(x.video_loss.sum), sum(x.rtt.samples), sum(x.rtt.sum)`, h, "AND peer_id = '' GROUP BY sdk_app_id, comm_id, user_id", func() {
		u.App = call.AppID(app)
		h.sent[heldUser{u, user}] = up
		h.last[u] = max(h.last[u], last)
		h.of[u] = of
	}, &app, &u.Key, &of.RoomID, &of.Created, &user, &last, &up.audioLoss.samples, &up.audioLoss.sum, &up.videoLoss.samples, &up.videoLoss.sum, &up.rtt.samples, &up.rtt.sum)
	return h, err
}

// each reads rows of the held calls from a table, into the same variables.
func (s reader) each(ctx context.Context, table, columns string, h *held, rest string, f func(), into ...any) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": maxHeldText}))
	rows, err := s.conn.Query(ctx, "SELECT "+columns+" FROM "+table+" WHERE "+h.where()+" "+rest, h.keys)
	if err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read %s: %w", table, err)
		}
		f()
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	return nil
}

// heldStreams reads the streams of the held calls, by call, user and peer.
func (s reader) heldStreams(ctx context.Context, h *held, f func(call.Unit, *Stream) error) error {
	var q strings.Builder
	q.WriteString("SELECT sdk_app_id, comm_id, user_id, peer_id, toUnixTimestamp(first_ts), toUnixTimestamp(last_ts), samples, events, network_changes, connections_lost")
	for _, m := range streamMetrics {
		for _, of := range []string{"samples", "sum", "min", "max", "values", "counts"} {
			q.WriteString(", x." + m.column + "." + of)
		}
	}
	q.WriteString(", `other.metric`, `other.samples`, `other.sum`, `other.min`, `other.max`")
	q.WriteString(" FROM quality_streams_data AS x WHERE " + h.where() + " ORDER BY sdk_app_id, comm_id, user_id, peer_id, day, device_type, sdk_version, load_id")
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": maxHeldText, "max_block_size": 1024, "max_bytes_before_external_sort": 64 << 20}))
	rows, err := s.conn.Query(ctx, q.String(), h.keys)
	if err != nil {
		return fmt.Errorf("read streams: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		u, st, err := scanStream(rows)
		if err != nil {
			return fmt.Errorf("read streams: %w", err)
		}
		if err := f(u, st); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read streams: %w", err)
	}
	return nil
}

func scanStream(rows driver.Rows) (call.Unit, *Stream, error) {
	var app uint32
	u := call.Unit{Kind: call.UnitCall}
	st := &Stream{}
	into := []any{&app, &u.Key, &st.user, &st.peer, &st.first, &st.last, &st.samples, &st.events, &st.networkChanges, &st.connectionsLost}
	for i := range st.of {
		m := &summary{}
		st.of[i] = m
		into = append(into, &m.samples, &m.sum, &m.min, &m.max, &m.values, &m.counts)
	}
	var names []string
	var samples []uint32
	var sum, low, top []float64
	if err := rows.Scan(append(into, &names, &samples, &sum, &low, &top)...); err != nil {
		return u, nil, err
	}
	for i, name := range names {
		st.other = append(st.other, otherSummary{name, summary{samples: samples[i], sum: sum[i], min: low[i], max: top[i], plain: true}})
	}
	u.App = call.AppID(app)
	return u, st, nil
}
