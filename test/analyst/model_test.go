package analyst

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/summarytest"
)

// table holds the rows of a relation: their key as text, and numbers. NaN stands for NULL.
type table map[string][]float64

// values holds samples in the order of the truth.
type values []float64

func (v values) sum() (sum float64) {
	for _, x := range v {
		sum += x
	}
	return sum
}

func (v values) avg() float64 { return v.sum() / float64(len(v)) }

// quantile returns the smallest rounded value such that a share of q of the values is no
// greater. If rounding goes beyond the values, it returns the least or greatest value.
func (v values) quantile(q float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	r := make([]float64, len(v))
	for i, x := range v {
		r[i] = math.Float64frombits((math.Float64bits(x) + 1<<47) &^ (1<<48 - 1))
	}
	slices.Sort(r)
	return max(slices.Min(v), min(r[max(0, int(math.Ceil(q*float64(len(r))))-1)], slices.Max(v)))
}

// seriesKey identifies a series.
type seriesKey struct {
	app                        uint32
	comm, user, peer, metric   string
	day                        int64
	device, version, direction string
}

// facts is a truth in a form from which aggregates are easily computed.
type facts struct {
	series   map[seriesKey]values
	lastSent map[string]int64 // the last sample of each call
	rooms    []simulator.Room
	sessions []simulator.UserSession
	events   []simulator.UserEvent
}

func factsOf(truth *simulator.Truth) *facts {
	f := &facts{series: map[seriesKey]values{}, lastSent: map[string]int64{}, rooms: slices.Collect(truth.Rooms()), sessions: slices.Collect(truth.UserSessions()), events: slices.Collect(truth.UserEvents())}
	stays := map[[2]string][]simulator.UserSession{} // in the order of joining
	for _, s := range f.sessions {
		k := [2]string{s.CommID, s.UserID}
		stays[k] = append(stays[k], s)
	}
	for r := range truth.QualitySamples() {
		s := stayAt(stays[[2]string{r.CommID, r.UserID}], r.TS)
		k := seriesKey{r.SdkAppID, r.CommID, r.UserID, r.PeerID, r.Metric, r.TS / 86400, s.DeviceType, s.SdkVersion, "up"}
		if r.PeerID != "" {
			k.direction = "down"
		} else {
			f.lastSent[r.CommID] = max(f.lastSent[r.CommID], r.TS)
		}
		f.series[k] = append(f.series[k], r.Value)
	}
	return f
}

// stayAt returns the session of a sample: the last one that had begun, or the first.
func stayAt(stays []simulator.UserSession, ts int64) (s simulator.UserSession) {
	for i, x := range stays {
		if i == 0 || x.JoinedAt <= ts {
			s = x
		}
	}
	return s
}

// by groups the samples, in no particular order within a group.
func (f *facts) by(key func(seriesKey) string) map[string]values {
	groups := map[string]values{}
	for k, v := range f.series {
		if name := key(k); name != "" {
			groups[name] = append(groups[name], v...)
		}
	}
	return groups
}

func join(parts ...any) string {
	text := make([]string, len(parts))
	for i, p := range parts {
		text[i] = fmt.Sprint(p)
	}
	return strings.Join(text, "\t")
}

// metrics is call_metrics.
func (f *facts) metrics() table {
	want := table{}
	for k, v := range f.by(func(k seriesKey) string { return join(k.app, k.comm, k.user, k.direction, k.metric) }) {
		p50, p95 := v.quantile(0.5), v.quantile(0.95)
		if m := k[strings.LastIndex(k, "\t")+1:]; m == "aCapEnergy" || m == "aPlayEnergy" || m == "bigvQp" {
			p50, p95 = math.NaN(), math.NaN()
		}
		want[k] = []float64{float64(len(v)), v.sum(), v.avg(), slices.Min(v), p50, p95, slices.Max(v)}
	}
	return want
}

const metricsSQL = `SELECT concat(toString(sdk_app_id), '\t', comm_id, '\t', user_id, '\t', direction, '\t', metric), [toFloat64(samples), sum, avg, min, ifNull(p50, nan), ifNull(p95, nan), max] FROM call_metrics`

// minutesSQL adds up the minutes of quality_minutes. The result must be equal to
// call_metrics, but with values that are not rounded.
const minutesSQL = `SELECT concat(toString(sdk_app_id), '\t', comm_id, '\t', user_id, '\t', direction, '\t', metric), [toFloat64(sum(m.samples)), sum(m.sum), sum(m.sum) / sum(m.samples), min(m.min), max(m.max)]
	FROM quality_minutes AS m GROUP BY sdk_app_id, comm_id, user_id, direction, metric`

// minutes is the expected result of minutesSQL.
func (f *facts) minutes() table {
	want := f.metrics()
	for k, v := range want {
		want[k] = slices.Concat(v[:4], v[6:])
	}
	return want
}

// measured holds the samples of a user, by direction and metric.
type measured map[string]values

func (f *facts) measured(key func(seriesKey) string) map[string]measured {
	all := map[string]measured{}
	for k, v := range f.series {
		name := key(k)
		if all[name] == nil {
			all[name] = measured{}
		}
		all[name][k.direction+" "+k.metric] = append(all[name][k.direction+" "+k.metric], v...)
		all[name]["all"] = append(all[name]["all"], v...)
	}
	return all
}

func (j measured) avg(of string) float64 { return j[of].avg() }

func (j measured) stall(of string) float64 { return j[of].sum() / (float64(len(j[of])) * 2000) }

// users is call_users.
func (f *facts) users() table {
	samples := f.measured(func(k seriesKey) string { return join(k.app, k.comm, k.user) })
	want := table{}
	for _, s := range f.sessions {
		k := join(s.SdkAppID, s.CommID, s.UserID)
		if want[k] == nil {
			j := samples[k]
			want[k] = []float64{0, 0, 0, 0, 0, float64(len(j["all"])), j.avg("up rtt"), j["up rtt"].quantile(0.95),
				j.avg("down aLoss"), j["down bigvBit"].quantile(0.95), j.stall("down aBlock"), j.stall("down bigvBlock")}
		}
		w := want[k]
		w[0]++
		if s.LeftAt != 0 {
			w[1] += float64(s.LeftAt - s.JoinedAt)
		} else { // up to the last sample of the call
			w[1] += float64(max(0, f.lastSent[s.CommID]-s.JoinedAt))
		}
	}
	for _, e := range f.events {
		w := want[join(e.SdkAppID, e.CommID, e.UserID)]
		w[2]++
		if e.EventID == 1003 {
			w[3]++
		}
		if slices.Contains([]int64{5005, 32790, 36864, 32792}, e.EventID) || e.EventID == 7001 && e.ParamOne == 1 {
			w[4]++
		}
	}
	return want
}

const usersSQL = `SELECT concat(toString(sdk_app_id), '\t', comm_id, '\t', user_id), arrayMap(x -> ifNull(x, nan), [toFloat64(sessions), toFloat64(presence_seconds),
	toFloat64(events), toFloat64(network_changes), toFloat64(connections_lost), toFloat64(samples), rtt_avg, rtt_p95,
	audio_loss_down_avg, video_bitrate_down_p95, audio_stall_share, video_stall_share]) FROM call_users`

// calls is calls.
func (f *facts) calls() table {
	users := f.users()
	samples := f.measured(func(k seriesKey) string { return join(k.app, k.comm) })
	stays := map[string][]simulator.UserSession{}
	for _, s := range f.sessions {
		stays[join(s.SdkAppID, s.CommID)] = append(stays[join(s.SdkAppID, s.CommID)], s)
	}
	want := table{}
	for _, r := range f.rooms {
		k := join(r.SdkAppID, r.CommID)
		j := samples[k]
		w := []float64{math.NaN(), 0, float64(len(stays[k])), 0, float64(peak(stays[k])), float64(len(j["all"])),
			j.avg("up rtt"), j.avg("down aLoss"), j.stall("down bigvBlock")}
		if r.IsFinished {
			w[0] = float64(r.DestroyedAt - r.CreatedAt)
		}
		seen := map[string]bool{}
		for _, s := range stays[k] {
			if !seen[s.UserID] {
				w[1]++
				w[3] += users[join(k, s.UserID)][1]
			}
			seen[s.UserID] = true
		}
		want[k] = w
	}
	return want
}

const callsSQL = `SELECT concat(toString(sdk_app_id), '\t', comm_id), arrayMap(x -> ifNull(x, nan), [toFloat64(duration_seconds), toFloat64(users), toFloat64(sessions),
	toFloat64(presence_seconds), toFloat64(peak_users), toFloat64(samples), rtt_avg, audio_loss_down_avg, video_stall_share]) FROM calls`

// peak returns the most sessions at one moment; ends come before beginnings.
func peak(stays []simulator.UserSession) (most int) {
	type turn struct {
		at int64
		by int
	}
	var turns []turn
	for _, s := range stays {
		left := s.LeftAt
		if left == 0 {
			left = math.MaxUint32
		}
		if left > s.JoinedAt {
			turns = append(turns, turn{s.JoinedAt, 1}, turn{left, -1})
		}
	}
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.by, b.by)) })
	now := 0
	for _, t := range turns {
		now += t.by
		most = max(most, now)
	}
	return most
}

// peers is peer_quality.
func (f *facts) peers() table {
	up := f.measured(func(k seriesKey) string { return join(k.app, k.comm, k.user) })
	want := table{}
	for k, j := range f.measured(func(k seriesKey) string { return join(k.app, k.comm, k.user, k.peer) }) {
		part := strings.Split(k, "\t")
		if part[3] == "" {
			continue
		}
		p := up[join(part[0], part[1], part[3])]
		want[k] = []float64{float64(len(j["down aLoss"])), j.avg("down aLoss"), j["down aBit"].quantile(0.95), j.avg("down bigvDecFps"), j.stall("down bigvBlock"),
			p.avg("up aLoss"), p.avg("up bigvLoss"), p.avg("up rtt")}
	}
	return want
}

const peersSQL = `SELECT concat(toString(sdk_app_id), '\t', comm_id, '\t', user_id, '\t', peer_id), arrayMap(x -> ifNull(x, nan), [toFloat64(audio_loss_down_samples),
	audio_loss_down_avg, audio_bitrate_down_p95, video_fps_down_avg, video_stall_share, peer_audio_loss_up_avg, peer_video_loss_up_avg, peer_rtt_avg]) FROM peer_quality`

// days is quality_days, of days with samples.
func (f *facts) days() table {
	distinct := map[string]map[string]bool{}
	key := func(k seriesKey) string { return join(k.app, k.day, k.version, k.device) }
	for k := range f.series {
		if distinct[key(k)] == nil {
			distinct[key(k)] = map[string]bool{}
		}
		distinct[key(k)]["call "+k.comm], distinct[key(k)]["user "+k.user] = true, true
	}
	want := table{}
	for k, j := range f.measured(key) {
		n := map[string]int{}
		for name := range distinct[k] {
			n[name[:4]]++
		}
		want[k] = []float64{float64(n["call"]), float64(n["user"]), float64(len(j["all"])), j.avg("up rtt"), j["up rtt"].quantile(0.95), j["down bigvBit"].quantile(0.95), j.stall("down aBlock")}
	}
	return want
}

const daysSQL = `SELECT concat(toString(sdk_app_id), '\t', toString(toUInt32(day)), '\t', sdk_version, '\t', device_type), arrayMap(x -> ifNull(x, nan), [toFloat64(calls),
	toFloat64(users), toFloat64(samples), rtt_avg, rtt_p95, video_bitrate_down_p95, audio_stall_share]) FROM quality_days WHERE samples > 0`

// compare compares a relation with a table: counts exactly, other numbers to 1e-9.
func compare(t *testing.T, s *store.Store, name, sql string, want table) {
	t.Helper()
	got := table{}
	var k string
	var v []float64
	archivetest.Each(t, s.Conn(), sql, nil, func() {
		if got[k] != nil {
			t.Errorf("%s: %q twice", name, k)
		}
		got[k] = v
	}, &k, &v)
	wrong := 0
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if !slices.EqualFunc(got[k], want[k], near) {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: %q:\ngot  %v\nwant %v", name, k, got[k], want[k])
			}
		}
	}
	for k := range got {
		if want[k] == nil {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: %q is too much", name, k)
			}
		}
	}
	if wrong > 0 || len(want) == 0 {
		t.Errorf("%s: %d of %d rows are wrong", name, wrong, len(want))
	}
}

func near(a, b float64) bool {
	return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b))
}

// expected holds the tables that an archive of a truth must have.
type expected struct {
	metrics, minutes, users, calls, peers, days table
	judged                                      *judgements
}

func expect(truth *simulator.Truth) *expected {
	f := factsOf(truth)
	return &expected{f.metrics(), f.minutes(), f.users(), f.calls(), f.peers(), f.days(), judge(truth, asShipped)}
}

func (x *expected) compare(t *testing.T, s *store.Store) {
	t.Helper()
	compare(t, s, "call_metrics", metricsSQL, x.metrics)
	compare(t, s, "quality_minutes", minutesSQL, x.minutes)
	compare(t, s, "call_users", usersSQL, x.users)
	compare(t, s, "calls", callsSQL, x.calls)
	compare(t, s, "peer_quality", peersSQL, x.peers)
	compare(t, s, "quality_days", daysSQL, x.days)
	x.judged.compare(t, s)
	summarytest.Check(t, s.StoreConn())
}

// TestLongModel compares every aggregate with one computed in Go from the truth, after each
// step of a history: provisional calls, unfinished loads, everything archived again, a
// purge. Two applications in one archive must not affect each other.
func TestLongModel(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]simulator.Options{
		"calm":     {Apps: twoApps},
		"troubles": {Apps: twoApps, Troubles: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Seed, o.Calls, o.Retention = rand.Uint64(), 20, 14*24*time.Hour
			t.Logf("seed %d", o.Seed)
			testModel(t, simulate(t, o))
		})
	}
}

var twoApps = []uint32{1400353843, 1400353844}

func testModel(t *testing.T, sim *simulator.Simulator) {
	s := open(t, embeddedtest.Database(t))
	write := func(truth *simulator.Truth, max int64, o load.WriterOptions) {
		w := load.NewWriter(s, "run", o)
		if _, err := fill(t.Context(), w, truth, max); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	early := sim.Truth(at.Add(-2 * 24 * time.Hour))
	want := expect(early)
	write(early, math.MaxInt64, load.WriterOptions{MaxRows: 50_000})
	want.compare(t, s)

	abandon(t, s, sim.Truth(at))
	want.compare(t, s)

	want = expect(sim.Truth(at))
	write(sim.Truth(at), math.MaxInt64, load.WriterOptions{MaxRows: 200_000})
	want.compare(t, s)

	if _, err := upkeep.Purge(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	write(sim.Truth(at), 300_000, load.WriterOptions{MaxRows: 10_000})
	want.compare(t, s)
}

// abandon adds and inserts parts of calls, and ends none of the calls.
func abandon(t *testing.T, s *store.Store, truth *simulator.Truth) {
	t.Helper()
	w := load.NewWriter(s, "killed", load.WriterOptions{MaxRows: 1000})
	n := 0
	for r := range truth.QualitySamples() {
		u := call.Unit{App: call.AppID(r.SdkAppID), Kind: call.UnitCall, Key: r.CommID}
		x := &call.Samples{Series: []call.Series{{UserID: r.UserID, PeerID: r.PeerID, Metric: r.Metric, Rows: 1}}, Time: []uint32{uint32(r.TS)}, Value: []float64{r.Value}}
		p := call.Part{Kind: call.PartSeries, Key: fmt.Sprint(n), Asked: at, Deadline: at, Window: call.Window{Start: at, End: at}, Owned: []call.Owned{{User: r.UserID, To: call.Forever}}}
		if err := w.Add(context.Background(), u, p, call.Rows{RoomID: r.RoomID, CreatedAt: at, Samples: x}); err != nil {
			t.Fatal(err)
		}
		if n++; n == 3000 {
			break
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestLongThresholds changes the limits of quality. Grades, bad minutes and worst metrics of
// old calls follow at once, in all relations that judge. Migrating again changes nothing.
func TestLongThresholds(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	s := open(t, embeddedtest.Database(t))
	sim := simulate(t, simulator.Options{Seed: seed, Calls: 12, Mix: simulator.MixOneToOne, Retention: 14 * 24 * time.Hour})
	if _, err := fillAll(t.Context(), s, math.MaxInt64, sim); err != nil {
		t.Fatal(err)
	}
	limits, changes := maps.Clone(asShipped), 0
	set := func(good, poor, serious float64, measures ...string) {
		t.Helper()
		for _, measure := range measures {
			changes++
			limits[measure] = [3]float64{good, poor, serious}
			err := s.Conn().Exec(t.Context(), "INSERT INTO quality_thresholds (measure, good, poor, serious, changed_at) SELECT ?, ?, ?, ?, now64(3) + ?", measure, good, poor, serious, changes)
			if err != nil {
				t.Fatal(err)
			}
		}
		if changed, err := upkeep.Judge(t.Context(), s); err != nil || !changed {
			t.Fatalf("judged: %t, %v", changed, err)
		}
		judge(sim.Truth(at), limits).compare(t, s)
	}
	// grades returns the grades of rows that are not unknown, with the worst metric.
	grades := func(relation, metric string) string {
		return strings.Join(column(t, s, "SELECT DISTINCT concat(grade, ' ', "+metric+") FROM "+relation+" WHERE grade != 'unknown' ORDER BY 1"), ", ")
	}
	before := grades("call_users", "worst_metric")
	set(1, 2, 3, "rtt")
	for relation, metric := range map[string]string{"calls": "worst_metric", "call_users": "worst_metric", "call_minutes": "metric"} {
		if got := grades(relation, metric); got == before || got != "serious rtt" {
			t.Errorf("%s: %s, before %s", relation, got, before)
		}
	}
	migrateAgain(t, s)
	if got := grades("call_users", "worst_metric"); got != "serious rtt" {
		t.Errorf("after a migration: %s", got)
	}
	set(200, 151, 102, "fps") // of 49 frames' difference each, whose reciprocals are not exact
	if got := grades("peer_quality", "worst_metric"); !strings.Contains(got, "serious video_fps_down") {
		t.Errorf("peer_quality: %s", got)
	}
	set(0, 0, 0, "rtt")
	if got := grades("call_users", "worst_metric"); strings.Contains(got, "rtt") || got == "" {
		t.Errorf("call_users: %s, though rtt is not judged", got)
	}
	set(0.5, 0.5, 4, "loss") // none is fair
	set(2, 8, 8, "stall")    // none is poor
	set(30, 30, 30, "fps")   // fps is not judged
	set(35, 84, 133, "cpu")  // 49 and 49
	set(7, 7, 7, "loss", "stall", "cpu")
	for relation, more := range map[string]string{"calls": "AND quality_score IS NULL AND bad_minutes = 0", "call_users": "AND score IS NULL AND bad_minutes = 0", "call_minutes": "AND NOT is_bad", "peer_quality": "AND score IS NULL AND bad_minutes = 0"} {
		if n := column(t, s, "SELECT concat(toString(count()), ' ', toString(countIf(grade = 'unknown' "+more+"))) FROM "+relation)[0]; strings.HasPrefix(n, "0 ") || strings.Split(n, " ")[0] != strings.Split(n, " ")[1] {
			t.Errorf("%s: of rows those which nothing is judged of: %s", relation, n)
		}
	}
}
