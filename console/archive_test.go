package console

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/migratedtest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

const app = 1400353843

// Ids that a page must show as they are: HTML, quotes, escapes, emoji, from right to left.
const (
	hostile  = `<script>alert("1")</script>'; DROP TABLE rooms; --`
	emoji    = "😀 \t{id:String} \\N \x1b[2J"
	fromLeft = "مستخدم ٧"
	plain    = "4711"
)

var (
	began = time.Date(2026, 5, 4, 15, 0, 0, 0, time.UTC)
	now   = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)
)

// made is a call for tests: each user sends to each other, one has a bad uplink.
type made struct {
	id, room string
	users    []string
	minutes  int
	bad      string // whose uplink loses from minute 4 to 8
	running  bool
	failed   []ledger.FailedPart
	state    ledger.State
	every    int // seconds between samples
}

func (m made) samples() *call.Samples {
	x := &call.Samples{}
	series := func(user, peer string, values map[string]float64, bad map[string]float64) {
		for metric, well := range values {
			for s := 0; s < m.minutes*60; s += m.every {
				v := well + float64(s/m.every%3)
				if worse, ok := bad[metric]; ok && s >= 240 && s < 480 {
					v = worse + float64(s/m.every%5)
				}
				x.Append(call.Series{UserID: user, PeerID: peer, Metric: metric}, uint32(began.Unix())+uint32(s), v)
			}
		}
	}
	for _, user := range m.users {
		bad := map[string]float64{}
		if user == m.bad {
			bad = map[string]float64{"aLoss": 14, "bigvLoss": 12}
		}
		series(user, "", map[string]float64{"aBit": 40_000, "aLoss": 0, "bigvBit": 800_000, "bigvLoss": 0, "bigvCapFps": 24, "bigvEncFps": 24, "bigvHeight": 720, "rtt": 40, "sysCpu": 30, "newMetric": 7}, bad)
		for _, peer := range m.users {
			worse := map[string]float64{}
			if peer == m.bad {
				worse = map[string]float64{"aBlock": 300, "bigvBlock": 400}
			}
			if peer != user && len(m.users) < 10 {
				series(user, peer, map[string]float64{"aBit": 40_000, "aLoss": 0, "aBlock": 0, "bigvBit": 800_000, "bigvLoss": 0, "bigvBlock": 0, "bigvDecFps": 24, "bigvRecFps": 24}, worse)
			}
		}
	}
	return x
}

func (m made) rows() (room *call.Room, sessions []call.Session, events []call.Event) {
	end := began.Add(time.Duration(m.minutes) * time.Minute)
	room = &call.Room{App: app, CommID: m.id, RoomID: m.room, CreatedAt: began, Finished: !m.running, Creator: m.users[0]}
	if !m.running {
		room.DestroyedAt = end
	}
	for i, user := range m.users {
		s := call.Session{UserID: user, RoomID: m.room, JoinedAt: began, LeftAt: room.DestroyedAt, Finished: !m.running, DeviceType: "Phone <b>" + fmt.Sprint(i), SDKVersion: "12.1", ClientIP: "203.0.113.9"}
		if i == 1 && !m.running { // left and came back
			first := s
			first.LeftAt = began.Add(3 * time.Minute)
			s.JoinedAt = began.Add(3*time.Minute + 20*time.Second)
			sessions = append(sessions, first)
			events = append(events, call.Event{UserID: user, RoomID: m.room, EventID: 7000, ParamOne: 1, Time: s.JoinedAt})
		}
		sessions = append(sessions, s)
		events = append(events,
			call.Event{UserID: user, RoomID: m.room, EventID: 1003, ParamOne: 1, Time: began.Add(time.Second)},
			call.Event{UserID: user, RoomID: m.room, EventID: 1003, ParamOne: 2, Time: began.Add(4 * time.Minute)},
			call.Event{UserID: user, RoomID: m.room, EventID: 5005, Time: began.Add(4*time.Minute + 5*time.Second)},
			call.Event{UserID: user, RoomID: m.room, EventID: 4003, ParamOne: 1280, ParamTwo: 720, StreamType: 2, Time: began.Add(2 * time.Second)})
	}
	return room, sessions, events
}

// write archives the call.
func (m made) write(ctx context.Context, w *load.Writer) error {
	unit := call.Unit{App: app, Kind: call.UnitCall, Key: m.id}
	room, sessions, events := m.rows()
	stays := map[string][]call.Session{}
	for _, s := range sessions {
		stays[s.UserID] = append(stays[s.UserID], s)
	}
	end := began.Add(time.Duration(m.minutes) * time.Minute)
	for _, part := range []struct {
		kind call.PartKind
		rows call.Rows
	}{
		{call.PartRoom, call.Rows{Room: room}}, {call.PartUsers, call.Rows{Sessions: sessions}}, {call.PartSeries, call.Rows{Samples: m.samples()}}, {call.PartEvents, call.Rows{Events: events}},
	} {
		part.rows.RoomID, part.rows.CreatedAt, part.rows.SessionsOf = m.room, began, stays
		p := call.Part{Kind: part.kind, RoomID: m.room, Settled: !m.running, Asked: end, Deadline: end.AddDate(0, 0, 14), Window: call.Window{Start: began, End: end}, Owned: []call.Owned{{To: call.Forever}}}
		if err := w.Add(ctx, unit, p, part.rows); err != nil {
			return err
		}
	}
	return w.End(ctx, ledger.Entry{Unit: unit, State: m.state, StartsAt: began, HeldUntil: room.DestroyedAt, Deadline: end.AddDate(0, 0, 14), Failed: m.failed})
}

// crowd are the users of a large call.
func crowd(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("listener %03d", i))
	}
	return all
}

// calls are those of the tests' archive.
func calls() []made {
	return []made{
		{id: "call-bad", room: hostile, users: []string{hostile, emoji, fromLeft, plain}, minutes: 12, bad: hostile, state: ledger.Archived, every: 2},
		{id: `it's "odd" \N <i>`, room: "🎉 party", users: []string{plain, "5"}, minutes: 3, state: ledger.Archived, every: 4},
		{id: "call-running", room: "running", users: []string{plain, "8"}, minutes: 5, running: true, state: ledger.Provisional, every: 4},
		{id: "call-torn", room: "torn", users: []string{"a", "b"}, minutes: 6, state: ledger.Provisional, every: 4, failed: []ledger.FailedPart{
			{Kind: call.PartSeries, Key: fmt.Sprintf("%d-%d a", began.Unix()+120, began.Unix()+240), Reason: "the answer was cut <b>", Attempts: 2},
			{Kind: call.PartEvents, Key: "a", Reason: "no answer in time", Attempts: 1},
			{Kind: call.PartSeries, Key: ledger.BeforeKey + began.Add(30*time.Second).Format(time.RFC3339), Reason: "dropped", Attempts: 1},
		}},
		{id: "call-crowd", room: "crowd", users: crowd(60), minutes: 3, state: ledger.Archived, every: 10},
	}
}

// filled is the archive of all tests: they only read.
var filled struct {
	sync.Mutex
	dsn string
	err error
}

// fill archives calls in a database that it makes.
func fill(ctx context.Context, t testing.TB, dsn string, calls ...made) error {
	s, err := store.Open(ctx, dsn, store.Options{Missing: store.Create})
	if err != nil {
		return err
	}
	defer s.Close()
	migratedtest.Migrate(t, s)
	w := load.NewWriter(s, "fill", load.WriterOptions{})
	for _, m := range calls {
		if err := m.write(ctx, w); err != nil {
			return err
		}
	}
	return w.Close(ctx)
}

// archive connects to the archive, which the first test makes, by connections that cannot write.
func archive(t testing.TB) *store.Store {
	t.Helper()
	filled.Lock()
	defer filled.Unlock()
	if filled.dsn == "" {
		filled.dsn = embeddedtest.Shared(t).DatabaseDSN("console")
		filled.err = fill(t.Context(), t, filled.dsn, calls()...)
	}
	if filled.err != nil {
		t.Fatal(filled.err)
	}
	return reading(t, filled.dsn)
}

func reading(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// site serves the console of the archive, with some access.
func site(t testing.TB, access Access) *httptest.Server {
	t.Helper()
	return siteOf(t, archive(t), access)
}

func siteOf(t testing.TB, s *store.Store, access Access) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(New(Options{Archive: func() Archive { return s }, Access: access, Log: slog.New(slog.NewTextHandler(testLog{t}, nil)), Now: func() time.Time { return now }, Version: "test"}))
	t.Cleanup(srv.Close)
	return srv
}

// testLog fails a test that logs an error.
type testLog struct{ t testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "level=ERROR") {
		l.t.Errorf("logged: %s", line)
	}
	return len(line), nil
}

// get fetches a page.
func get(t testing.TB, srv *httptest.Server, path string, headers ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(body), a.Header
}
