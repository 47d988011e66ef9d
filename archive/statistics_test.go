package archive_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/native"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

// statisticsWorld is an archive of statistics and its vendor, at a time of the test's.
type statisticsWorld struct {
	t        *testing.T
	now      time.Time
	vendor   *simulator.Simulator
	archived *store.Store
	account  config.Account
	settings archive.Options

	monitoring int // days of the plan
	passes     int // that archive all; 0: passes
	wrap       func(http.Handler) http.Handler
}

func newStatisticsWorld(t *testing.T, now time.Time, o simulator.Options) *statisticsWorld {
	t.Helper()
	w := &statisticsWorld{t: t, now: now}
	o.Now, o.QPS, o.Statistics, o.Current = func() time.Time { return w.now }, -1, true, true
	var err error
	if w.vendor, err = simulator.New(o); err != nil {
		t.Fatal(err)
	}
	w.monitoring = cmp.Or(o.MonitoringDays, 30)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.wrap != nil {
			w.wrap(w.vendor).ServeHTTP(rw, r)
			return
		}
		w.vendor.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	if w.archived, err = store.Open(t.Context(), embeddedtest.Database(t), store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.archived.Close() })
	w.account = config.Account{
		SecretID: w.vendor.SecretID(), SecretKey: config.Secret(w.vendor.SecretKey()), Region: "ap-singapore", Endpoint: server.URL, API: "current",
		Retention: config.Duration(14 * 24 * time.Hour), QPS: 1e6,
	}
	for _, app := range w.vendor.Apps() {
		w.account.Apps = append(w.account.Apps, config.AppID(app))
	}
	w.settings = archive.Options{
		Memory: config.DefaultMemory.Shares(), Raw: 90 * 24 * time.Hour, Settle: 15 * time.Minute, Lease: 30 * time.Second,
		Statements: call.Statements(), Skip: extract.Skip{Calls: true, UnusualEvents: true, DailyScale: true},
	}
	return w
}

func (w *statisticsWorld) run() *archive.Run {
	w.t.Helper()
	run, err := archive.New(w.settings, archive.Scope{Accounts: []config.Account{w.account}}, runs.Origin{})
	if err != nil {
		w.t.Fatal(err)
	}
	run.Now = func() time.Time { return w.now }
	run.Attempts.Least, run.Attempts.Most = time.Millisecond, 10*time.Millisecond
	return run
}

func (w *statisticsWorld) pass() (*archive.Report, error) {
	w.t.Helper()
	return w.run().Do(w.t.Context(), w.archived, extract.NoProgress{})
}

// passes are enough for all days of usage by room.
const passes = 11

// mustPass makes passes until usage by room has no backlog.
func (w *statisticsWorld) mustPass() (last *archive.Report) {
	w.t.Helper()
	for range cmp.Or(w.passes, passes) {
		report, err := w.pass()
		if err != nil {
			w.t.Fatal(err, report.Total().Failures)
		}
		last = report
	}
	return last
}

// rows returns the rows of a query as text, sorted.
func (w *statisticsWorld) rows(query string) (all []string) {
	w.t.Helper()
	var line string
	if err := native.Read(w.t.Context(), w.archived.Conn(), "rows", query, nil, func() { all = append(all, line) }, &line); err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

const (
	allUsage  = "SELECT concatWithSeparator('|', toString(sdk_app_id), product, toString(day), time_key, toString(ifNull(toUnixTimestamp(starts_at), 0)), usage_key, toString(value), unit, text) FROM usage_days"
	allRooms  = "SELECT concatWithSeparator('|', toString(sdk_app_id), toString(day), room_id, toString(line), usage_key, toString(ifNull(value, 0)), text) FROM usage_rooms"
	allMarket = "SELECT concatWithSeparator('|', toString(sdk_app_id), statement, toString(toUnixTimestamp(ts)), metric, toString(value)) FROM market_hours"
)

// truth returns the same rows of the vendor.
func (w *statisticsWorld) truth() map[string][]string {
	truth := w.vendor.Truth(w.now)
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	var usage, rooms, market []string
	for _, x := range truth.UsageDays() {
		usage = append(usage, fmt.Sprintf("%d|%s|%s|%s|%d|%s|%s|%s|", x.SdkAppID, x.Product, x.Day, x.TimeKey, x.StartsAt, x.UsageKey, number(x.Value), x.Unit))
	}
	for _, x := range truth.UsageRooms() {
		rooms = append(rooms, fmt.Sprintf("%d|%s|%s|%d|%s|%s|%s", x.SdkAppID, x.Day, x.RoomID, x.Line, x.UsageKey, number(x.Value), x.Text))
	}
	for _, x := range truth.MarketHours() {
		market = append(market, fmt.Sprintf("%d|%s|%d|%s|%s", x.SdkAppID, x.Statement, x.TS, x.Metric, number(x.Value)))
	}
	all := map[string][]string{allUsage: usage, allRooms: rooms, allMarket: market}
	for _, rows := range all {
		slices.Sort(rows)
	}
	return all
}

// equal compares the archive with the vendor, as far back as the vendor goes.
func (w *statisticsWorld) equal(what string) {
	w.t.Helper()
	since := map[string]string{
		allUsage: " WHERE day >= toDate('" + call.Day(w.now.AddDate(0, 0, -59)) + "')", allRooms: " WHERE day >= toDate('" + call.Day(w.now.AddDate(0, 0, -59)) + "')",
		allMarket: " WHERE ts >= toDateTime('" + call.Day(w.now.AddDate(0, 0, 1-w.monitoring)) + " 00:00:00', 'UTC')",
	}
	for query, want := range w.truth() {
		if query == allRooms && w.passes > 0 {
			continue // it takes more passes, and the longer test makes them
		}
		got := w.rows(query + since[query])
		if len(want) == 0 {
			w.t.Errorf("%s: the vendor has no rows for %s", what, query)
		}
		if !slices.Equal(got, want) {
			w.t.Errorf("%s: %d rows, want %d of %s\n  more: %v\n  less: %v", what, len(got), len(want), query[strings.LastIndex(query, " ")+1:], first(got, want), first(want, got))
		}
	}
}

// first returns some of all that others lacks.
func first(all, others []string) (some []string) {
	for _, x := range all {
		if !slices.Contains(others, x) && len(some) < 5 {
			some = append(some, x)
		}
	}
	return some
}

// seedOf is the seed of a test, which CALLVAULT_SEED sets.
func seedOf(t *testing.T) uint64 {
	seed, err := strconv.ParseUint(os.Getenv("CALLVAULT_SEED"), 10, 64)
	if err != nil {
		seed = 7
	}
	t.Logf("seed %d (CALLVAULT_SEED)", seed)
	return seed
}

// TestStatistics: passes leave exactly what the vendor has, and a pass that finds nothing new asks
// for next to nothing.
func TestStatistics(t *testing.T) {
	w := newStatisticsWorld(t, time.Date(2026, 3, 20, 15, 30, 0, 0, time.UTC), simulator.Options{Seed: 7, Calls: 30, Ahead: 48 * time.Hour})
	w.settings.Statements = slices.DeleteFunc(w.settings.Statements, func(s call.Statement) bool { return s.Kind == call.UnitRoomUsage })
	w.passes = 2 // null counts in the second
	w.mustPass()
	w.equal("at first")
	w.nothingNew()
	w.now = w.now.Add(40 * time.Hour)
	w.mustPass()
	w.equal("later")
}

// nothingNew checks what passes ask that find nothing new.
func (w *statisticsWorld) nothingNew() {
	w.t.Helper()
	requests, before := w.requests(), w.vendor.Stats().Requests
	w.mustPass()
	if n := w.requests() - requests; n > int64(cmp.Or(w.passes, passes)*(1+len(w.account.Apps)*8)) { // only which dialect and retention, what is not there, and real-time statistics, which may be null
		w.t.Errorf("%d requests in passes that find nothing new: %v, before %v", n, w.vendor.Stats().Requests, before)
	}
}

// TestLongStatistics: passes under faults, and then days later, leave exactly what the vendor has;
// what is settled is not asked for again; and a replay makes the same of the kept answers.
func TestLongStatistics(t *testing.T) {
	seed := seedOf(t)
	rng := rand.New(rand.NewPCG(seed, 1))
	now := time.Date(2026, 3, 20, rng.IntN(24), rng.IntN(60), 0, 0, time.UTC)
	monitoring := []int{30, 60}[rng.IntN(2)] // the days of the plan
	t.Logf("%d days of monitoring at %s", monitoring, now)
	w := newStatisticsWorld(t, now, simulator.Options{Seed: seed, Calls: 200, Retention: 66 * 24 * time.Hour, MonitoringDays: monitoring, Ahead: 5 * 24 * time.Hour, Apps: []uint32{1400353843, 1400353844}, Without: []string{"DescribeRelayUsage"}})
	w.vendor.SetFaults(simulator.Faults{Seed: seed, Error: 0.1, HTML: 0.1, Cut: 0.1, Null: 0.1, Limit: 0.1, Reset: 0.1})
	for range 3 {
		if _, err := w.pass(); err != nil {
			t.Log(err)
		}
	}
	w.vendor.SetFaults(simulator.Faults{})
	w.now = w.now.Add(7 * time.Hour)
	report := w.mustPass()
	w.equal("after faults")
	if lacking := report.Apps[0].Lacking; !slices.Equal(lacking, []string{"usage_days relay"}) {
		t.Errorf("named as not there: %q", lacking)
	}
	w.nothingNew()
	for _, later := range []time.Duration{26 * time.Hour, 49 * time.Hour} {
		w.now = w.now.Add(later)
		w.mustPass()
		w.equal(later.String() + " later")
	}
	before := w.contents()
	replayed := archive.Replay{From: w.now.AddDate(0, 0, -6)}
	if err := replayed.Do(t.Context(), w.archived, w.settings, runs.Origin{}, extract.NoProgress{}); err != nil {
		t.Fatal(err, replayed.Failures)
	}
	if after := w.contents(); !slices.Equal(before, after) || replayed.Others == 0 {
		t.Errorf("a replay of %d units changed the archive: %d and %d rows", replayed.Others, len(before), len(after))
	}
	w.settledOnce()
}

func (w *statisticsWorld) contents() []string {
	return slices.Concat(w.rows(allUsage), w.rows(allRooms), w.rows(allMarket))
}

// requests counts the requests so far.
func (w *statisticsWorld) requests() (n int64) {
	for _, x := range w.vendor.Stats().Requests {
		n += x
	}
	return n
}

// settledOnce checks that no unit whose day ended long ago is left unfinished.
func (w *statisticsWorld) settledOnce() {
	w.t.Helper()
	f := ledger.Filter{States: ledger.Unfinished(), To: w.now.AddDate(0, 0, -4)}
	err := ledger.Of(w.archived).Rows(context.WithoutCancel(w.t.Context()), f, func(e ledger.Row) {
		if e.Unit.Kind.IsStatistics() {
			w.t.Errorf("%s %s is %s: %s", e.Unit.Kind, e.Unit.Key, e.State, e.Reason)
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestLargeTable: a table of usage by room with more lines than one part holds is archived
// whole, its damaged lines are named, and a replay makes the same of it.
func TestLargeTable(t *testing.T) {
	const lines, bad = 25_003, 10_001
	w := newStatisticsWorld(t, time.Date(2026, 3, 20, 5, 0, 0, 0, time.UTC), simulator.Options{Seed: 3, Calls: 3})
	w.settings.Statements = slices.DeleteFunc(call.Statements(), func(s call.Statement) bool { return s.Kind != call.UnitRoomUsage })
	var table strings.Builder
	table.WriteString("Audio,RoomId\r\n")
	for i := 1; i <= lines; i++ {
		if i == bad {
			table.WriteString("1,2,3\n")
			continue
		}
		fmt.Fprintf(&table, "%d,\"room, %d\"\n", i, i%20_000)
	}
	data, err := json.Marshal(table.String())
	if err != nil {
		t.Fatal(err)
	}
	whole := "2026-03-14"
	w.wrap = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			switch {
			case r.Header.Get("X-TC-Action") != "DescribeTrtcRoomUsage":
				next.ServeHTTP(rw, r)
			case bytes.Contains(body, []byte(whole)):
				fmt.Fprintf(rw, `{"Response":{"Data":%s,"RequestId":"1"}}`, data)
			default:
				fmt.Fprint(rw, `{"Response":{"Data":"RoomId,Audio\n","RequestId":"1"}}`)
			}
		})
	}
	report, err := w.pass()
	for range 2 { // the day is not among the latest
		if !errors.Is(err, archive.ErrPartial) {
			report, err = w.pass()
		}
	}
	if !errors.Is(err, archive.ErrPartial) || !strings.Contains(fmt.Sprint(report.Total().Failures), "line 10001") {
		t.Fatalf("%v, %v", err, report.Total().Failures)
	}
	const sums = "SELECT concatWithSeparator('|', toString(day), toString(count()), toString(uniqExact(line)), toString(uniqExact(room_id)), toString(sum(value))) FROM usage_rooms GROUP BY day"
	want := []string{fmt.Sprintf("%s|%d|%d|19999|%d", whole, lines-1, lines-1, lines*(lines+1)/2-bad)}
	if got := w.rows(sums); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	table.Reset()
	data, _ = json.Marshal("RoomId,Audio\nx,1\n") // mended by the vendor
	replayed := archive.Replay{}
	if err := replayed.Do(t.Context(), w.archived, w.settings, runs.Origin{}, extract.NoProgress{}); !errors.Is(err, archive.ErrPartial) || replayed.Lacking != 1 {
		t.Errorf("replay: %v, %+v", err, replayed.Failures)
	}
	if got := w.rows(sums); !slices.Equal(got, want) {
		t.Errorf("after a replay %v, want %v", got, want)
	}
	if _, err := w.pass(); err != nil {
		t.Error(err)
	}
	if got, want := w.rows(sums), []string{whole + "|1|1|1|1"}; !slices.Equal(got, want) {
		t.Errorf("after the vendor has mended it %v, want %v", got, want)
	}
}

// TestRealtime: real-time figures of hours that the vendor drops stay as they were.
func TestRealtime(t *testing.T) {
	t.Parallel()
	w := newStatisticsWorld(t, time.Date(2026, 3, 20, 5, 17, 13, 0, time.UTC), simulator.Options{Seed: 3, Calls: 900, Ahead: 24 * time.Hour, Retention: 24 * time.Hour})
	w.account.Retention = config.Duration(24 * time.Hour)
	w.settings.Statements = slices.DeleteFunc(call.Statements(), func(s call.Statement) bool { return s.Kind != call.UnitRealtime })
	began := w.now.Add(time.Minute - 3*time.Hour).Unix()
	for range 5 {
		if _, err := w.pass(); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(47 * time.Minute)
	}
	ended := w.now.Add(-47 * time.Minute)
	var want []string
	for _, x := range w.vendor.Truth(ended).RealtimeFigures(began, ended.Unix()) {
		want = append(want, fmt.Sprintf("%d|%s|%d|%s|%s", x.SdkAppID, x.Statement, x.TS, x.Metric, strconv.FormatFloat(x.Value, 'f', -1, 64)))
	}
	slices.Sort(want)
	got := w.rows(strings.ReplaceAll(allMarket, "market_hours", "realtime_figures"))
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("%d figures, want %d\n  more: %v\n  less: %v", len(got), len(want), first(got, want), first(want, got))
	}
}
