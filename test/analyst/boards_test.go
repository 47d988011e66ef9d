package analyst

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/simulator"
)

// cell is a cell of the cube: the dashboard of the fleet groups samples by it.
type cell struct {
	app                  uint32
	day, version, device string
}

// boardTruth is what dashboards must show for an application (0: all) over the month.
type boardTruth struct {
	*recipes
	cube     map[cell]map[string]some
	from, to int64
	app      uint32
	sim      *simulator.Simulator
}

// cubed are the metrics of the cube.
var cubed = []string{"rtt", "sysCpu", "aLoss", "bigvLoss", "aLoss down", "bigvLoss down", "aBlock down", "bigvBlock down", "bigvDecFps down"}

func (b *boardTruth) see(r *reading) {
	k := cell{r.SdkAppID, dayOf(r.TS), r.stay.SdkVersion, r.stay.DeviceType}
	if b.cube[k] == nil {
		b.cube[k] = map[string]some{}
	}
	what := r.Metric
	if !r.up() {
		what += " down"
	}
	if slices.Contains(cubed, what) {
		b.cube[k][what] = append(b.cube[k][what], r.Value)
	}
	b.cube[k]["all"] = append(b.cube[k]["all"], 0)
}

// group merges the cube.
func (b *boardTruth) group(by func(cell) string) map[string]map[string]some {
	all := map[string]map[string]some{}
	for k, values := range b.cube {
		if b.app != 0 && k.app != b.app {
			continue
		}
		n := by(k)
		if all[n] == nil {
			all[n] = map[string]some{}
		}
		for what, v := range values {
			all[n][what] = append(all[n][what], v...)
		}
	}
	return all
}

func (b *boardTruth) mine(app uint32) bool { return b.app == 0 || b.app == app }

// attendance counts the calls, users and seconds of sessions.
type attendance struct {
	calls, users set
	seconds      int64
}

func (b *boardTruth) attendance(by func(piece) string) map[string]*attendance {
	all := map[string]*attendance{}
	for _, p := range b.pieces() {
		if !b.mine(p.SdkAppID) {
			continue
		}
		n := by(p)
		if all[n] == nil {
			all[n] = &attendance{calls: set{}, users: set{}}
		}
		all[n].calls[p.CommID], all[n].users[person{app: p.SdkAppID, user: p.UserID}] = true, true
		all[n].seconds += p.to - p.from
	}
	return all
}

func (b *boardTruth) created() []map[string]string {
	return slices.DeleteFunc(b.srv.judged(b.t, "SELECT * FROM calls"), func(m map[string]string) bool {
		return m["created_at"] < secondOf(b.from) || m["created_at"] > secondOf(b.to) || !b.mine(uint32(number(m["sdk_app_id"])))
	})
}

func (b *boardTruth) lost(by func(cell) string) map[string]int {
	all := map[string]int{}
	for i := range b.events {
		e := &b.events[i]
		if !isLost(e) || !b.mine(e.SdkAppID) {
			continue
		}
		s := b.stayAt(person{e.SdkAppID, e.CommID, e.UserID}, e.TS/1000)
		all[by(cell{e.SdkAppID, dayOf(e.TS / 1000), s.SdkVersion, s.DeviceType})]++
	}
	return all
}

func everything[T any](T) string { return "" }

func midnightOf(day string) string { return day + " 00:00:00" }

// byDay makes a row for each day.
func byDay[V any](all map[string]V, of func(V) []any) (rows []row) {
	for _, d := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, append(row{midnightOf(d)}, of(all[d])...))
	}
	return rows
}

// orNull returns an average, or NULL without values.
func orNull(x float64) any {
	if math.IsNaN(x) {
		return null
	}
	return x
}

func avgOf(v some) any { return orNull(v.avg()) }

// stretch returns an average in percent of 2 s.
func stretch(v some) any { return orNull(v.avg() / 20) }

// table returns the table of SDK versions or of devices.
func (b *boardTruth) table(ofCell func(cell) string, ofPiece func(piece) string) (rows []row) {
	values, lost := b.group(ofCell), b.lost(ofCell)
	there := b.attendance(ofPiece)
	for _, n := range ordered(there, func(x, y string) int {
		return cmp.Or(cmp.Compare(len(there[y].calls), len(there[x].calls)), cmp.Compare(x, y))
	}) {
		v, a := values[n], there[n]
		p95 := math.NaN()
		if len(v["rtt"]) > 0 {
			p95 = v["rtt"].upTo(0.95)
		}
		rows = append(rows, row{n, len(a.calls), len(a.users), float64(a.seconds) / 60, len(v["all"]), avgOf(v["rtt"]), p95,
			avgOf(v["aLoss down"]), avgOf(v["bigvLoss down"]), stretch(v["bigvBlock down"]), avgOf(v["bigvDecFps down"].shown()), avgOf(v["sysCpu"]),
			orNull(float64(lost[n]) / (float64(len(v["rtt"])) / 30) * 1000)})
	}
	return rows
}

// roundTrip returns the average of a day, and the worst of its versions and devices.
func (b *boardTruth) roundTrip() (rows []row) {
	worst := map[string]float64{}
	for k, v := range b.cube {
		if b.mine(k.app) && len(v["rtt"]) > 0 {
			worst[k.day] = max(worst[k.day], v["rtt"].upToOwn(0.95))
		}
	}
	days := b.group(func(c cell) string { return c.day })
	for _, d := range slices.Sorted(maps.Keys(days)) {
		rows = append(rows, row{midnightOf(d), avgOf(days[d]["rtt"]), worst[d]})
	}
	return rows
}

func (b *boardTruth) causes() (rows []row) {
	type sums struct {
		minutes                int
		calls, users, culprits set
	}
	all := map[string]*sums{}
	for _, m := range b.srv.judged(b.t, "SELECT * FROM call_minutes") {
		if !isBad(m) || m["call_created_at"] < secondOf(b.from) || m["call_created_at"] > secondOf(b.to) || !b.mine(uint32(number(m["sdk_app_id"]))) {
			continue
		}
		x := all[m["cause"]]
		if x == nil {
			x = &sums{calls: set{}, users: set{}, culprits: set{}}
			all[m["cause"]] = x
		}
		x.minutes++
		x.calls[m["comm_id"]], x.users[[2]string{m["sdk_app_id"], m["user_id"]}] = true, true
		if m["cause_user_id"] != "" {
			x.culprits[[2]string{m["sdk_app_id"], m["cause_user_id"]}] = true
		}
	}
	for _, c := range ordered(all, func(x, y string) int {
		return cmp.Or(cmp.Compare(all[y].minutes, all[x].minutes), cmp.Compare(x, y))
	}) {
		x := all[c]
		rows = append(rows, row{c, x.minutes, len(x.calls), len(x.users), len(x.culprits)})
	}
	return rows
}

func (b *boardTruth) suffering() (rows []row) {
	whole := b.unusual
	defer func() { b.unusual = whole }()
	b.unusual = nil
	for _, u := range whole {
		if b.mine(u.SdkAppID) && u.TS >= b.from && u.TS <= b.to {
			b.unusual = append(b.unusual, u)
		}
	}
	return b.suffered("2026-05-01", "2026-05-31", 20)
}

func (b *boardTruth) worst() (rows []row) {
	calls := slices.DeleteFunc(b.created(), func(m map[string]string) bool { return m["grade"] == "unknown" })
	slices.SortFunc(calls, func(x, y map[string]string) int {
		return cmp.Or(cmp.Compare(slices.Index(fromWorst, x["grade"]), slices.Index(fromWorst, y["grade"])),
			cmp.Compare(number(x["quality_score"]), number(y["quality_score"])), cmp.Compare(x["comm_id"], y["comm_id"]))
	})
	for _, m := range calls[:min(20, len(calls))] {
		rows = append(rows, row{m["comm_id"], m["room_id"], m["grade"], m["diagnosis"]})
	}
	return rows
}

// fleetPanels returns what the dashboard of the fleet must show.
func (b *boardTruth) fleetPanels() map[string][]row {
	all := b.attendance(everything[piece])[""]
	days := b.group(func(c cell) string { return c.day })
	there := b.attendance(func(p piece) string { return p.day })
	poor, graded, scores, grades := 0, 0, some{}, map[string]map[string]int{}
	for _, m := range b.created() {
		d := m["created_at"][:10]
		if grades[d] == nil {
			grades[d] = map[string]int{}
		}
		grades[d][m["grade"]]++
		if m["grade"] == "poor" || m["grade"] == "serious" {
			poor++
		}
		if m["grade"] != "unknown" {
			graded++
		}
		if m["quality_score"] != null {
			scores = append(scores, number(m["quality_score"]))
		}
	}
	return map[string][]row{
		"Calls":            {{len(all.calls)}},
		"Users":            {{len(all.users)}},
		"Time in calls":    {{float64(all.seconds) / 60}},
		"Quality score":    {{scores.avg()}},
		"Poor calls":       {{100 * float64(poor) / float64(graded)}},
		"Connections lost": {{b.lost(everything[cell])[""]}},
		"Calls and users":  byDay(there, func(a *attendance) []any { return []any{len(a.calls), len(a.users)} }),
		"Minutes":          byDay(there, func(a *attendance) []any { return []any{float64(a.seconds) / 60} }),
		"Calls by grade": byDay(grades, func(g map[string]int) []any {
			return []any{g["good"], g["fair"], g["poor"], g["serious"], g["unknown"]}
		}),
		"Round trip": b.roundTrip(),
		"Packets lost": byDay(days, func(v map[string]some) []any {
			return []any{avgOf(v["aLoss"]), avgOf(v["aLoss down"]), avgOf(v["bigvLoss"]), avgOf(v["bigvLoss down"])}
		}),
		"Stall":        byDay(days, func(v map[string]some) []any { return []any{stretch(v["aBlock down"]), stretch(v["bigvBlock down"])} }),
		"SDK versions": b.table(func(c cell) string { return c.version }, func(p piece) string { return p.SdkVersion }),
		"Devices":      b.table(func(c cell) string { return c.device }, func(p piece) string { return p.DeviceType }),
		"Worst calls":  b.worst(),

		"What users suffered from": b.suffering(),
		"Causes of bad minutes":    b.causes(),
	}
}

var (
	metricsOf   = regexp.MustCompile(`metric (?:= '(\w+)'|IN \(([^)]*)\))`)
	quotedWords = regexp.MustCompile(`'(\w+)'`)
)

// series is a panel of the page of a call: averages by minute for each user, or for each
// user and peer, and for each metric if there are several.
func (b *boardTruth) series(sql string) (rows []row) {
	m := metricsOf.FindString(sql)
	var metrics []string
	for _, w := range quotedWords.FindAllStringSubmatch(m, -1) {
		metrics = append(metrics, w[1])
	}
	down := strings.Contains(sql, "peer_id != ''")
	for k, values := range b.perMinute {
		f := strings.Split(k, "\t")
		if !slices.Contains(metrics, f[3]) || (f[2] != "") != down {
			continue
		}
		name := f[1]
		if down {
			name += " ← " + f[2]
		}
		if len(metrics) > 1 {
			name += " " + f[3]
		}
		value := values.avg()
		if strings.Contains(sql, "avg(value) / 20") {
			value /= 20
		}
		rows = append(rows, row{f[0], name, value})
	}
	slices.SortFunc(rows, func(x, y row) int {
		return cmp.Or(cmp.Compare(text(x[0]), text(y[0])), cmp.Compare(text(x[1]), text(y[1])))
	})
	return rows
}

// callPanels returns what the tables of the page of a call must show.
func (b *boardTruth) callPanels() map[string][]row {
	var experiences, bad []row
	for _, u := range b.unusual {
		if callOf(b.rooms, u.SdkAppID, u.RoomID, u.TS) == b.comm {
			experiences = append(experiences, row{secondOf(u.TS), u.UserID})
		}
	}
	slices.SortFunc(experiences, func(x, y row) int {
		return cmp.Or(cmp.Compare(text(x[0]), text(y[0])), cmp.Compare(text(x[1]), text(y[1])))
	})
	for _, m := range b.srv.judged(b.t, "SELECT * FROM call_minutes WHERE comm_id = '"+b.comm+"' ORDER BY minute, user_id") {
		if isBad(m) {
			bad = append(bad, row{m["minute"], m["user_id"], m["grade"], m["metric"], m["value"], m["cause"], m["cause_user_id"], m["peer_id"], m["diagnosis"]})
		}
	}
	call := b.oneCall()[0]
	var users, faults []row
	for _, r := range b.byUser() {
		users = append(users, row{r[0], r[1], r[2], r[3]})
	}
	for _, r := range b.faults() {
		faults = append(faults, row{r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]})
	}
	return map[string][]row{
		"The call":        {{b.room, call[0], call[1], call[5], call[7]}},
		"Users":           users,
		"Whose fault":     faults,
		"Bad minutes":     bad,
		"Bad experiences": experiences,
	}
}

// only keeps the columns of a panel that are compared.
var only = map[string]string{
	"Worst calls": "comm_id, room_id, grade, diagnosis", "The call": "room_id, duration_seconds, users, grade, bad_minutes",
	"Users": "user_id, sessions, presence_seconds, device_type", "Bad experiences": "ts, user_id",
	"Whose fault": "user_id, peer_id, grade, bad_minutes, fault, cause, cause_minutes, diagnosis",
}

// compare compares a panel with what it must show, and reports whether the test knows the panel.
func (b *boardTruth) compare(g *grafana, file string, p panel, want map[string][]row) bool {
	sql := g.render(b.t, p.Targets[0].RawSQL)
	rows, ok := want[p.Title]
	if !ok && file == "call.json" && strings.Contains(sql, "FROM quality_samples") && p.Title != "$metric" {
		rows, ok = b.series(p.Targets[0].RawSQL), true
	}
	if !ok {
		return false
	}
	if columns := only[p.Title]; columns != "" && (file == "call.json" || p.Title == "Worst calls") {
		sql = "SELECT " + columns + " FROM (" + sql + ")"
	}
	b.srv.answers(b.t, file+": "+p.Title+", app "+fmt.Sprint(b.app), sql, rows)
	return true
}

// boards compares panels with loops over the vendor's rows, for all applications and for one.
func (b *boardTruth) boards() {
	created := ""
	for _, r := range b.rooms {
		if r.CommID == b.comm {
			created = secondOf(r.CreatedAt)
		}
	}
	compared, all := 0, readBoards(b.t)
	for _, b.app = range []uint32{0, 1400353844} {
		g := &grafana{from: at.Add(-month), to: at, interval: time.Minute, chosen: map[string]string{
			"app": allValues, "sdk_version": allValues, "device_type": allValues, "user": allValues, "call": b.comm, "created": created, "metric": "rtt",
		}}
		if b.app != 0 {
			g.chosen["app"] = strconv.Itoa(int(b.app))
		}
		for file, panels := range map[string]func() map[string][]row{"fleet.json": b.fleetPanels, "call.json": b.callPanels, "health.json": b.healthPanels, "usage.json": b.usagePanels} {
			want := panels()
			for _, p := range all[file].Panels {
				if len(p.Targets) == 0 {
					continue
				}
				if b.compare(g, file, p, want) {
					compared++
				} else if file != "health.json" && b.app == 0 {
					b.t.Logf("%s: %s: not compared", file, p.Title)
				}
			}
		}
	}
	b.t.Logf("%d panels compared", compared)
	if compared < 86 {
		b.t.Errorf("only %d panels compared", compared)
	}
}

func (b *boardTruth) healthPanels() map[string][]row {
	var rows []row
	for _, r := range b.counted(func(string, int64, int64) bool { return true }) {
		if b.mine(r[0].(uint32)) {
			rows = append(rows, row{r[1], r[0], r[2], r[3]})
		}
	}
	slices.SortStableFunc(rows, func(x, y row) int {
		return cmp.Or(cmp.Compare(text(y[0]), text(x[0])), cmp.Compare(text(x[1]), text(y[1])))
	})
	return map[string][]row{"The vendor's count": rows}
}

// days compares the model of that name in packaging/dbt.
func (b *boardTruth) days() {
	model, err := os.ReadFile("../../packaging/dbt/models/days.sql")
	if err != nil {
		b.t.Fatal(err)
	}
	type sums struct{ calls, bad, seconds int64 }
	all := map[string]*sums{}
	of := func(app any, day string) *sums {
		k := join(app, day)
		if all[k] == nil {
			all[k] = &sums{}
		}
		return all[k]
	}
	for _, p := range b.pieces() {
		of(p.SdkAppID, p.day).seconds += p.to - p.from
	}
	for _, m := range b.srv.judged(b.t, "SELECT * FROM calls") {
		s := of(m["sdk_app_id"], m["created_at"][:10])
		s.calls++
		if m["grade"] == "poor" || m["grade"] == "serious" {
			s.bad++
		}
	}
	var want []row
	for _, k := range slices.Sorted(maps.Keys(all)) {
		app, day, _ := strings.Cut(k, "\t")
		want = append(want, row{app, day, all[k].calls, float64(all[k].seconds) / 60, all[k].bad})
	}
	source := regexp.MustCompile(`\{\{ source\('callvault', '(\w+)'\) \}\}`)
	b.srv.answers(b.t, "dbt: days", "SELECT sdk_app_id, day, calls, minutes, bad_calls FROM ("+source.ReplaceAllString(string(model), "$1")+") ORDER BY sdk_app_id, day", want)
}

// isBad reports whether a minute is bad, by its grade.
func isBad(m map[string]string) bool { return m["grade"] == "poor" || m["grade"] == "serious" }
