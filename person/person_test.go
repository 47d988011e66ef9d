package person

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/migratedtest"
	"github.com/callvault/callvault/test/summarytest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

const app = call.AppID(1400353843)

var t0 = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// meeting is a call of the person with two others, with rows of every kind and responses.
type meeting struct {
	n      int
	person string
	points uint32 // of each series; 0: 200
}

func (m meeting) key() string     { return fmt.Sprintf("%d_room%d_%d", app, m.n, t0.Unix()) }
func (m meeting) users() []string { return []string{"left", m.person, "right"} }
func (m meeting) unit() call.Unit { return call.Unit{App: app, Kind: call.UnitCall, Key: m.key()} }

// put archives the call, and an hour of unusual events.
func (m meeting) put(t testing.TB, w *load.Writer) {
	t.Helper()
	room, end := fmt.Sprint("room", m.n), t0.Add(10*time.Minute)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	keep := func(body any) []uint64 {
		text, err := json.Marshal(map[string]any{"Response": body})
		must(err)
		id, err := w.KeepResponse(t.Context(), load.Response{App: app, Action: "Describe", Request: []byte(`{}`), Body: text, Asked: end})
		must(err)
		return []uint64{id}
	}
	part := func(kind call.PartKind, key string, owned []call.Owned, responses []uint64) call.Part {
		return call.Part{Kind: kind, Key: key, RoomID: room, Window: call.Window{Start: t0, End: end}, Owned: owned, Settled: true, Asked: end, Deadline: end.Add(time.Hour), Responses: responses}
	}
	owned := func(users ...string) (all []call.Owned) {
		for _, u := range users {
			all = append(all, call.Owned{User: u, From: uint32(t0.Unix()), To: uint32(t0.Add(2 * time.Hour).Unix())})
		}
		return all
	}
	list := map[string]any{"RoomList": []any{map[string]any{"CommId": m.key(), "RoomString": room, "UserId": m.person, "CreateTime": t0.Unix()}}}
	must(w.Add(t.Context(), m.unit(), part(call.PartRoom, "", []call.Owned{{To: call.Forever}}, keep(list)),
		call.Rows{CreatedAt: t0, Room: &call.Room{App: app, CommID: m.key(), RoomID: room, CreatedAt: t0, DestroyedAt: end, Finished: true, Creator: m.person}}))
	var sessions []call.Session
	of := map[string][]call.Session{}
	for i, u := range m.users() {
		s := call.Session{UserID: u, JoinedAt: t0.Add(time.Duration(i) * time.Second), LeftAt: end, Finished: true, DeviceType: "Android", SDKVersion: "12.1", ClientIP: "10.0.0." + fmt.Sprint(i)}
		sessions, of[u] = append(sessions, s), []call.Session{s}
	}
	must(w.Add(t.Context(), m.unit(), part(call.PartUsers, "", []call.Owned{{To: call.Forever}}, keep(map[string]any{"UserList": m.users()})), call.Rows{CreatedAt: t0, RoomID: room, Sessions: sessions}))
	samples := w.Samples(0)
	for _, u := range m.users() {
		for _, peer := range append([]string{""}, m.users()...) {
			if peer == u {
				continue
			}
			for _, metric := range []string{"aBit", "aLoss", "rtt"} {
				for at := range cmp.Or(m.points, 200) {
					samples.Append(call.Series{UserID: u, PeerID: peer, Metric: metric}, uint32(t0.Unix())+2*at, float64(at%50))
				}
			}
		}
	}
	must(w.Add(t.Context(), m.unit(), part(call.PartSeries, fmt.Sprintf("%d-%d %s", t0.Unix(), end.Unix(), m.person), owned(m.person, "left", "right"), keep(map[string]any{"Data": m.users()})),
		call.Rows{CreatedAt: t0, RoomID: room, Samples: samples, SessionsOf: of}))
	for _, u := range m.users() {
		must(w.Add(t.Context(), m.unit(), part(call.PartEvents, u, owned(u), keep(map[string]any{"Data": u})),
			call.Rows{CreatedAt: t0, RoomID: room, SessionsOf: of, Events: []call.Event{{UserID: u, EventID: 1, Time: t0}, {UserID: u, PeerID: m.person, EventID: 2, Time: end}}}))
	}
	must(w.End(t.Context(), ledger.Entry{Unit: m.unit(), State: ledger.Provisional, StartsAt: t0, HeldUntil: end, Deadline: end.Add(time.Hour), Reason: "series " + m.person + ": torn",
		Failed: []ledger.FailedPart{{Kind: call.PartEvents, Key: m.person, Reason: "series " + m.person + " rtt: torn", Attempts: 1}}}))
	hour := call.Unit{App: app, Kind: call.UnitUnusual, Key: t0.Add(time.Duration(m.n) * time.Hour).Format(time.RFC3339)}
	at := t0.Add(time.Duration(m.n)*time.Hour + time.Minute)
	must(w.Add(t.Context(), hour, part(call.PartUnusual, "", []call.Owned{{To: call.Forever}}, nil), call.Rows{Unusual: []call.UnusualEvent{
		{RoomID: room, UserID: "left", ExperienceID: 1, Time: at, PeerID: m.person}, {RoomID: room, UserID: "left", ExperienceID: 2, Time: at}, {RoomID: room, UserID: m.person, ExperienceID: 3, Time: at}}}))
	must(w.End(t.Context(), ledger.Entry{Unit: hour, State: ledger.Archived, StartsAt: at.Truncate(time.Hour)}))
}

// fill archives calls, one for each person.
func fill(t testing.TB, s *store.Store, people []string) {
	t.Helper()
	w := load.NewWriter(s, "fill", load.WriterOptions{KeepRaw: 50 * 365 * 24 * time.Hour})
	for i, p := range people {
		meeting{n: i, person: p}.put(t, w)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// never is an archive that knew who was erased before it saw anything.
func never(t testing.TB, people []string, gone ...string) *store.Store {
	t.Helper()
	s := migratedtest.Open(t)
	var rows []erased.Row
	for _, id := range gone {
		rows = append(rows, erased.Row{App: app, Kind: erased.User, Hash: erased.Hash([32]byte{}, app, erased.User, id), Before: erased.Always(), At: t0})
	}
	if err := erased.Remember(t.Context(), s, rows); err != nil {
		t.Fatal(err)
	}
	fill(t, s, people)
	return s
}

// content is what each relation has, as text.
func content(t testing.TB, s *store.Store) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, r := range catalogue.Relations() {
		columns := "*"
		switch r.Name {
		case "archive_runs", "disk_usage":
			continue
		case "ledger":
			columns = "sdk_app_id, kind, key, part, part_key, state, reason, window_start, window_end, users, deadline, attempts, rows, null_samples"
		}
		all[r.Name] = archivetest.Strings(t, s.Conn(), "SELECT toString(tuple("+columns+")) AS x FROM "+r.Name+" ORDER BY x")
	}
	return all
}

func equal(t testing.TB, s, want *store.Store) {
	t.Helper()
	have := content(t, s)
	for r, rows := range content(t, want) {
		if !slices.Equal(have[r], rows) {
			t.Errorf("%s has %d rows, an archive that never saw them has %d:\n%s", r, len(have[r]), len(rows), firstDifference(have[r], rows))
		}
	}
	summarytest.Check(t, s.StoreConn())
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\n" + b[i]
		}
	}
	return ""
}

func erase(t testing.TB, s Store, w Who) Done {
	t.Helper()
	e := Erasure{Who: w, Store: s, RunID: "erase"}
	if err := e.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e.Done
}

// hostile are ids that must go through as they are.
var hostile = []string{
	`it's`, "alice", `"quoted"`, "back`tick", `back\slash`, `\`, `'; DROP TABLE rooms; --`, "new\nline", "nul\x00byte", "emoji 🙂 id", "مرحبا بالعالم", "?", "a?b ?", "%s %d", "{x:String}",
	strings.Repeat("k", 1024), " ", "null", "before x", "series", "<&>", "e\u0301", "\u202Ertl", "$1", "--", "tab\tid",
}

// TestLongHostileIDs finds and erases people whose ids are hostile, and nobody else.
func TestLongHostileIDs(t *testing.T) {
	t.Parallel()
	s := migratedtest.Open(t)
	fill(t, s, hostile)
	for i, id := range hostile {
		f, err := Find(t.Context(), s, Who{Users: []string{id}})
		if err != nil {
			t.Fatalf("%q: %v", id, err)
		}
		rows := map[string]uint64{}
		for _, p := range f.Relations {
			rows[p.Relation+" "+p.As] = p.Rows
		}
		for what, want := range map[string]uint64{
			"rooms creator_user_id": 1, "user_sessions user_id": 1, "quality_samples user_id": 1800, "quality_samples peer_id": 1200, "user_events user_id": 2, "user_events peer_id": 3,
			"unusual_events user_id": 1, "unusual_events peer_id": 1, "call_users user_id": 1,
		} {
			if rows[what] != want {
				t.Errorf("%q: %d rows of %s, want %d", id, rows[what], what, want)
			}
		}
		if f.Calls != 1 || len(f.Ledger) == 0 || len(f.Answers) != 4 {
			t.Errorf("%q: %d calls, %d answers, ledger %v", id, f.Calls, len(f.Answers), f.Ledger)
		}
		for _, q := range (Who{Users: []string{id}}).Queries() {
			if err := s.Conn().Exec(t.Context(), q.Text); err != nil {
				t.Errorf("%q: %v", id, err)
			}
		}
		if i%6 > 0 {
			continue
		}
		if d := erase(t, s, Who{Users: []string{id}, Apps: []call.AppID{app}}); d.Calls != 1 || d.Hours != 1 || d.Answers != 3 || d.Rewritten != 1 {
			t.Errorf("%q: %+v", id, d)
		}
		if f, err := Find(t.Context(), s, Who{Users: []string{id}}); err != nil || !f.Nothing() {
			t.Errorf("%q is still in %+v, %v", id, f, err)
		}
	}
	var gone []string
	for i := 0; i < len(hostile); i += 6 {
		gone = append(gone, hostile[i])
	}
	equal(t, s, never(t, hostile, gone...))
}

// errCrash is not retried: the process is gone.
var errCrash = fmt.Errorf("crash: %w", context.Canceled)

// dying is the archive of a process that dies after a number of writes, before or after the
// server has done the last one.
type dying struct {
	*store.Store
	conn *crashing
	ids  hidden.IDs
}

type crashing struct {
	driver.Conn
	left  atomic.Int64
	after bool
}

func (d *dying) StoreConn() driver.Conn { return d.conn }
func (d *dying) IDs() *hidden.IDs       { return &d.ids }
func (d *dying) InsertSamples(ctx context.Context, runs []native.Run) error {
	if d.conn.left.Add(-1) < 0 {
		return errCrash
	}
	return d.Store.InsertSamples(ctx, runs)
}

func (c *crashing) Exec(ctx context.Context, q string, args ...any) error {
	left := c.left.Add(-1)
	if left < 0 && !(c.after && left == -1) {
		return errCrash
	}
	if err := c.Conn.Exec(ctx, q, args...); err != nil || left >= 0 {
		return err
	}
	return errCrash
}

func (c *crashing) PrepareBatch(ctx context.Context, q string, o ...driver.PrepareBatchOption) (driver.Batch, error) {
	if c.left.Add(-1) < 0 {
		return nil, errCrash
	}
	return c.Conn.PrepareBatch(ctx, q, o...)
}

// TestLongCrashErasing erases one person after the other, and dies after more and more writes:
// the steps between are drawn from a printed seed, which CALLVAULT_TEST_SEED repeats; with
// CALLVAULT_TEST_SEED=all it dies after every number of writes. Readers see each call whole.
// The same command once more comes to the same end.
func TestLongCrashErasing(t *testing.T) {
	t.Parallel()
	seed, step := uint64(time.Now().UnixNano()), 6
	if v := os.Getenv("CALLVAULT_TEST_SEED"); v == "all" {
		step = 1
	} else if n, err := strconv.ParseUint(v, 10, 64); err == nil {
		seed = n
	}
	t.Logf("CALLVAULT_TEST_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	s := migratedtest.Open(t)
	var people, gone []string
	for i := range 80 {
		people = append(people, fmt.Sprintf("person%03d", i))
	}
	fill(t, s, people)
	whole := func(id string) bool {
		t.Helper()
		n := archivetest.Strings(t, s.Conn(), "SELECT toString((SELECT count() FROM quality_samples WHERE comm_id IN (SELECT comm_id FROM calls) AND (user_id = '"+id+"' OR peer_id = '"+id+"')) + (SELECT count() FROM call_users WHERE user_id = '"+id+"') + (SELECT count() FROM user_sessions WHERE user_id = '"+id+"'))")[0]
		if n != "0" && n != "3002" {
			t.Errorf("%s is seen in part: %s rows", id, n)
		}
		return n != "0"
	}
	for writes := rng.IntN(step); ; writes += 1 + rng.IntN(step) {
		if len(gone) == len(people) {
			t.Fatal("an erasure takes more writes than there are people")
		}
		id := people[len(gone)]
		d := &dying{Store: s, conn: &crashing{Conn: s.StoreConn(), after: writes%2 == 1}}
		d.conn.left.Store(int64(writes))
		e := Erasure{Who: Who{Users: []string{id}, Apps: []call.AppID{app}}, Store: d, RunID: "dying"}
		err := e.Do(t.Context())
		t.Logf("after %d writes: seen %t, %v", writes, whole(id), err)
		gone = append(gone, id)
		erase(t, s, Who{Users: []string{id}, Apps: []call.AppID{app}})
		if whole(id) {
			t.Errorf("%s is still there after %d writes and another erasure", id, writes)
		}
		if err == nil {
			break
		}
	}
	equal(t, s, never(t, people, gone...))
}

// TestLongBytesAreGone looks for an id in all files of the engine's data.
func TestLongBytesAreGone(t *testing.T) {
	t.Parallel()
	const id = "marker-9f2c7a41"
	dir := embeddedtest.TidyDir(t)
	s := openIn(t, dir)
	fill(t, s, []string{"somebody", id, "else"})
	for _, table := range catalogue.Tables() {
		if !strings.HasPrefix(table.Name, "lease") {
			if err := s.StoreConn().Exec(t.Context(), "ALTER TABLE "+table.Name+" MODIFY SETTING old_parts_lifetime = 1"); err != nil {
				t.Fatal(table.Name, err)
			}
		}
	}
	if n := filesWith(t, dir, id); len(n) == 0 {
		t.Fatal("the id is in no file: the test looks in the wrong place")
	}
	e := Erasure{Who: Who{Users: []string{id}}, Store: s, RunID: "erase", Wait: true}
	if err := e.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, file := range filesWith(t, dir, id) {
		t.Errorf("the id is still in %s", file)
	}
	equal(t, s, never(t, []string{"somebody", id, "else"}, id))
}

// openIn starts an engine in a folder, with an archive.
func openIn(t *testing.T, dir string) *store.Store {
	t.Helper()
	srv := embeddedtest.StartIn(t, dir)
	s, err := store.Open(t.Context(), srv.DSN(), store.Options{Missing: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	migratedtest.Migrate(t, s)
	return s
}

// filesWith lists the files that have an id. ClickHouse compresses columns; dictionaries of
// ids that do not repeat are stored as they are.
func filesWith(t testing.TB, dir, id string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // it was removed meanwhile
		}
		if text, _ := os.ReadFile(path); bytes.Contains(text, []byte(id)) {
			found = append(found, strings.TrimPrefix(path, dir))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// BenchmarkErase erases a person of 8 calls among 400, of 54,000 samples each.
func BenchmarkErase(b *testing.B) {
	s := migratedtest.Open(b)
	w := load.NewWriter(s, "fill", load.WriterOptions{KeepRaw: 50 * 365 * 24 * time.Hour})
	began := time.Now()
	for i := range 400 {
		id := fmt.Sprint("p", i)
		if i%50 == 0 {
			id = "alice"
		}
		meeting{n: i, person: id, points: 2000}.put(b, w)
	}
	if err := w.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Logf("filled with %s samples in %s", archivetest.Strings(b, s.Conn(), "SELECT toString(count()) FROM quality_samples")[0], time.Since(began))
	for b.Loop() {
		began = time.Now()
		f, err := Find(b.Context(), s, Who{Users: []string{"alice"}})
		b.Logf("found in %s: %d calls, %v", time.Since(began), f.Calls, err)
		began = time.Now()
		e := Erasure{Who: Who{Users: []string{"alice"}}, Store: s, RunID: "erase", Step: func(name string) { b.Logf("%s  %s", time.Since(began), name) }}
		if err := e.Do(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.Logf("erased in %s: %+v", time.Since(began), e.Done)
	}
}
