package analyst

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/upkeep"
	"github.com/callvault/callvault/test/embeddedtest"
)

// handmade is a call in which everything is good, except for what a test changes.
type handmade struct {
	listeners, talkers, cameras int // users who only receive; users who send sound; those of them who also send picture
	minutes                     int
	running                     bool
	// value changes a sample. If peer is empty, the user sends it; -1: there is no sample.
	// A minute has 5 samples of each metric; n is the number of the sample.
	value func(user, peer, metric string, minute, n int, well float64) float64
}

var handmadeStart = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// Metrics of a good stream.
var (
	wellSent     = map[string]float64{"aBit": 40_000, "aLoss": 0, "bigvBit": 800_000, "bigvLoss": 0, "bigvCapFps": 24, "bigvEncFps": 24, "rtt": 40, "sysCpu": 30}
	wellReceived = map[string]float64{"aBit": 40_000, "aLoss": 0, "aBlock": 0, "bigvBit": 800_000, "bigvLoss": 0, "bigvBlock": 0, "bigvDecFps": 24, "bigvRecFps": 24}
)

const none = -1

// users returns talker0, talker1 …, the first of them with cameras, and listener0 ….
func (h *handmade) users() (all []string) {
	for i := range h.talkers {
		all = append(all, fmt.Sprint("talker", i))
	}
	for i := range h.listeners {
		all = append(all, fmt.Sprint("listener", i))
	}
	return all
}

// sends reports whether a user sends sound, and picture.
func (h *handmade) sends(i int) (sound, picture bool) { return i < h.talkers, i < h.cameras }

func (h *handmade) samples() *call.Samples {
	x := &call.Samples{}
	users := h.users()
	series := func(user, peer string, well map[string]float64, sound, picture bool) {
		for _, metric := range sorted(well) {
			if metric[0] == 'a' && !sound || strings.HasPrefix(metric, "bigv") && !picture {
				continue
			}
			for i := range h.minutes * 5 {
				v := well[metric]
				if h.value != nil {
					v = h.value(user, peer, metric, i/5, i%5, v)
				}
				if v != none {
					x.Append(call.Series{UserID: user, PeerID: peer, Metric: metric}, uint32(handmadeStart.Unix())+uint32(i/5*60+i%5*2), v)
				}
			}
		}
	}
	for i, user := range users {
		sound, picture := h.sends(i)
		series(user, "", wellSent, sound, picture)
		for j, peer := range users {
			if sound, picture := h.sends(j); i != j && sound {
				series(user, peer, wellReceived, sound, picture)
			}
		}
	}
	return x
}

func sorted(m map[string]float64) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// write archives the call.
func (h *handmade) write(t *testing.T, w *load.Writer, id string) {
	t.Helper()
	unit := call.Unit{App: 1400353843, Kind: call.UnitCall, Key: id}
	end := handmadeStart.Add(time.Duration(h.minutes) * time.Minute)
	room := &call.Room{App: unit.App, CommID: id, RoomID: id, CreatedAt: handmadeStart}
	state := ledger.Provisional
	if !h.running {
		room.Finished, room.DestroyedAt, state = true, end, ledger.Archived
	}
	var stays []call.Session
	for _, user := range h.users() {
		stays = append(stays, call.Session{UserID: user, RoomID: id, JoinedAt: handmadeStart, LeftAt: room.DestroyedAt, Finished: room.Finished})
	}
	for _, part := range []struct {
		kind call.PartKind
		rows call.Rows
	}{
		{call.PartRoom, call.Rows{Room: room}},
		{call.PartUsers, call.Rows{Sessions: stays}},
		{call.PartSeries, call.Rows{Samples: h.samples()}},
	} {
		part.rows.RoomID, part.rows.CreatedAt = id, handmadeStart
		p := call.Part{Kind: part.kind, RoomID: id, Settled: room.Finished, Asked: end, Deadline: end, Window: call.Window{Start: handmadeStart, End: end}, Owned: []call.Owned{{To: call.Forever}}}
		if err := w.Add(t.Context(), unit, p, part.rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(t.Context(), ledger.Entry{Unit: unit, State: state, StartsAt: handmadeStart, HeldUntil: room.DestroyedAt}); err != nil {
		t.Fatal(err)
	}
}

// TestHandmadeCalls checks calls whose quality is known by construction.
func TestHandmadeCalls(t *testing.T) {
	t.Parallel()
	s := open(t, embeddedtest.Database(t))
	type asks map[string]string // of a SELECT from a relation, WHERE comm_id is the call's and more: its values
	const perUser = "concat(user_id, ' ', grade) FROM call_users WHERE "
	for id, x := range map[string]struct {
		handmade
		asks
	}{
		"nine good, one ruined": {handmade{talkers: 10, minutes: 12, value: func(user, _, metric string, _, _ int, well float64) float64 {
			if user == "talker3" && metric == "rtt" {
				return 900
			}
			return well
		}}, asks{
			"concat(grade, ' ', worst_user_id, ' ', worst_user_grade, ' ', toString(bad_users), ' ', cause, ' ', cause_user_id) FROM calls WHERE ": "serious talker3 serious 1 latency talker3",
			"grade FROM call_users WHERE user_id != 'talker3' AND ":                                                                                "good good good good good good good good good",
			"fault FROM peer_quality WHERE fault != '' AND ":                                                                                       "",
		}},
		"one poor of fifty": {handmade{talkers: 3, listeners: 47, minutes: 20, value: func(user, _, metric string, minute, _ int, well float64) float64 {
			if user == "listener20" && metric == "rtt" && minute < 3 {
				return 300
			}
			return well
		}}, asks{
			"concat(grade, ' ', worst_user_id, ' ', worst_user_grade) FROM calls WHERE ": "fair listener20 poor",
		}},
		"camera off": {handmade{talkers: 2, cameras: 1, minutes: 12, value: func(_, _, metric string, _, _ int, well float64) float64 {
			if strings.HasPrefix(metric, "bigv") {
				return 0
			}
			return well
		}}, asks{perUser: "talker0 good talker1 good"}},
		"camera off, lossy picture": {handmade{talkers: 2, cameras: 1, minutes: 12, value: func(_, _, metric string, _, _ int, well float64) float64 {
			switch {
			case metric == "bigvLoss": // of what?
				return 100
			case strings.HasPrefix(metric, "bigv"):
				return 0
			}
			return well
		}}, asks{perUser: "talker0 good talker1 good"}},
		"camera and microphone off": {handmade{talkers: 2, cameras: 2, minutes: 12, value: func(_, _, metric string, _, _ int, well float64) float64 {
			if metric == "rtt" || metric == "sysCpu" {
				return 1000
			}
			return 0
		}}, asks{
			perUser:                   "talker0 unknown talker1 unknown",
			"grade FROM calls WHERE ": "unknown",
			"user_id FROM call_users WHERE (score IS NOT NULL OR judged_minutes > 0 OR diagnosis != '') AND ": "",
		}},
		"bot": {handmade{talkers: 3, minutes: 12, value: func(user, _, _ string, _, _ int, well float64) float64 {
			if user == "talker2" {
				return none
			}
			return well
		}}, asks{
			perUser: "talker0 good talker1 good talker2 unknown",
			"concat(grade, ' ', toString(users)) FROM calls WHERE ":              "good 3",
			"concat(user_id, ' ', peer_id, ' ', grade) FROM peer_quality WHERE ": "talker0 talker1 good talker0 talker2 good talker1 talker0 good talker1 talker2 good",
		}},
		"one camera": {handmade{talkers: 6, cameras: 1, minutes: 12, value: func(_, _, metric string, _, _ int, well float64) float64 {
			if strings.HasSuffix(metric, "Fps") {
				return 6
			}
			return well
		}}, asks{
			perUser: "talker0 serious talker1 serious talker2 serious talker3 serious talker4 serious talker5 serious",
			"concat(cause, ' ', cause_user_id) FROM call_users WHERE user_id != 'talker0' AND ":      strings.TrimSpace(strings.Repeat("peer_camera talker0 ", 5)),
			"concat(cause, ' ', worst_metric) FROM call_users WHERE user_id = 'talker0' AND ":        "camera video_fps_up",
			"DISTINCT concat(peer_id, ' ', fault) FROM peer_quality WHERE grade != 'good' AND ":      "talker0 sender",
			"toString(count()) FROM peer_quality WHERE grade = 'good' AND peer_id != 'talker0' AND ": "25",
		}},
		"six bad minutes of an hour": {handmade{talkers: 2, minutes: 60, value: func(user, _, metric string, minute, _ int, well float64) float64 {
			if user == "talker0" && metric == "aBlock" && minute%10 == 0 {
				return 400
			}
			return well
		}}, asks{
			"concat(user_id, ' ', grade, ' ', toString(judged_minutes), ' ', toString(bad_minutes), ' ', toString(bad_run_minutes)) FROM call_users WHERE ": "talker0 poor 60 6 1 talker1 good 60 0 0",
			"diagnosis FROM call_users WHERE user_id = 'talker0' AND ":                                                                                      "10:00–10:50 UTC, 6 bad minutes: at worst sound from talker1 broke up for 20 % of the time; no measurement explains it",
			"grade FROM calls WHERE ": "poor",
		}},
		"a quarter of the senders at 7 frames": {handmade{talkers: 8, cameras: 8, minutes: 12, value: func(user, peer, metric string, _, _ int, well float64) float64 {
			of := peer
			if peer == "" {
				of = user
			}
			if strings.HasSuffix(metric, "Fps") && (of == "talker0" || of == "talker1") {
				return 7
			}
			return well
		}}, asks{
			"DISTINCT concat(peer_id, ' ', fault, ' ', cause) FROM peer_quality WHERE bad_minutes > 0 AND ": "talker0 sender peer_camera talker1 sender peer_camera",
			"toString(count()) FROM peer_quality WHERE bad_minutes = 12 AND ":                               "14",
			"toString(count()) FROM peer_quality WHERE grade = 'good' AND fault = '' AND ":                  "42",
		}},
		"processor and round trip only": {handmade{talkers: 2, minutes: 12, value: func(user, peer, metric string, _, _ int, well float64) float64 {
			switch {
			case user == "talker1" && (metric == "rtt" || metric == "sysCpu"):
				return 1000
			case user == "talker1":
				return none
			}
			return well
		}}, asks{perUser: "talker0 good talker1 unknown"}},
		"running": {handmade{talkers: 2, minutes: 12, running: true, value: func(user, peer, metric string, minute, _ int, well float64) float64 {
			if (user == "talker0" || peer == "talker0") && metric == "aLoss" && minute >= 9 {
				return 20
			}
			return well
		}}, asks{
			perUser: "talker0 serious talker1 serious",
			"concat(cause, ' ', toString(presence_seconds)) FROM call_users WHERE user_id = 'talker1' AND ": "peer_uplink 668", // up to the last sample
			"concat(grade, ' ', toString(is_finished), ' ', toString(presence_seconds)) FROM calls WHERE ":  "serious false 1336",
		}},
		"4 samples": {handmade{talkers: 2, minutes: 12, value: func(_, _, metric string, minute, n int, well float64) float64 {
			switch {
			case minute == 5 && n == 4:
				return none
			case minute == 5 && strings.HasSuffix(metric, "Loss"):
				return 90
			}
			return well
		}}, asks{
			"concat(grade, ' ', toString(judged_minutes)) FROM call_users WHERE ": "good 11 good 11",
			"user_id FROM call_minutes WHERE minute = '2026-05-04 10:05:00' AND ": "",
		}},
		"4 samples with frames": {handmade{talkers: 2, cameras: 1, minutes: 12, value: func(_, _, metric string, minute, n int, well float64) float64 {
			if minute == 5 && strings.HasSuffix(metric, "Fps") {
				if n == 0 {
					return 0
				}
				return 2
			}
			return well
		}}, asks{perUser: "talker0 good talker1 good"}}, // the camera goes off and on again
		"not rendered": {handmade{talkers: 2, cameras: 1, minutes: 12, value: func(_, _, metric string, _, _ int, well float64) float64 {
			if metric == "bigvDecFps" {
				return 0
			}
			return well
		}}, asks{
			"concat(fault, ' ', cause, ' ', worst_metric) FROM peer_quality WHERE bad_minutes = 12 AND ": "receiver device video_fps_down",
		}},
		"not rendered, of a bot": {handmade{talkers: 2, cameras: 1, minutes: 12, value: func(user, _, metric string, _, _ int, well float64) float64 {
			switch {
			case user == "talker0":
				return none
			case metric == "bigvDecFps":
				return 0
			}
			return well
		}}, asks{
			"concat(fault, ' ', cause, ' ', worst_metric) FROM peer_quality WHERE bad_minutes = 12 AND ": "receiver device video_fps_down",
		}},
		"far away and stalling": {handmade{talkers: 3, minutes: 12, value: func(user, peer, metric string, _, _ int, well float64) float64 {
			switch {
			case user == "talker0" && metric == "rtt":
				return 700
			case peer == "talker0" && metric == "aBlock":
				return 400
			}
			return well
		}}, asks{
			"concat(user_id, ' ', cause, ' ', cause_user_id) FROM call_users WHERE ": "talker0 latency talker0 talker1 peer_latency talker0 talker2 peer_latency talker0",
		}},
		"busy peer": {handmade{talkers: 3, minutes: 12, value: func(user, peer, metric string, _, _ int, well float64) float64 {
			switch {
			case user == "talker0" && metric == "sysCpu":
				return 90
			case peer == "talker0" && metric == "aBlock":
				return 400
			}
			return well
		}}, asks{
			"diagnosis FROM call_users WHERE user_id = 'talker1' AND ": "10:00–10:11 UTC, 12 bad minutes: at worst sound from talker0 broke up for 20 % of the time; the device of talker0 did not keep up, its processor at 90 %, others received it no better",
			"concat(user_id, ' ', cause) FROM call_users WHERE ":       "talker0 device talker1 peer_encoder talker2 peer_encoder",
		}},
		"as often unknown as known": {handmade{talkers: 2, minutes: 12, value: func(user, _, metric string, minute, _ int, well float64) float64 {
			if user == "talker0" && (metric == "aBlock" && minute < 3 || metric == "rtt" && minute >= 9) {
				return 500
			}
			return well
		}}, asks{
			"concat(cause, ' ', toString(cause_minutes), ' ', toString(bad_minutes)) FROM call_users WHERE user_id = 'talker0' AND ": "latency 3 6",
		}},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			w := load.NewWriter(s, "handmade", load.WriterOptions{})
			x.write(t, w, id)
			if err := w.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			for q, want := range x.asks {
				if got := strings.Join(column(t, s, "SELECT "+q+"comm_id = '"+id+"' ORDER BY 1"), " "); got != want {
					t.Errorf("%s\ngot  %s\nwant %s", q, got, want)
				}
			}
		})
	}
}

// TestAtTheLimit has minutes with round trips of some ms each, and checks their grades. Some
// limits have exact reciprocals and some do not, and two or all of them may be equal.
func TestAtTheLimit(t *testing.T) {
	t.Parallel()
	s := open(t, embeddedtest.Database(t))
	const most = 160
	w := load.NewWriter(s, "handmade", load.WriterOptions{})
	h := handmade{talkers: 2, minutes: most, value: func(_, _, metric string, minute, _ int, well float64) float64 {
		if metric == "rtt" {
			return float64(minute)
		}
		return well
	}}
	h.write(t, w, "call")
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, limits := range [][3]int{{40, 80, 120}, {2, 51, 100}, {1, 50, 99}, {3, 110, 159}, {50, 50, 99}, {50, 99, 99}, {50, 50, 51}, {50, 50, 50}} {
		good, poor, serious := limits[0], limits[1], limits[2]
		// loss is good in all minutes, so a minute whose rtt is not judged is good
		err := s.Conn().Exec(t.Context(), "INSERT INTO quality_thresholds (measure, good, poor, serious, changed_at) SELECT 'rtt', ?, ?, ?, now64(3) + ?", good, poor, serious, i)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := upkeep.Judge(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		var want []string
		for ms := range most {
			grade := "good"
			switch {
			case good == serious:
			case ms > poor && ms >= serious:
				grade = "serious"
			case ms > poor:
				grade = "poor"
			case ms > good:
				grade = "fair"
			}
			want = append(want, grade)
		}
		got := column(t, s, "SELECT grade FROM call_minutes WHERE user_id = 'talker0' ORDER BY minute")
		if !slices.Equal(got, want) {
			for ms := range min(len(got), len(want)) {
				if got[ms] != want[ms] {
					t.Errorf("limits %v: %d ms are %s, want %s", limits, ms, got[ms], want[ms])
				}
			}
			t.Errorf("limits %v: %d minutes, want %d", limits, len(got), len(want))
		}
	}
}

// TestQuantilesAreOfWhatWasSeen has values that a histogram rounds beyond the range of the
// samples: 33 up to 34, 32.9 down to 32.
func TestQuantilesAreOfWhatWasSeen(t *testing.T) {
	t.Parallel()
	s := open(t, embeddedtest.Database(t))
	w := load.NewWriter(s, "handmade", load.WriterOptions{})
	h := handmade{talkers: 2, minutes: 2, value: func(_, peer, metric string, _, _ int, well float64) float64 {
		switch {
		case metric == "rtt" || metric == "aBit" && peer != "":
			return 33
		case metric == "sysCpu":
			return 32.9
		}
		return well
	}}
	h.write(t, w, "call")
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string]string{
		"SELECT DISTINCT toString((rtt_p50, rtt_p95, sys_cpu_p50, sys_cpu_p95, audio_bitrate_down_p50, audio_bitrate_down_p95)) FROM call_users":   "(33,33,32.9,32.9,33,33)",
		"SELECT DISTINCT toString((audio_bitrate_down_p50, audio_bitrate_down_p95)) FROM peer_quality":                                             "(33,33)",
		"SELECT DISTINCT toString((metric, p50, p95)) FROM call_metrics WHERE metric IN ('rtt', 'sysCpu') ORDER BY 1":                              "('rtt',33,33) ('sysCpu',32.9,32.9)",
		"SELECT DISTINCT toString((rtt_p95, sys_cpu_p95, audio_bitrate_down_p95, video_bitrate_down_p95)) FROM quality_days WHERE rtt_samples > 0": "(33,32.9,33,NULL)",
	} {
		if got := strings.Join(column(t, s, q), " "); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", q, got, want)
		}
	}
}
