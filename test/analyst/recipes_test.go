package analyst

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/embeddedtest"
)

// These tests compare the queries that analysts copy with the vendor's data: plain loops
// over the simulator's truth, which is read once. Judgements (grades, causes, words) come
// from the relations that judge; another test recomputes all of these.

// reading is one sample, with its session.
type reading struct {
	simulator.QualitySample
	stay *simulator.UserSession
}

func (r *reading) up() bool { return r.PeerID == "" }

// person is a user of an application, or of a call.
type person struct {
	app        uint32
	call, user string
}

// ledgerOfTruth is what the vendor sent, without the samples.
type ledgerOfTruth struct {
	rooms    []simulator.Room
	sessions []simulator.UserSession
	events   []simulator.UserEvent
	unusual  []simulator.UnusualEvent
	scale    []simulator.DayScale
	stays    map[person][]*simulator.UserSession // of each user of a call, in the order of joining
	last     map[string]int64                    // last sample of a call
}

func ledgerOf(truth *simulator.Truth) *ledgerOfTruth {
	l := &ledgerOfTruth{
		rooms: slices.Collect(truth.Rooms()), sessions: slices.Collect(truth.UserSessions()), events: slices.Collect(truth.UserEvents()),
		unusual: slices.Collect(truth.UnusualEvents()), scale: slices.Collect(truth.DailyScale()),
		stays: map[person][]*simulator.UserSession{}, last: map[string]int64{},
	}
	for i := range l.sessions {
		s := &l.sessions[i]
		k := person{s.SdkAppID, s.CommID, s.UserID}
		l.stays[k] = append(l.stays[k], s)
	}
	for _, s := range l.stays {
		slices.SortStableFunc(s, func(a, b *simulator.UserSession) int { return cmp.Compare(a.JoinedAt, b.JoinedAt) })
	}
	return l
}

// stayAt returns the last session that a user had begun by a second.
func (l *ledgerOfTruth) stayAt(p person, ts int64) *simulator.UserSession {
	stays := l.stays[p]
	if len(stays) == 0 {
		return &simulator.UserSession{}
	}
	found := stays[0]
	for _, s := range stays {
		if s.JoinedAt <= ts {
			found = s
		}
	}
	return found
}

// read reads the samples once, for all questions.
func (l *ledgerOfTruth) read(truth *simulator.Truth, all ...func(*reading)) {
	var r reading
	for r.QualitySample = range truth.QualitySamples() {
		l.last[r.CommID] = max(l.last[r.CommID], r.TS)
		r.stay = l.stayAt(person{r.SdkAppID, r.CommID, r.UserID}, r.TS)
		for _, each := range all {
			each(&r)
		}
	}
}

// end returns when a session ended, or up to when it is known to have gone on.
func (l *ledgerOfTruth) end(s *simulator.UserSession) int64 {
	if s.LeftAt != 0 {
		return s.LeftAt
	}
	return max(s.JoinedAt, l.last[s.CommID])
}

// piece is the part of a session on one UTC day.
type piece struct {
	*simulator.UserSession
	day      string
	from, to int64
}

// pieces cuts all sessions at midnight.
func (l *ledgerOfTruth) pieces() (all []piece) {
	for i := range l.sessions {
		s := &l.sessions[i]
		from, end := s.JoinedAt, l.end(s)
		for {
			midnight := (from/86400 + 1) * 86400
			all = append(all, piece{s, dayOf(from), from, min(end, midnight)})
			if end <= midnight {
				break
			}
			from = midnight
		}
	}
	return all
}

func dayOf(ts int64) string    { return time.Unix(ts, 0).UTC().Format(time.DateOnly) }
func secondOf(ts int64) string { return time.Unix(ts, 0).UTC().Format(time.DateTime) }

// daysFrom returns the days of a range, both ends included.
func daysFrom(first, last string) (all []string) {
	for d, _ := time.Parse(time.DateOnly, first); d.Format(time.DateOnly) <= last; d = d.AddDate(0, 0, 1) {
		all = append(all, d.Format(time.DateOnly))
	}
	return all
}

func rounded(x float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(x*p) / p
}

// some holds values, for averages, quantiles and the like.
type some []float64

func (s some) avg() float64 {
	sum := 0.0
	for _, x := range s {
		sum += x
	}
	return sum / float64(len(s))
}

// shown returns the values above 0.
func (s some) shown() some {
	return slices.DeleteFunc(slices.Clone(s), func(x float64) bool { return x <= 0 })
}

// fiveBits rounds as histograms do.
func fiveBits(x float64) float64 {
	return math.Float64frombits((math.Float64bits(x) + 1<<47) &^ (1<<48 - 1))
}

// upTo returns the least rounded value such that a share of q of the values is no greater.
func (s some) upTo(q float64) float64 {
	r := make([]float64, len(s))
	for i, x := range s {
		r[i] = fiveBits(x)
	}
	slices.Sort(r)
	return r[max(0, int(math.Ceil(q*float64(len(r))))-1)]
}

// upToOwn is upTo, limited to the range of the values, as relations of calls show it.
func (s some) upToOwn(q float64) float64 { return min(max(s.upTo(q), slices.Min(s)), slices.Max(s)) }

// share returns the share of the rounded values that are beyond a limit.
func (s some) share(limit float64) float64 {
	n := 0
	for _, x := range s {
		if fiveBits(x) > limit {
			n++
		}
	}
	return float64(n) / float64(len(s))
}

// gathered adds up values by a name that each sample gets.
type gathered map[string]map[string]some

// by gathers the samples of a range of days by name, and below it by owner.
func (g gathered) by(name func(*reading) string, first, last string, metrics ...string) func(*reading) {
	from, _ := time.Parse(time.DateOnly, first)
	to, _ := time.Parse(time.DateOnly, last)
	return func(r *reading) {
		if r.TS < from.Unix() || r.TS >= to.AddDate(0, 0, 1).Unix() {
			return
		}
		n := name(r)
		if g[n] == nil {
			g[n] = map[string]some{}
		}
		what := r.Metric
		if !r.up() {
			what += " down"
		}
		if len(metrics) == 0 || slices.Contains(metrics, what) {
			g[n][what] = append(g[n][what], r.Value)
		}
		g[n]["all"] = append(g[n]["all"], 0)
	}
}

// set counts distinct things.
type set map[any]bool

// row is a row of an answer. Numbers are compared as numbers.
type row []any

// answers compares rows with the result of a query.
func (s *server) answers(t *testing.T, name, sql string, want []row) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: nothing is to be found", name)
	}
	if diff := differs(s.texts(t, sql), want); diff != "" {
		t.Errorf("%s: it says other things than the vendor's rows (-rows +query):\n%s", name, diff)
	}
}

// differs says where an answer differs from the expected one, or "" if it does not.
func differs(got [][]string, want []row) string {
	same := len(got) == len(want)
	for i := 0; same && i < len(got); i++ {
		same = len(got[i]) == len(want[i])
		for j := 0; same && j < len(got[i]); j++ {
			same = equal(got[i][j], text(want[i][j]))
		}
	}
	if same {
		return ""
	}
	return gocmp.Diff(texts(want), got)
}

// Recipes with known mistakes: each gives a wrong answer, so the tests must notice it.
const (
	earlierBusy = `
		SELECT toDate(joined_at) AS day, uniqExact(comm_id) AS calls, uniqExact(sdk_app_id, user_id) AS users, round(sum(dateDiff('second', joined_at, left_at)) / 60) AS user_minutes
		FROM user_sessions WHERE joined_at >= '2026-05-25' AND joined_at < '2026-06-01' GROUP BY day ORDER BY day WITH FILL FROM toDate('2026-05-25') TO toDate('2026-06-01')`
	earlierOnline = `
		SELECT toDate(joined_at) AS day, maxIntersections(toUInt32(joined_at), toUInt32(left_at)) AS peak
		FROM user_sessions WHERE joined_at >= '2026-05-25' AND joined_at < '2026-06-01' AND left_at IS NOT NULL GROUP BY day ORDER BY day WITH FILL FROM toDate('2026-05-25') TO toDate('2026-06-01')`
	earlierSlow = `
		SELECT device_type, uniqExact(sdk_app_id, user_id) AS users, quantile(0.95)(value) AS p95_ms
		FROM quality_samples JOIN (SELECT DISTINCT comm_id, user_id, device_type FROM user_sessions) AS devices USING (comm_id, user_id)
		WHERE metric = 'rtt' AND toDate(ts) = '2026-05-28' GROUP BY device_type ORDER BY p95_ms DESC, device_type`
)

const null = "\\N"

// texts returns the cells of an answer.
func (s *server) texts(t *testing.T, sql string) (all [][]string) {
	t.Helper()
	body, _, err := s.query(t.Context(), sql, "TSV")
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	plain := strings.NewReplacer(`\\`, `\`, `\'`, `'`, `\t`, "\t", `\n`, "\n")
	for line := range strings.Lines(body) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		for i, c := range cells {
			if c != null {
				cells[i] = plain.Replace(c)
			}
		}
		all = append(all, cells)
	}
	return all
}

func text(v any) string {
	if f, ok := v.(float64); ok {
		if math.IsNaN(f) {
			return null
		}
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func texts(rows []row) (all [][]string) {
	for _, r := range rows {
		var cells []string
		for _, v := range r {
			cells = append(cells, text(v))
		}
		all = append(all, cells)
	}
	return all
}

// equal compares numbers as numbers.
func equal(a, b string) bool {
	x, err := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	if err != nil || err2 != nil {
		return a == b
	}
	return math.Abs(x-y) <= 1e-6*max(1, math.Abs(x))
}

// judged reads a relation that judges: its rows by column.
func (s *server) judged(t *testing.T, sql string) (all []map[string]string) {
	t.Helper()
	body, _, err := s.query(t.Context(), sql, "JSONEachRow")
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	for d.More() {
		var raw map[string]any
		if err := d.Decode(&raw); err != nil {
			t.Fatal(err)
		}
		m := map[string]string{}
		for k, v := range raw {
			m[k] = null
			if v != nil {
				m[k] = fmt.Sprint(v)
			}
		}
		all = append(all, m)
	}
	return all
}

// number of a cell; NULL is greater than all.
func number(cell string) float64 {
	x, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return math.Inf(1)
	}
	return x
}

// roundedCell rounds a cell that may be NULL.
func roundedCell(cell string, digits int) any {
	if cell == null {
		return null
	}
	return rounded(number(cell), digits)
}

// words is a table of names: the meaning of each number.
func (s *server) words(t *testing.T, sql string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, r := range s.texts(t, sql) {
		all[r[0]] = r[1]
	}
	return all
}

// ordered returns the rows of a map in a fixed order.
func ordered[V any](m map[string]V, before func(a, b string) int) []string {
	return slices.SortedFunc(maps.Keys(m), before)
}

// isLost reports whether an entry of the event log is a loss of the connection.
func isLost(e *simulator.UserEvent) bool {
	return slices.Contains([]int64{5005, 32790, 36864, 32792}, e.EventID) || e.EventID == 7001 && e.ParamOne == 1
}

const weekFrom, weekTo = "2026-05-25", "2026-05-31" // the cookbook's week

// recipes makes the expected rows of each question, by its number.
type recipes struct {
	*ledgerOfTruth
	t               *testing.T
	srv             *server
	comm, room, who string // the cookbook's call, its room and a user of it

	days, versions, devices, monthDevices, weeks, hours gathered
	perUser                                             gathered // of the cookbook's call
	perMinute                                           map[string]some
	pairs                                               map[[2]string]bool
	senders                                             map[string]set // users who had samples of their own, by device
	slowUsers                                           map[string]set
	slowValues                                          map[string]some
}

// asks collects from each sample what the questions need.
func (c *recipes) asks() []func(*reading) {
	c.days, c.versions, c.devices, c.monthDevices, c.weeks, c.hours = gathered{}, gathered{}, gathered{}, gathered{}, gathered{}, gathered{}
	c.perUser, c.perMinute, c.pairs, c.senders = gathered{}, map[string]some{}, map[[2]string]bool{}, map[string]set{}
	c.slowUsers, c.slowValues = map[string]set{}, map[string]some{}
	const first, last = "2026-04-01", "2026-05-31"
	return []func(*reading){
		c.days.by(func(r *reading) string { return dayOf(r.TS) }, weekFrom, weekTo, "rtt", "aLoss down", "aBlock down", "bigvBlock down"),
		c.versions.by(func(r *reading) string { return r.stay.SdkVersion }, weekFrom, weekTo, "rtt", "bigvBlock down", "bigvDecFps down"),
		c.devices.by(func(r *reading) string { return r.stay.DeviceType }, weekFrom, weekTo, "rtt", "sysCpu", "bigvEncFps"),
		c.monthDevices.by(func(r *reading) string { return r.stay.DeviceType }, "2026-05-01", last, "rtt"),
		c.weeks.by(func(r *reading) string {
			at := time.Unix(r.TS, 0).UTC()
			return at.AddDate(0, 0, -(int(at.Weekday())+6)%7).Format(time.DateOnly)
		}, first, last, "aLoss down"),
		c.hours.by(func(r *reading) string { return time.Unix(r.TS, 0).UTC().Format("15") }, "2026-05-01", last, "rtt"),
		c.ofCall, c.ofSender,
	}
}

func (c *recipes) ofCall(r *reading) {
	if r.CommID != c.comm {
		return
	}
	c.perUser.by(func(r *reading) string { return r.UserID }, "2026-04-01", weekTo)(r)
	if !r.up() {
		c.pairs[[2]string{r.UserID, r.PeerID}] = true
	}
	k := join(secondOf(r.TS/60*60), r.UserID, r.PeerID, r.Metric)
	c.perMinute[k] = append(c.perMinute[k], r.Value)
}

func (c *recipes) ofSender(r *reading) {
	if d := dayOf(r.TS); !r.up() || d < weekFrom || d > weekTo {
		return
	}
	if c.senders[r.stay.DeviceType] == nil {
		c.senders[r.stay.DeviceType] = set{}
	}
	c.senders[r.stay.DeviceType][person{app: r.SdkAppID, user: r.UserID}] = true
}

// busy is question 1: calls, users and minutes of days.
func (c *recipes) busy() (all []row) {
	calls, users, seconds := map[string]set{}, map[string]set{}, map[string]int64{}
	for _, p := range c.pieces() {
		if calls[p.day] == nil {
			calls[p.day], users[p.day] = set{}, set{}
		}
		calls[p.day][p.CommID], users[p.day][person{app: p.SdkAppID, user: p.UserID}] = true, true
		seconds[p.day] += p.to - p.from
	}
	for _, d := range daysFrom(weekFrom, weekTo) {
		all = append(all, row{d, len(calls[d]), len(users[d]), rounded(float64(seconds[d])/60, 0)})
	}
	return all
}

func (c *recipes) good() (all []row) {
	for _, d := range slices.Sorted(maps.Keys(c.days)) {
		g := c.days[d]
		all = append(all, row{d, rounded(g["rtt"].avg(), 1), g["rtt"].upTo(0.95), rounded(g["aLoss down"].avg(), 3),
			rounded(g["aBlock down"].avg()/20, 3), rounded(g["bigvBlock down"].avg()/20, 3)})
	}
	return all
}

func (c *recipes) ofVersions() (all []row) {
	byMeasured := func(a, b string) int {
		return cmp.Or(cmp.Compare(len(c.versions[b]["all"]), len(c.versions[a]["all"])), cmp.Compare(a, b))
	}
	for _, v := range ordered(c.versions, byMeasured) {
		g := c.versions[v]
		all = append(all, row{v, len(g["all"]), rounded(g["rtt"].avg(), 1), rounded(g["bigvBlock down"].avg()/20, 3), rounded(g["bigvDecFps down"].shown().avg(), 1)})
	}
	return all[:min(8, len(all))]
}

func (c *recipes) ofDevices() (all []row) {
	names := slices.Collect(maps.Keys(c.devices))
	names = slices.DeleteFunc(names, func(d string) bool { return len(c.senders[d]) == 0 })
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(rounded(c.devices[b]["sysCpu"].avg(), 1), rounded(c.devices[a]["sysCpu"].avg(), 1)), cmp.Compare(a, b))
	})
	for _, d := range names {
		g := c.devices[d]
		all = append(all, row{d, len(c.senders[d]), rounded(g["sysCpu"].avg(), 1), g["sysCpu"].upTo(0.95), rounded(g["bigvEncFps"].shown().avg(), 1)})
	}
	return all[:min(8, len(all))]
}

// calls reads the judged calls that were created on some days.
func (c *recipes) calls(first, last string) []map[string]string {
	all := c.srv.judged(c.t, "SELECT * FROM calls")
	return slices.DeleteFunc(all, func(m map[string]string) bool { return m["created_at"][:10] < first || m["created_at"][:10] > last })
}

func (c *recipes) grades() (all []row) {
	counts, bad, scores := map[[2]string]int{}, map[string]float64{}, map[string]some{}
	for _, m := range c.calls(weekFrom, weekTo) {
		d := m["created_at"][:10]
		counts[[2]string{d, m["grade"]}]++
		bad[d] += number(m["bad_minutes"])
		if m["quality_score"] != null {
			scores[d] = append(scores[d], number(m["quality_score"]))
		}
	}
	for _, d := range daysFrom(weekFrom, weekTo) {
		r := row{d}
		for _, g := range []string{"good", "fair", "poor", "serious", "unknown"} {
			r = append(r, counts[[2]string{d, g}])
		}
		all = append(all, append(r, bad[d], rounded(scores[d].avg(), 1)))
	}
	return all
}

var fromWorst = []string{"serious", "poor", "fair", "good", "unknown"}

func (c *recipes) worstCalls() (all []row) {
	calls := c.calls(weekFrom, weekTo)
	slices.SortFunc(calls, func(a, b map[string]string) int {
		return cmp.Or(cmp.Compare(slices.Index(fromWorst, a["grade"]), slices.Index(fromWorst, b["grade"])),
			cmp.Compare(number(a["quality_score"]), number(b["quality_score"])), cmp.Compare(a["comm_id"], b["comm_id"]))
	})
	for _, m := range calls[:5] {
		all = append(all, row{m["comm_id"], len(c.usersOf(m["comm_id"])), m["grade"], m["bad_users"], m["bad_minutes"], roundedCell(m["quality_score"], 1), m["worst_user_id"], m["cause"], m["diagnosis"]})
	}
	return all
}

func (c *recipes) usersOf(comm string) map[string][]*simulator.UserSession {
	users := map[string][]*simulator.UserSession{}
	for p, stays := range c.stays {
		if p.call == comm {
			users[p.user] = stays
		}
	}
	return users
}

// peakOfPieces returns the most pieces at one moment.
func peakOfPieces(all []piece) (most int) {
	for _, p := range all {
		n := 0
		for _, q := range all {
			if q.from <= p.from && p.from < q.to {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func (c *recipes) online() (all []row) {
	byDay := map[string][]piece{}
	for _, p := range c.pieces() {
		byDay[p.day] = append(byDay[p.day], p)
	}
	for _, d := range daysFrom(weekFrom, weekTo) {
		all = append(all, row{d, peakOfPieces(byDay[d])})
	}
	return all
}

func (c *recipes) breaks() (all []row) {
	lost, changes := map[string]int{}, map[string]int{}
	for i := range c.events {
		e := &c.events[i]
		if d := dayOf(e.TS / 1000); d < "2026-05-01" || d > "2026-05-31" {
			continue
		}
		device := c.stayAt(person{e.SdkAppID, e.CommID, e.UserID}, e.TS/1000).DeviceType
		if isLost(e) {
			lost[device]++
		}
		if e.EventID == 1003 {
			changes[device]++
		}
	}
	for _, d := range ordered(c.monthDevices, func(a, b string) int {
		return cmp.Or(cmp.Compare(lost[b], lost[a]), cmp.Compare(changes[b], changes[a]), cmp.Compare(a, b))
	}) {
		minutes := float64(len(c.monthDevices[d]["rtt"])) / 30
		all = append(all, row{d, lost[d], changes[d], rounded(float64(lost[d])/minutes*1000, 2)})
	}
	return all[:6]
}

func (c *recipes) suffered(first, last string, limit int) (all []row) {
	experience := c.srv.words(c.t, "SELECT experience_id, name_en FROM experience_names")
	cause := c.srv.words(c.t, "SELECT abnormal_event_id, name_en FROM abnormal_event_names")
	times, users := map[[2]string]int{}, map[[2]string]set{}
	for _, u := range c.unusual {
		if d := dayOf(u.TS); d < first || d > last {
			continue
		}
		k := [2]string{experience[fmt.Sprint(u.ExperienceID)], ""}
		if u.AbnormalEventID != 0 {
			k[1] = cause[fmt.Sprint(u.AbnormalEventID)]
		}
		if users[k] == nil {
			users[k] = set{}
		}
		times[k]++
		users[k][person{app: u.SdkAppID, user: u.UserID}] = true
	}
	keys := slices.SortedFunc(maps.Keys(times), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	for _, k := range keys[:min(limit, len(keys))] {
		all = append(all, row{k[0], k[1], times[k], len(users[k])})
	}
	return all
}

func (c *recipes) which() (all []row) {
	for _, r := range c.rooms {
		if r.RoomID == c.room && secondOf(r.CreatedAt) >= "2026-05-01" {
			end := null
			if r.DestroyedAt != 0 {
				end = secondOf(r.DestroyedAt)
			}
			all = append(all, row{r.SdkAppID, r.CommID, secondOf(r.CreatedAt), end, r.CreatorUserID})
		}
	}
	slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(text(b[2]), text(a[2])) })
	return all
}

// oneCall is question 11.
func (c *recipes) oneCall() []row {
	m := c.srv.judged(c.t, "SELECT * FROM calls WHERE comm_id = '"+c.comm+"'")[0]
	var r simulator.Room
	for _, x := range c.rooms {
		if x.CommID == c.comm {
			r = x
		}
	}
	var whole []piece
	samples := 0
	for _, stays := range c.usersOf(c.comm) {
		for _, s := range stays {
			whole = append(whole, piece{s, "", s.JoinedAt, c.end(s)})
		}
	}
	for _, g := range c.perUser {
		samples += len(g["all"])
	}
	return []row{{r.DestroyedAt - r.CreatedAt, len(c.usersOf(c.comm)), len(whole), peakOfPieces(whole), samples, m["grade"], m["judged_minutes"], m["bad_minutes"], m["worst_user_id"], m["worst_minute"], m["diagnosis"]}}
}

// present returns the seconds of sessions, and the device of the last one.
func (c *recipes) present(stays []*simulator.UserSession) (seconds int64, device string) {
	for _, s := range stays {
		seconds += c.end(s) - s.JoinedAt
		device = s.DeviceType
	}
	return seconds, device
}

func (c *recipes) byUser() (all []row) {
	judged := c.srv.judged(c.t, "SELECT * FROM call_users WHERE comm_id = '"+c.comm+"'")
	sortByScore(judged, "user_id")
	for _, m := range judged {
		stays := c.usersOf(c.comm)[m["user_id"]]
		seconds, device := c.present(stays)
		lost := 0
		for i := range c.events {
			if e := &c.events[i]; e.CommID == c.comm && e.UserID == m["user_id"] && isLost(e) {
				lost++
			}
		}
		g := c.perUser[m["user_id"]]
		all = append(all, row{m["user_id"], len(stays), seconds, device, lost, rounded(g["rtt"].avg(), 1), g["rtt"].upToOwn(0.95), rounded(g["sysCpu"].avg(), 1),
			m["grade"], m["bad_minutes"], m["worst_minute"], m["worst_metric"], m["cause"]})
	}
	if len(judged) != len(c.usersOf(c.comm)) {
		c.t.Errorf("%d users in call_users, %d had a stay", len(judged), len(c.usersOf(c.comm)))
	}
	return all
}

func sortByScore(all []map[string]string, then ...string) {
	slices.SortFunc(all, func(a, b map[string]string) int {
		order := cmp.Compare(number(a["score"]), number(b["score"]))
		for _, k := range then {
			order = cmp.Or(order, cmp.Compare(a[k], b[k]))
		}
		return order
	})
}

func (c *recipes) faults() (all []row) {
	judged := c.srv.judged(c.t, "SELECT * FROM peer_quality WHERE comm_id = '"+c.comm+"'")
	sortByScore(judged, "user_id", "peer_id")
	for _, m := range judged {
		if !c.pairs[[2]string{m["user_id"], m["peer_id"]}] {
			c.t.Errorf("%s received nothing from %s", m["user_id"], m["peer_id"])
		}
		fault := "receiver"
		switch {
		case m["cause"] == "":
			fault = ""
		case m["cause"] == "unknown":
			fault = "nobody"
		case strings.HasPrefix(m["cause"], "peer"):
			fault = "sender"
		}
		all = append(all, row{m["user_id"], m["peer_id"], m["grade"], m["bad_minutes"], fault, m["cause"], m["cause_minutes"], m["diagnosis"]})
	}
	if len(judged) != len(c.pairs) {
		c.t.Errorf("%d pairs in peer_quality, %d in the samples", len(judged), len(c.pairs))
	}
	return all
}

// measuredAs holds the vendor's names of the metrics of call_minutes, and whether they
// belong to received streams.
var measuredAs = map[string]struct {
	metric string
	down   bool
}{
	"audio_loss_up": {"aLoss", false}, "video_loss_up": {"bigvLoss", false}, "audio_loss_down": {"aLoss", true}, "video_loss_down": {"bigvLoss", true},
	"audio_stall": {"aBlock", true}, "video_stall": {"bigvBlock", true}, "rtt": {"rtt", false}, "sys_cpu": {"sysCpu", false},
	"video_fps_up": {"bigvEncFps", false}, "video_fps_down": {"bigvDecFps", true},
}

// worstOfMinute returns the average of a metric in a minute of a user, for the worst peer.
func (c *recipes) worstOfMinute(minute, user, metric string) float64 {
	of := measuredAs[metric]
	worst := math.NaN()
	for k, values := range c.perMinute {
		f := strings.Split(k, "\t")
		if f[0] != minute || f[1] != user || f[3] != of.metric || (f[2] != "") != of.down {
			continue
		}
		v := values.avg()
		switch {
		case strings.HasSuffix(metric, "stall"):
			v /= 20
		case strings.HasPrefix(metric, "video_fps"):
			v = values.shown().avg()
			if math.IsNaN(worst) || v < worst {
				worst = v
			}
			continue
		}
		if math.IsNaN(worst) || v > worst {
			worst = v
		}
	}
	return worst
}

func (c *recipes) minutes() (all []row) {
	judged := c.srv.judged(c.t, "SELECT * FROM call_minutes WHERE comm_id = '"+c.comm+"'")
	judged = slices.DeleteFunc(judged, func(m map[string]string) bool { return m["grade"] == "good" })
	slices.SortFunc(judged, func(a, b map[string]string) int {
		return cmp.Or(cmp.Compare(a["minute"], b["minute"]), cmp.Compare(a["user_id"], b["user_id"]))
	})
	for _, m := range judged[:min(10, len(judged))] {
		value := any(null)
		if m["metric"] != "" {
			value = rounded(c.worstOfMinute(m["minute"], m["user_id"], m["metric"]), 1)
		}
		all = append(all, row{m["minute"], m["user_id"], m["grade"], m["metric"], value, m["cause"], m["cause_user_id"], m["diagnosis"]})
	}
	return all
}

func (c *recipes) metrics() (all []row) {
	for _, what := range slices.Sorted(maps.Keys(c.perUser[c.who])) {
		if what == "all" {
			continue
		}
		v := c.perUser[c.who][what]
		metric, down := strings.CutSuffix(what, " down")
		direction := "up"
		if down {
			direction = "down"
		}
		p50, p95 := v.upToOwn(0.5), v.upToOwn(0.95)
		if slices.Contains([]string{"aCapEnergy", "aPlayEnergy", "bigvQp"}, metric) {
			p50, p95 = math.NaN(), math.NaN()
		}
		all = append(all, row{direction, metric, len(v), rounded(v.avg(), 2), slices.Min(v), p50, p95, slices.Max(v)})
	}
	slices.SortStableFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(text(a[0]), text(b[0])), cmp.Compare(text(a[1]), text(b[1])))
	})
	return all
}

func (c *recipes) eventsOfUser() (all []row) {
	category := c.srv.words(c.t, "SELECT event_id, category FROM event_names")
	event := c.srv.words(c.t, "SELECT event_id, name_en FROM event_names")
	value := c.srv.words(c.t, "SELECT concat(toString(event_id), ' ', toString(param_one)), name_en FROM event_values")
	own := slices.DeleteFunc(slices.Clone(c.events), func(e simulator.UserEvent) bool { return e.CommID != c.comm || e.UserID != c.who })
	slices.SortStableFunc(own, func(a, b simulator.UserEvent) int {
		return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.EventID, b.EventID))
	})
	for _, e := range own[:10] {
		id := fmt.Sprint(e.EventID)
		all = append(all, row{time.UnixMilli(e.TS).UTC().Format("2006-01-02 15:04:05.000"), category[id], event[id], value[id+" "+fmt.Sprint(e.ParamOne)], e.PeerID})
	}
	return all
}

func (c *recipes) byHour() (all []row) {
	for _, h := range ordered(c.hours, func(a, b string) int {
		return cmp.Compare(rounded(c.hours[b]["rtt"].avg(), 1), rounded(c.hours[a]["rtt"].avg(), 1))
	}) {
		v := c.hours[h]["rtt"]
		all = append(all, row{number(h), len(v), rounded(v.avg(), 1), slices.Max(v)})
	}
	return all[:6]
}

func (c *recipes) beyond() (all []row) {
	for _, w := range slices.Sorted(maps.Keys(c.weeks)) {
		v := c.weeks[w]["aLoss down"]
		all = append(all, row{w, rounded(100*v.share(5), 3), rounded(100*v.share(2), 3)})
	}
	return all
}

func (c *recipes) through() (all []row) {
	judged := map[string]map[string]string{}
	for _, m := range c.srv.judged(c.t, "SELECT * FROM call_users WHERE user_id = '"+c.who+"'") {
		judged[m["comm_id"]] = m
	}
	for p, stays := range c.stays {
		if p.user != c.who {
			continue
		}
		seconds, device := c.present(stays)
		m := judged[p.call]
		all = append(all, row{p.app, p.call, secondOf(stays[0].JoinedAt), seconds, device, roundedCell(m["score"], 1), m["grade"], m["bad_minutes"], m["diagnosis"]})
	}
	slices.SortFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(text(a[2]), text(b[2])), cmp.Compare(text(a[1]), text(b[1])))
	})
	return all
}

// counted holds the rooms of the vendor's days: its count, and the archive's.
func (c *recipes) counted(wanted func(day string, vendor, archive int64) bool) (all []row) {
	for _, d := range c.scale {
		n := int64(0)
		for _, r := range c.rooms {
			if r.SdkAppID == d.SdkAppID && r.CreatedAt >= d.DayStart && r.CreatedAt < d.DayStart+86400 {
				n++
			}
		}
		if wanted(d.Day, d.RoomNumbers, n) {
			all = append(all, row{d.SdkAppID, d.Day, d.RoomNumbers, n})
		}
	}
	return all
}

var namedIn = regexp.MustCompile(`(comm_id|room_id|user_id) = '([^']+)'`)

// oneDay is the day that replaces yesterday in README's query.
const oneDay = "2026-05-28"

func (c *recipes) ofOneDay(r *reading) {
	if r.Metric != "rtt" || dayOf(r.TS) != oneDay {
		return
	}
	d := r.stay.DeviceType
	if c.slowUsers[d] == nil {
		c.slowUsers[d] = set{}
	}
	c.slowUsers[d][person{app: r.SdkAppID, user: r.UserID}] = true
	c.slowValues[d] = append(c.slowValues[d], r.Value)
}

// slow is README's first query.
func (c *recipes) slow() (all []row) {
	for _, d := range ordered(c.slowValues, func(a, b string) int { return cmp.Compare(a, b) }) {
		all = append(all, row{d, len(c.slowUsers[d]), c.slowValues[d].upTo(0.95)})
	}
	slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(b[2].(float64), a[2].(float64)) })
	return all
}

// TestLongRecipes compares every answer of the cookbook, README's first query, the
// dashboards' panels and dbt's days with the results of loops over the vendor's rows.
func TestLongRecipes(t *testing.T) {
	t.Parallel()
	s := open(t, embeddedtest.Database(t))
	sim := fleet(t)
	if _, err := fillAll(t.Context(), s, 1<<62, sim); err != nil {
		t.Fatal(err)
	}
	srv := serverOf(embeddedtest.Shared(t).HTTPURL(), s)
	_, all := questions(t)
	c := &recipes{ledgerOfTruth: ledgerOf(sim.Truth(at)), t: t, srv: srv}
	for _, q := range all {
		for _, m := range namedIn.FindAllStringSubmatch(q.sql, -1) {
			map[string]func(string){"comm_id": func(v string) { c.comm = v }, "room_id": func(v string) { c.room = v }, "user_id": func(v string) { c.who = v }}[m[1]](m[2])
		}
	}
	b := &boardTruth{recipes: c, cube: map[cell]map[string]some{}, from: at.Add(-month).Unix(), to: at.Unix(), sim: sim}
	c.read(sim.Truth(at), append(c.asks(), c.ofOneDay, b.see)...)
	holdsAll(t, sim, c)
	if n := namesCalls(t, s, c.rooms, c.unusual); n > 0 {
		t.Errorf("%d of %d unusual events have no call", n, len(c.unusual))
	}
	for i, want := range [][]row{
		c.busy(), c.good(), c.ofVersions(), c.ofDevices(), c.grades(), c.worstCalls(), c.online(), c.breaks(), c.suffered(weekFrom, weekTo, 8), c.which(),
		c.oneCall(), c.byUser(), c.faults(), c.minutes(), c.metrics(), c.eventsOfUser(), c.byHour(), c.beyond(), c.through(),
		c.counted(func(day string, vendor, archive int64) bool {
			return vendor != archive || day >= weekFrom && day <= "2026-05-28"
		}),
		c.costs(sim.Truth(at).UsageRooms()), c.billed(sim.Truth(at).UsageDays()), c.caused(sim.Truth(at).UsageRooms()), c.stalls(sim.Truth(at).MarketHours()),
	} {
		srv.answers(t, all[i].title, all[i].sql, want)
	}
	for sql, want := range map[string][]row{earlierBusy: c.busy(), earlierOnline: c.online(), earlierSlow: c.slow()} {
		if differs(srv.texts(t, sql), want) == "" {
			t.Errorf("the comparison does not find what is wrong with%s", sql)
		}
	}
	srv.answers(t, "README", strings.ReplaceAll(readmeQuery(t, "whose round trip"), "yesterday()", "toDate('"+oneDay+"')"), c.slow())
	b.boards()
	b.days()
}

// holdsAll checks that the archive has all the cases that the recipes must handle.
func holdsAll(t *testing.T, sim *simulator.Simulator, c *recipes) {
	t.Helper()
	midnight, running, devices := 0, 0, 0
	for i := range c.sessions {
		s := &c.sessions[i]
		if s.LeftAt == 0 {
			running++
		} else if dayOf(s.JoinedAt) != dayOf(s.LeftAt) {
			midnight++
		}
	}
	for _, stays := range c.stays {
		if stays[0].DeviceType != stays[len(stays)-1].DeviceType {
			devices++
		}
	}
	shared := len(sim.SharedUsers(at))
	t.Logf("%d calls, %d stays, %d of them over midnight, %d go on; %d users with another device, %d ids in two applications", len(c.rooms), len(c.sessions), midnight, running, devices, shared)
	if min(midnight, running, devices, shared) == 0 {
		t.Error("the cookbook's archive lacks one of these")
	}
}

// readmeQuery returns the statement that follows a comment in README.md.
func readmeQuery(t *testing.T, comment string) string {
	t.Helper()
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "-- "+comment)
	_, rest, ok2 := strings.Cut(rest, "\n")
	sql, _, ok3 := strings.Cut(rest, ";")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("README.md has no query about %s", comment)
	}
	return sql
}
