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
	"github.com/callvault/callvault/load/native"
)

// StoredCall is a call that is read from the tables. Loads are the loads that hold
// its rows. SummarizeStored fills in the room and the creation of Head.
type StoredCall struct {
	Head
	Loads []uint64
}

// reader reads calls from the tables.
type reader struct {
	conn native.Querier
	here string // see SummarizeStored
}

// BlockRows is the number of summary rows in an INSERT.
const BlockRows = 8192

// SummarizeStored makes the summaries of calls from the tables and adds them to rows.
// It sorts calls and holds the streams of one user in memory at a time. It calls emit
// often; emit inserts and clears the rows once there are atLeast many. here is added to the
// conditions on the tables.
func SummarizeStored(ctx context.Context, conn native.Querier, here string, rows *Rows, calls []StoredCall, h *Histogram, emit func(atLeast int) error) error {
	return reader{conn, here}.summarize(ctx, &summarizer{Rows: rows, h: h}, calls, emit)
}

func (s reader) summarize(ctx context.Context, to *summarizer, calls []StoredCall, emit func(atLeast int) error) error {
	slices.SortFunc(calls, func(x, y StoredCall) int { return compareUnits(x.Unit, y.Unit) })
	h, err := s.readCalls(ctx, calls)
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

// maxJudged bounds the minutes of users that are judged together, at about 150 bytes
// each. A single call may have more.
const maxJudged = 100_000

// minutesOf is the sum of the minutes that each user was in the call.
func (h *stored) minutesOf(u call.Unit) (n int) {
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

func (s reader) summarizeSome(ctx context.Context, to *summarizer, calls []StoredCall, h *stored, emit func(atLeast int) error) error {
	h.keys = nil
	for _, c := range calls {
		h.keys = append(h.keys, c.Unit.Key)
	}
	judged, err := s.readQuality(ctx, h)
	if err != nil {
		return err
	}
	minutes, err := s.readMinutes(ctx, h, received)
	if err != nil {
		return err
	}
	defer minutes.close()
	next := 0
	begin := func() {
		u := calls[next].Unit
		head := h.heads[u]
		head.Load, head.Unit, head.Entry = calls[next].Load, u, calls[next].Entry
		q := cmp.Or(judged[u], quality.NewCall())
		to.begin(&head, h.rooms[u], h.sessions[u], h.last[u], func(peer string) sent { return h.sent[storedUser{u, peer}] }, q)
	}
	begin()
	upTo := func(u call.Unit) {
		for calls[next].Unit != u {
			to.end()
			next++
			begin()
		}
	}
	err = s.readStreams(ctx, h, func(u call.Unit, st *Stream) error {
		upTo(u)
		to.stream(st)
		m, err := minutes.take(storedStream{u, st.user, st.peer})
		if err != nil {
			return err
		}
		to.minutes(st.peer, m)
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

// maxQueryText is the longest query, in bytes. A call that is fetched every hour while
// it runs has a load for each hour, and each load id takes some 20 bytes.
const maxQueryText = 16 << 20

// stored is what the tables hold of some calls, except their streams.
type stored struct {
	loads    string             // ids of all loads, as SQL
	keys     []string           // comm_id of the calls to read
	heads    map[call.Unit]Head // room and creation
	rooms    map[call.Unit]*call.Room
	sessions map[call.Unit][]call.Session
	sent     map[storedUser]sent
	last     map[call.Unit]uint32 // unix second of the last upstream sample of any user
}

// where is the SQL condition for the rows of the calls; its argument is keys.
func (h *stored) where() string { return "load_id IN " + h.loads + " AND comm_id IN (?)" }

type storedUser struct {
	unit call.Unit
	user string
}

func (s reader) readCalls(ctx context.Context, calls []StoredCall) (*stored, error) {
	h := &stored{heads: map[call.Unit]Head{}, rooms: map[call.Unit]*call.Room{}, sessions: map[call.Unit][]call.Session{}, sent: map[storedUser]sent{}, last: map[call.Unit]uint32{}}
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
	var head Head
	err = s.each(ctx, "user_sessions_data", `sdk_app_id, comm_id, call_created_at, user_id, room_id, joined_at, left_at, is_finished,
		device_type, sdk_version, client_ip`, h, "ORDER BY user_id, joined_at, room_id", func() {
		u.App = call.AppID(app)
		session := x
		if ended != nil {
			session.LeftAt = *ended
		}
		h.sessions[u] = append(h.sessions[u], session)
		h.heads[u] = Head{RoomID: x.RoomID, Created: head.Created}
	}, &app, &u.Key, &head.Created, &x.UserID, &x.RoomID, &x.JoinedAt, &ended, &x.Finished, &x.DeviceType, &x.SDKVersion, &x.ClientIP)
	if err != nil {
		return nil, err
	}

	var user string
	var up sent
	var last uint32
	err = s.each(ctx, "quality_streams_data AS x", `sdk_app_id, comm_id, any(room_id), min(call_created_at), user_id, toUnixTimestamp(max(last_ts)), sum(x.audio_loss.samples), sum(x.audio_loss.sum),
		sum(x.video_loss.samples), sum(x.video_loss.sum), sum(x.rtt.samples), sum(x.rtt.sum)`, h, "AND peer_id = '' GROUP BY sdk_app_id, comm_id, user_id", func() {
		u.App = call.AppID(app)
		h.sent[storedUser{u, user}] = up
		h.last[u] = max(h.last[u], last)
		h.heads[u] = head
	}, &app, &u.Key, &head.RoomID, &head.Created, &user, &last, &up.audioLoss.samples, &up.audioLoss.sum, &up.videoLoss.samples, &up.videoLoss.sum, &up.rtt.samples, &up.rtt.sum)
	return h, err
}

// each reads the rows of the calls from a table. It scans every row into the same
// variables and then calls f.
func (s reader) each(ctx context.Context, table, columns string, h *stored, rest string, f func(), into ...any) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": maxQueryText}))
	return native.Read(ctx, s.conn, table, "SELECT "+columns+" FROM "+table+" WHERE "+h.where()+s.here+" "+rest, []any{h.keys}, f, into...)
}

// readStreams reads the streams of the calls, ordered by call, user and peer.
func (s reader) readStreams(ctx context.Context, h *stored, f func(call.Unit, *Stream) error) error {
	var q strings.Builder
	q.WriteString("SELECT sdk_app_id, comm_id, user_id, peer_id, toUnixTimestamp(first_ts), toUnixTimestamp(last_ts), samples, events, network_changes, connections_lost")
	for _, m := range streamMetrics {
		for _, of := range []string{"samples", "sum", "min", "max", "values", "counts"} {
			q.WriteString(", x." + m.column + "." + of)
		}
	}
	q.WriteString(", `other.metric`, `other.samples`, `other.sum`, `other.min`, `other.max`")
	q.WriteString(" FROM quality_streams_data AS x WHERE " + h.where() + s.here + " ORDER BY sdk_app_id, comm_id, user_id, peer_id, day, device_type, sdk_version, load_id")
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": maxQueryText, "max_block_size": 1024, "max_bytes_before_external_sort": 64 << 20}))
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
		m := &metricSums{}
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
		st.other = append(st.other, otherMetric{name, metricSums{samples: samples[i], sum: sum[i], min: low[i], max: top[i], plain: true}})
	}
	u.App = call.AppID(app)
	return u, st, nil
}
