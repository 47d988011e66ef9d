package simulator

import (
	"math"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var twoApps = []uint32{DefaultApp, 1400353844}

// bounds are the bounds of an average of a minute, both included.
type bounds struct{ lo, hi float64 }

func (b bounds) hold(average float64) bool { return average >= b.lo && average <= b.hi }

// steadyBounds returns the bounds of a metric without trouble.
func steadyBounds(metric string) bounds {
	switch {
	case metric == "rtt":
		return bounds{1, 99.99}
	case strings.HasSuffix(metric, "Loss"):
		return bounds{0, 0.499}
	case strings.HasSuffix(metric, "Block"):
		return bounds{0, 5.99} // 0.3 % of 2000 ms
	case strings.HasSuffix(metric, "Fps"):
		return bounds{15, 31}
	case metric == "sysCpu":
		return bounds{1, 59.99}
	case strings.HasSuffix(metric, "Bit"):
		return bounds{1000, 2e6}
	}
	return bounds{0, math.Inf(1)}
}

// minuteOf is the average of a series in a UTC minute.
type minuteOf struct {
	QualitySample       // of the first sample
	minute        int64 // its first second
	sum           float64
	n             int64
}

func (m *minuteOf) average() float64 { return m.sum / float64(m.n) }

// eachMinute calls use for each series and minute of a truth.
func eachMinute(truth *Truth, use func(*minuteOf)) {
	var m minuteOf
	for row := range truth.QualitySamples() {
		start := row.TS / minute * minute
		if m.n == 0 || start != m.minute || row.Metric != m.Metric || row.PeerID != m.PeerID || row.UserID != m.UserID || row.CommID != m.CommID {
			if m.n > 0 {
				use(&m)
			}
			m = minuteOf{QualitySample: row, minute: start}
		}
		m.sum += row.Value
		m.n++
	}
	use(&m)
}

// plantedBounds returns the bounds that the comments of the kinds promise for a minute of
// the trouble. ok: the minute is troubled; maybe: it is in half of the calls.
func plantedBounds(tr *Trouble, m *minuteOf) (b bounds, ok, maybe bool) {
	sent, heard := m.UserID == tr.UserID && m.PeerID == "", m.UserID == tr.UserID && m.PeerID != ""
	received := m.PeerID == tr.UserID && m.PeerID != ""
	isLoss, isStall := strings.HasSuffix(m.Metric, "Loss"), strings.HasSuffix(m.Metric, "Block")
	decoded := m.Metric == "bigvRecFps" || m.Metric == "bigvDecFps"
	switch tr.Kind {
	case CameraOff:
		return bounds{0, 0}, (sent || received) && strings.HasPrefix(m.Metric, "bigv"), false
	case WeakCamera:
		return bounds{4, 8}, sent && strings.HasSuffix(m.Metric, "Fps") || received && decoded, false
	case WeakEncoder:
		return bounds{4, 8}, sent && m.Metric == "bigvEncFps" || received && decoded, false
	case LossyUplink, OverMidnight:
		switch {
		case isLoss && sent || isLoss && received:
			return bounds{7, 13}, true, received
		case received && isStall:
			return bounds{120, 500}, true, false
		}
		return bounds{9, 20}, received && decoded, false
	case LossyDownlink:
		if isLoss {
			return bounds{7, 13}, heard, false
		}
		return bounds{120, 500}, heard && isStall, false
	case SlowDevice:
		switch {
		case m.Metric == "sysCpu":
			return bounds{90, 99}, sent, false
		case heard && m.Metric == "bigvBlock":
			return bounds{120, 300}, true, false
		case heard && m.Metric == "bigvDecFps":
			return bounds{3, 7}, true, false
		}
		return bounds{4, 8}, sent && m.Metric == "bigvEncFps" || received && decoded, true
	case NetworkChange:
		switch {
		case m.Metric == "rtt":
			return bounds{300, 800}, sent, false
		case isLoss:
			return bounds{6, 12}, sent || heard, false
		}
		return bounds{120, 500}, isStall && (heard || received), false
	case Reconnect:
		if isLoss {
			return bounds{10, 20}, heard, false
		}
		return bounds{200, 500}, heard && isStall, false
	case FarAway:
		return bounds{450, 900}, sent && m.Metric == "rtt", false
	case Unexplained:
		return bounds{160, 400}, isStall && received && m.UserID == tr.Receivers[0], false
	}
	return bounds{}, false, false
}

// telling lists the series that must be troubled in each minute of the time: what the
// troubled user sends or receives.
var telling = map[TroubleKind]string{
	CameraOff: "bigvCapFps", WeakCamera: "bigvCapFps", WeakEncoder: "bigvEncFps", LossyUplink: "aLoss", OverMidnight: "bigvLoss",
	LossyDownlink: "aBlock", SlowDevice: "sysCpu", NetworkChange: "rtt", Reconnect: "aLoss", FarAway: "rtt", Unexplained: "bigvBlock",
}

// TestTroublesAreWhereTheyAre compares each minute of each series of 400 calls with the
// planted trouble, and checks that all others are steady.
func TestTroublesAreWhereTheyAre(t *testing.T) {
	for _, mix := range []Mix{MixAll, MixOneToOne} {
		t.Run(string(mix), func(t *testing.T) {
			s := newClient(t, Options{Seed: 17, Calls: 400, Apps: twoApps, Mix: mix, Troubles: true}).s
			later := fixed.Add(6 * time.Hour) // running calls are over
			troubles := map[string]*Trouble{}
			for _, tr := range s.Troubles(later) {
				troubles[tr.CommID] = &tr
			}
			told := map[string]map[int64]bool{}  // call → minutes with trouble in its telling series
			hear := map[string]map[string]bool{} // call → users who receive the troubled user within the time
			variants := map[TroubleKind]map[string]bool{}
			faults := 0
			eachMinute(s.Truth(later), func(m *minuteOf) {
				tr := troubles[m.CommID]
				want := steadyBounds(m.Metric)
				if tr != nil && m.minute >= tr.From.Unix() && m.minute < tr.To.Unix() {
					b, ok, maybe := plantedBounds(tr, m)
					if ok && maybe {
						if variants[tr.Kind] == nil {
							variants[tr.Kind] = map[string]bool{}
						}
						ok = b.hold(m.average())
						if before, known := variants[tr.Kind][tr.CommID]; known && before != ok {
							t.Errorf("%s %s: some minutes are of one variant, some of the other", tr.Kind, tr.CommID)
						}
						variants[tr.Kind][tr.CommID] = ok
					}
					if ok {
						want = b
					}
					if m.PeerID == tr.UserID && m.PeerID != "" {
						note(hear, m.CommID, m.UserID)
					}
					if ok && m.Metric == telling[tr.Kind] && (m.n >= 29 || tr.Kind == CameraOff || tr.Kind == FarAway) {
						note(told, m.CommID, m.minute)
					}
				}
				if average := m.average(); !want.hold(average) {
					if faults++; faults < 10 {
						t.Errorf("%+v: %s of %q from %q is %.3f at %s (%d samples), want %v",
							tr, m.Metric, m.UserID, m.PeerID, average, time.Unix(m.minute, 0).UTC(), m.n, want)
					}
				}
			})
			for id, tr := range troubles {
				minutes := int(tr.To.Unix()-tr.From.Unix()+1) / 60
				if n := len(told[id]); telling[tr.Kind] != "" && n != minutes && (n == 0 || tr.Kind != CameraOff && tr.Kind != FarAway) {
					t.Errorf("%+v: %d minutes tell of %d", tr, n, minutes)
				}
				checkReceivers(t, tr, hear[id])
			}
			for _, kind := range []TroubleKind{LossyUplink, SlowDevice} {
				halves := map[bool]int{}
				for _, half := range variants[kind] {
					halves[half]++
				}
				if halves[true] < 4 || halves[false] < 4 {
					t.Errorf("%s: variants %v", kind, halves)
				}
			}
		})
	}
}

func note[K comparable](in map[string]map[K]bool, id string, key K) {
	if in[id] == nil {
		in[id] = map[K]bool{}
	}
	in[id][key] = true
}

// checkReceivers compares the receivers with the users who received the troubled user.
func checkReceivers(t *testing.T, tr *Trouble, hear map[string]bool) {
	t.Helper()
	switch tr.Kind {
	case WeakCamera, WeakEncoder, LossyUplink, OverMidnight, NetworkChange:
		if len(tr.Receivers) != len(hear) || tr.Kind != NetworkChange && len(hear) == 0 {
			t.Errorf("%+v: heard by %v", tr, hear)
		}
	case SlowDevice:
		if n := len(tr.Receivers); n != 0 && n != len(hear) {
			t.Errorf("%+v: heard by %v", tr, hear)
		}
	case Unexplained:
		if len(tr.Receivers) != 1 {
			t.Errorf("%+v: want one receiver", tr)
		}
	default:
		if len(tr.Receivers) != 0 {
			t.Errorf("%+v: nobody else suffers", tr)
		}
	}
	for _, user := range tr.Receivers {
		if !hear[user] {
			t.Errorf("%+v: %q did not receive it", tr, user)
		}
	}
}

// TestTroubleTimes checks the number of troubles of each kind, and that their times are
// whole minutes of the promised length.
func TestTroubleTimes(t *testing.T) {
	lengths := map[TroubleKind][2]int64{NetworkChange: {2, 4}, Reconnect: {1, 1}, CameraOff: {2, 2000}, FarAway: {3, 2000}}
	for seed := range uint64(6) {
		for _, mix := range []Mix{MixAll, MixOneToOne} {
			o := Options{Seed: seed, Calls: 300, Apps: twoApps, Mix: mix, Troubles: true}
			s := newClient(t, o).s
			troubles := s.Troubles(fixed)
			counts := map[TroubleKind]int{}
			for _, tr := range troubles {
				counts[tr.Kind]++
				if tr.Kind == Healthy {
					continue
				}
				want, ok := lengths[tr.Kind]
				if !ok {
					want = [2]int64{3, 8}
				}
				if span := tr.To.Unix() + 1 - tr.From.Unix(); tr.From.Second() != 0 || span%60 != 0 || span/60 < want[0] || span/60 > want[1] {
					t.Errorf("%s: %s to %s, want %v minutes", tr.Kind, tr.From, tr.To, want)
				}
				if tr.Kind == OverMidnight && tr.From.YearDay() == tr.To.YearDay() {
					t.Errorf("over midnight: %s to %s", tr.From, tr.To)
				}
			}
			for _, kind := range TroubleKinds() {
				if counts[kind] < 10 || kind == Healthy && counts[kind] < 50 {
					t.Errorf("seed %d, %s: %d of %s in %d calls", seed, mix, counts[kind], kind, o.Calls)
				}
			}
			if again := newClient(t, o).s.Troubles(fixed); !reflect.DeepEqual(troubles, again) {
				t.Errorf("seed %d, %s: other troubles from the same seed", seed, mix)
			}
			if shared := s.SharedUsers(fixed); len(shared) < 30 || len(slices.Compact(shared)) != len(shared) {
				t.Errorf("seed %d, %s: %d shared users", seed, mix, len(shared))
			}
		}
	}
}

// TestTroubleInSessionsAndEvents checks the sessions and events of network changes, lost
// connections and second devices.
func TestTroubleInSessionsAndEvents(t *testing.T) {
	s := newClient(t, Options{Seed: 18, Calls: 400, Apps: twoApps, Troubles: true}).s
	later := fixed.Add(6 * time.Hour)
	truth := s.Truth(later)
	sessions, events := map[string][]UserSession{}, map[string][]UserEvent{}
	for row := range truth.UserSessions() {
		sessions[row.CommID+row.UserID] = append(sessions[row.CommID+row.UserID], row)
	}
	planted, lost := 0, 0
	for row := range truth.UserEvents() {
		events[row.CommID+row.UserID] = append(events[row.CommID+row.UserID], row)
		switch {
		case row.EventID == 1003 && row.ParamOne > 2:
			planted++
		case row.EventID == 5005 || row.EventID == 7001 && row.ParamOne != 0:
			lost++
		}
	}
	for _, tr := range s.Troubles(later) {
		has := func(id, one int64, from, to time.Time) bool {
			return slices.ContainsFunc(events[tr.CommID+tr.UserID], func(e UserEvent) bool {
				return e.EventID == id && e.ParamOne == one && e.TS >= from.UnixMilli() && e.TS <= to.UnixMilli()
			})
		}
		switch tr.Kind {
		case NetworkChange:
			if planted--; !has(1003, 3, tr.From, tr.From) && !has(1003, 4, tr.From, tr.From) {
				t.Errorf("%+v: no event 1003 at From", tr)
			}
		case Reconnect:
			lost -= 2
			away := tr.To.Add(time.Second)
			before, after := around(sessions[tr.CommID+tr.UserID], away.Unix())
			if !has(5005, 0, away, away) || !has(7001, 1, away, away) || !has(7000, 1, away.Add(20*time.Second), away.Add(time.Minute)) {
				t.Errorf("%+v: events %+v", tr, events[tr.CommID+tr.UserID])
			}
			if before.LeftAt != away.Unix() || after.JoinedAt < before.LeftAt+20 || after.JoinedAt > before.LeftAt+60 {
				t.Errorf("%+v: sessions %+v", tr, sessions[tr.CommID+tr.UserID])
			}
		case SecondDevice:
			before, after := around(sessions[tr.CommID+tr.UserID], tr.From.Unix()+120)
			gap := after.JoinedAt - before.LeftAt
			if before.DeviceType == after.DeviceType || before.SdkVersion == after.SdkVersion || before.ClientIP == after.ClientIP || gap < 1 || gap > 5 {
				t.Errorf("%+v: sessions %+v", tr, sessions[tr.CommID+tr.UserID])
			}
		}
	}
	if planted != 0 || lost != 0 {
		t.Errorf("%d network changes and %d losses of the connection that are not planted", planted, lost)
	}
}

// around returns the sessions before and after an absence that begins at an instant.
func around(sessions []UserSession, at int64) (before, after UserSession) {
	for _, s := range sessions {
		switch {
		case s.LeftAt <= at && s.LeftAt > before.LeftAt && s.JoinedAt < s.LeftAt:
			before = s
		case s.LeftAt > at && (after.JoinedAt == 0 || s.JoinedAt < after.JoinedAt):
			after = s
		}
	}
	return before, after
}

// TestTroublesOverTheAPI walks calls of every kind in both dialects: the responses are the
// truth, with the trouble.
func TestTroublesOverTheAPI(t *testing.T) {
	s := newClient(t, Options{Seed: 19, Calls: 20, Apps: twoApps, Mix: MixOneToOne, Retention: 48 * time.Hour, Troubles: true}).s
	kinds := map[TroubleKind]bool{}
	for _, tr := range s.Troubles(fixed) {
		kinds[tr.Kind] = true
	}
	if len(kinds) != len(TroubleKinds()) {
		t.Errorf("kinds %v", kinds)
	}
	for _, d := range []dialect{legacy, current} {
		truth := s.Truth(fixed).Since(fixed)
		if d == legacy {
			truth = truth.Legacy()
		}
		checkWalk(t, archive(t, s, d, fixed.Unix()), truth)
	}
}

// TestTroubleWhileCallsRun opens calls before all have joined.
func TestTroubleWhileCallsRun(t *testing.T) {
	for _, mix := range []Mix{MixAll, MixMeetings, MixWebinars, MixUnanswered} {
		o := Options{Seed: 20, Calls: 20, Mix: mix, Long: 1, Troubles: true}
		if mix == MixUnanswered {
			o.Long = 0
		}
		s := newClient(t, o).s
		for i := range s.calls[DefaultApp] {
			c := &s.calls[DefaultApp][i]
			for at := c.start; at <= min(c.end, c.start+5*minute); at += 7 {
				v := s.open(c, at)
				v.experiences()
				v.streams(v.everyone(), allMetrics(current, c), func(st stream) bool {
					values := v.series(st)
					values.at(at)
					return true
				})
				for n := range v.users {
					v.events(n)
				}
			}
		}
		if mix == MixUnanswered && len(s.Troubles(fixed)) != 0 {
			t.Error("trouble in calls of one")
		}
	}
}

// TestTroublesOverHTTP reads the troubles over HTTP, like programs in other languages.
func TestTroublesOverHTTP(t *testing.T) {
	for _, planted := range []bool{true, false} {
		s := newClient(t, Options{Calls: 30, Troubles: planted}).s
		server := httptest.NewServer(s)
		var all []struct {
			CommID string `json:"comm_id"`
			Kind   string `json:"kind"`
			From   time.Time
		}
		getJSON(t, server.URL+"/troubles", &all)
		server.Close()
		want := s.Troubles(fixed)
		if len(all) != len(want) || planted != (len(want) > 0) {
			t.Fatalf("%d troubles over HTTP, want %d", len(all), len(want))
		}
		for i := range want {
			if all[i].CommID != want[i].CommID || all[i].Kind != want[i].Kind.String() || !all[i].From.Equal(want[i].From) {
				t.Errorf("%+v over HTTP, want %+v", all[i], want[i])
			}
		}
	}
}
