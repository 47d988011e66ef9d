package load

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/quality"
	"github.com/callvault/callvault/load/native"
)

// summaryBlock is how many rows of summaries make an INSERT.
const summaryBlock = 8192

// ready is the summary of a call that was made in memory.
type ready struct {
	loads []uint64 // that it is of, sorted
	of    *summaryOf
	rows  summarizer
}

// content is what has been inserted of a call.
type content struct {
	of       summaryOf
	loads    []uint64 // that it is of
	room     *call.Room
	sessions []call.Session
	streams  []*stream
}

// maxCarried streams, of about 3 KB each, and sessions are kept of calls that go on
// after the flush that inserted them; carriedMinutes minutes of a stream take as much.
const (
	maxCarried     = 4096
	carriedMinutes = 20
)

// weight is how many streams the content takes the memory of.
func (c *content) weight() int {
	n := len(c.sessions)
	for _, st := range c.streams {
		n += 1 + len(st.minutes)/carriedMinutes
	}
	return n
}

// ready makes the summaries of those calls among the ended ones of which all is in
// memory: in the buffer, which has been inserted, or carried over from the ones
// before. It returns how many rows that are. The caller holds the turn.
func (w *Writer) ready(b *buffer, ended []*unitState) (rows int) {
	all := w.carried
	w.carried = map[*unitState]*content{}
	of := func(h *half) *content {
		if h.of.unit.Kind != call.UnitCall {
			return nil
		}
		c := all[h.of]
		if c == nil {
			c = &content{of: summaryOf{unit: h.of.unit}}
			all[h.of] = c
		}
		return c
	}
	for _, h := range b.halves() {
		if c := of(h); c != nil {
			c.loads = append(c.loads, h.load)
		}
	}
	for i := range b.rooms {
		of(b.rooms[i].of).room = &b.rooms[i].Room
	}
	for i := range b.sessions {
		c := of(b.sessions[i].of)
		c.sessions = append(c.sessions, b.sessions[i].Session)
	}
	for i := range b.parts {
		p := &b.parts[i]
		if c := of(p.of); c != nil {
			c.of.roomID, c.of.created = p.room, p.created
			for j := range p.streams {
				c.streams = append(c.streams, &p.streams[j])
			}
		}
	}
	for _, u := range ended {
		c := all[u]
		delete(all, u)
		if c == nil || u.failing() {
			continue
		}
		if slices.Sort(c.loads); slices.Equal(c.loads, u.loads()) {
			u.ready = c.summarize(w.merged)
			rows += u.ready.rows.size
		}
	}
	carry := 0
	w.mu.Lock()
	defer w.mu.Unlock()
	for u, c := range all {
		if carry += c.weight(); carry > maxCarried {
			break
		}
		if !u.dropped {
			w.carried[u] = c
		}
	}
	return rows
}

// summarize makes the summary of a call of which all is there. h is empty before
// and after.
func (c *content) summarize(h *histogram) *ready {
	slices.SortStableFunc(c.streams, func(x, y *stream) int {
		return cmp.Or(cmp.Compare(x.user, y.user), cmp.Compare(x.peer, y.peer), cmp.Compare(x.day, y.day), cmp.Compare(x.device, y.device), cmp.Compare(x.version, y.version))
	})
	up := map[string]sent{}
	var last uint32
	for _, st := range c.streams {
		if st.peer == "" {
			x := up[st.user]
			x.add(st)
			up[st.user] = x
			last = max(last, st.last)
		}
	}
	s := &summarizer{h: h}
	s.begin(&c.of, c.room, c.sessions, last, func(peer string) sent { return up[peer] }, c.quality())
	for _, st := range c.streams {
		s.stream(st)
		s.minutes(st.user, st.peer, st.minutes)
	}
	s.end()
	return &ready{c.loads, &c.of, summarizer{users: s.users, pairs: s.pairs, calls: s.calls, size: s.size}}
}

// quality is what the minutes of the call are judged by; its streams are in order.
func (c *content) quality() *quality.Call {
	q := quality.NewCall()
	for _, received := range []bool{false, true} {
		for rest := c.streams; len(rest) > 0; {
			first := rest[0]
			var parts []quality.Minutes
			for len(rest) > 0 && rest[0].user == first.user && rest[0].peer == first.peer {
				parts, rest = append(parts, rest[0].minutes), rest[1:]
			}
			switch {
			case received != (first.peer != ""):
			case received:
				q.Heard(first.peer, quality.Merge(parts...))
			default:
				q.Sent(first.user, quality.Merge(parts...))
			}
		}
	}
	return q
}

// summarize writes the summaries of the calls among the units, of the loads that
// will be visible of each, and gives each its summary's load. What is not ready is
// read from the tables.
func (w *Writer) summarize(ctx context.Context, units []*unitState, visible [][]uint64) error {
	var made, held []summarized
	for i, u := range units {
		switch c := (summarized{u, visible[i]}); {
		case u.unit.Kind != call.UnitCall || len(c.loads) == 0:
		case u.ready != nil && slices.Equal(u.ready.loads, c.loads):
			made = append(made, c)
		default:
			held = append(held, c)
		}
	}
	all := slices.Concat(made, held)
	if len(all) == 0 {
		return nil
	}
	return w.Retry(ctx, func(ctx context.Context) error {
		ids := w.store.openIDs(len(all))
		for i, c := range all {
			w.store.closeIDs([]uint64{c.unit.summary})
			c.unit.summary = ids[i]
		}
		return w.summarizeOnce(ctx, made, held, ids)
	})
}

// summarized is a call to be summarized.
type summarized struct {
	unit  *unitState
	loads []uint64
}

// summarizeOnce hides the loads, inserts the rows, and last what the loads are.
func (w *Writer) summarizeOnce(ctx context.Context, made, held []summarized, ids []uint64) error {
	if err := insertSteps(ctx, w.store.conn, ids, stepOpened); err != nil {
		return err
	}
	s := &summarizer{h: w.merged}
	emit := func(atLeast int) error {
		if s.size < atLeast {
			return nil
		}
		defer s.clear()
		return w.insertSummaries(ctx, s)
	}
	for _, c := range made {
		r := c.unit.ready
		r.of.load, r.of.entry = c.unit.summary, c.unit.ending
		s.addRows(&r.rows)
		if err := emit(summaryBlock); err != nil {
			return fmt.Errorf("summarize calls: %w", err)
		}
	}
	for some := range slices.Chunk(held, 500) {
		if err := w.store.summarize(ctx, s, some, emit); err != nil {
			return fmt.Errorf("summarize calls: %w", err)
		}
	}
	if err := emit(1); err != nil {
		return fmt.Errorf("summarize calls: %w", err)
	}
	all := slices.Concat(made, held)
	return native.Insert(ctx, w.store.conn, "ledger_parts", "sdk_app_id, kind, key, part, load_id, run_id", func(in *native.Columns) {
		native.Add(in, all, func(c *summarized) uint32 { return uint32(c.unit.unit.App) })
		native.Add(in, all, func(c *summarized) string { return string(c.unit.unit.Kind) })
		native.Add(in, all, func(c *summarized) string { return c.unit.unit.Key })
		native.Add(in, all, func(*summarized) string { return string(partSummary) })
		native.Add(in, all, func(c *summarized) uint64 { return c.unit.summary })
		native.Add(in, all, func(*summarized) string { return w.run })
	})
}

// insertSummaries inserts the rows of all three tables at once.
func (w *Writer) insertSummaries(ctx context.Context, s *summarizer) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return insertSome(ctx, w.store.conn, s.users, insertUsers) })
	g.Go(func() error { return insertSome(ctx, w.store.conn, s.pairs, insertPairs) })
	g.Go(func() error { return insertSome(ctx, w.store.conn, s.calls, insertCalls) })
	return g.Wait()
}

func insertSome[R any](ctx context.Context, conn driver.Conn, rows []R, insert func(context.Context, driver.Conn, []R) error) error {
	if len(rows) == 0 {
		return nil
	}
	return insert(ctx, conn, rows)
}

// summarize summarizes calls of which the tables have something, user by user:
// of their streams it holds those of one.
func (s *Store) summarize(ctx context.Context, to *summarizer, calls []summarized, emit func(atLeast int) error) error {
	slices.SortFunc(calls, func(x, y summarized) int { return compareUnits(x.unit.unit, y.unit.unit) })
	h, err := s.heldCalls(ctx, calls)
	if err != nil {
		return err
	}
	for len(calls) > 0 {
		n, minutes := 1, h.minutesOf(calls[0].unit.unit)
		for n < len(calls) && minutes <= maxJudged {
			minutes += h.minutesOf(calls[n].unit.unit)
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

func (s *Store) summarizeSome(ctx context.Context, to *summarizer, calls []summarized, h *held, emit func(atLeast int) error) error {
	h.keys = nil
	for _, c := range calls {
		h.keys = append(h.keys, c.unit.unit.Key)
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
		u := calls[next].unit.unit
		of := h.of[u]
		of.load, of.unit, of.entry = calls[next].unit.summary, u, calls[next].unit.ending
		q := orDefault(judged[u], quality.NewCall())
		to.begin(&of, h.rooms[u], h.sessions[u], h.last[u], func(peer string) sent { return h.sent[heldUser{u, peer}] }, q)
	}
	begin()
	upTo := func(u call.Unit) {
		for calls[next].unit.unit != u {
			to.end()
			next++
			begin()
		}
	}
	err = s.heldStreams(ctx, h, func(u call.Unit, st *stream) error {
		upTo(u)
		to.stream(st)
		m, err := minutes.take(heldStream{u, st.user, st.peer})
		if err != nil {
			return err
		}
		to.minutes(st.user, st.peer, m)
		return emit(summaryBlock)
	})
	if err != nil {
		return err
	}
	upTo(calls[len(calls)-1].unit.unit)
	to.end()
	return emit(summaryBlock)
}

func compareUnits(x, y call.Unit) int {
	return cmp.Or(cmp.Compare(x.App, y.App), cmp.Compare(x.Key, y.Key))
}

// maxHeldText is the longest query about held calls, in bytes: a call that was asked
// for each hour while it ran has a load for each of these, of some 20 bytes.
const maxHeldText = 16 << 20

// held is what the tables have of calls, but for their streams.
type held struct {
	loads    string                  // of the rows
	keys     []string                // of the calls whose rows are read
	of       map[call.Unit]summaryOf // room and creation
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

func (s *Store) heldCalls(ctx context.Context, calls []summarized) (*held, error) {
	h := &held{of: map[call.Unit]summaryOf{}, rooms: map[call.Unit]*call.Room{}, sessions: map[call.Unit][]call.Session{}, sent: map[heldUser]sent{}, last: map[call.Unit]uint32{}}
	var loads []uint64
	for _, c := range calls {
		loads, h.keys = append(loads, c.loads...), append(h.keys, c.unit.unit.Key)
	}
	h.loads = list(loads)
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
	var of summaryOf
	err = s.each(ctx, "user_sessions_data", `sdk_app_id, comm_id, call_created_at, user_id, room_id, joined_at, left_at, is_finished,
		device_type, sdk_version, client_ip`, h, "ORDER BY user_id, joined_at, room_id", func() {
		u.App = call.AppID(app)
		stay := x
		if ended != nil {
			stay.LeftAt = *ended
		}
		h.sessions[u] = append(h.sessions[u], stay)
		h.of[u] = summaryOf{roomID: x.RoomID, created: of.created}
	}, &app, &u.Key, &of.created, &x.UserID, &x.RoomID, &x.JoinedAt, &ended, &x.Finished, &x.DeviceType, &x.SDKVersion, &x.ClientIP)
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
	}, &app, &u.Key, &of.roomID, &of.created, &user, &last, &up.audioLoss.samples, &up.audioLoss.sum, &up.videoLoss.samples, &up.videoLoss.sum, &up.rtt.samples, &up.rtt.sum)
	return h, err
}

// each reads rows of the held calls from a table, into the same variables.
func (s *Store) each(ctx context.Context, table, columns string, h *held, rest string, f func(), into ...any) error {
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
func (s *Store) heldStreams(ctx context.Context, h *held, f func(call.Unit, *stream) error) error {
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

func scanStream(rows driver.Rows) (call.Unit, *stream, error) {
	var app uint32
	u := call.Unit{Kind: call.UnitCall}
	st := &stream{}
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
