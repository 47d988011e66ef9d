package analyst

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
)

// The code below is docs/quality.md once more, sample by sample: slow, plain, and without
// code of package quality.

// limitsOf holds the limits good, poor and serious of each measure.
type limitsOf map[string][3]float64

var asShipped = limitsOf{"loss": {2, 5, 10}, "stall": {1, 5, 10}, "fps": {15, 10, 5}, "rtt": {100, 200, 400}, "cpu": {60, 85, 95}}

var measures = []string{"loss", "stall", "fps", "rtt", "cpu"} // if several are equally bad, the first one counts

// beyond returns how far a value is beyond the limits of its measure: up to 0 is good, up to
// 1 fair, beyond that bad, from 2 on serious. It returns false if the measure is not judged.
func (l limitsOf) beyond(measure string, v float32) (float64, bool) {
	good, poor, serious := l[measure][0], l[measure][1], l[measure][2]
	if v != v || good == poor && poor == serious {
		return 0, false
	}
	worse := 1.0
	if serious < good {
		worse = -1
	}
	switch x := float64(v); {
	case (x-poor)*worse > 0:
		return 1 + (x-poor)/(serious-poor), true // infinite where poor is serious
	case good == poor:
		return min(0, (x-poor)*worse), true
	default:
		return min(1, (x-good)/(poor-good)), true
	}
}

// sampled holds the samples of one stream in one minute: metric, second, value.
type sampled map[string]map[int64]float64

const tooFew = 4 // with so few samples a figure does not count

var missing = float32(math.NaN())

func has(v float32) bool { return v == v }

// average returns the average of the samples that count, or of all if count is nil.
func (s sampled) average(metric string, count func(at int64, v float64) bool) float32 {
	n, sum := 0, 0.0
	for at, v := range s[metric] {
		if count == nil || count(at, v) {
			n++
			sum += math.Round(v * 1000) // whole numbers: in any order the same
		}
	}
	if n <= tooFew {
		return missing
	}
	return float32(sum / 1000 / float64(n))
}

func (s sampled) withFrames(metric string) float32 {
	return s.average(metric, func(_ int64, v float64) bool { return v > 0 })
}

func (s sampled) ever(metric string) bool {
	for _, v := range s[metric] {
		if v > 0 {
			return true
		}
	}
	return false
}

// flows reports whether a medium flows according to any of some metrics. known reports
// whether one of them has samples.
func (s sampled) flows(metrics ...string) (flows, known bool) {
	for _, m := range metrics {
		flows, known = flows || s.ever(m), known || len(s[m]) > 0
	}
	return flows, known
}

// sending is what a user sent in a minute. Measures that are not judged are missing.
type sending struct {
	silent, dark                bool // the medium is known not to flow
	shown                       bool // picture is known to flow
	audioLoss, videoLoss        float32
	rtt, cpu, encoded, captured float32
}

func (s sampled) sending() sending {
	x := sending{rtt: s.average("rtt", nil), cpu: s.average("sysCpu", nil), audioLoss: missing, videoLoss: missing, encoded: missing, captured: missing}
	flows, known := s.flows("aBit")
	x.silent = known && !flows
	for _, m := range []string{"bigvEncFps", "bigvBit", "bigvCapFps"} {
		if flows, known := s.flows(m); known {
			x.shown, x.dark = flows, !flows
			break
		}
	}
	if !x.silent {
		x.audioLoss = s.average("aLoss", nil)
	}
	if !x.dark {
		x.videoLoss, x.encoded, x.captured = s.average("bigvLoss", nil), s.withFrames("bigvEncFps"), s.withFrames("bigvCapFps")
	}
	return x
}

func (s sending) loss() float32 { return greater(s.audioLoss, s.videoLoss) }

// receiving is what a user received from a peer in a minute.
type receiving struct {
	audioLoss, videoLoss, audioStall, videoStall, fps, delivered float32
}

func (r receiving) loss() float32  { return greater(r.audioLoss, r.videoLoss) }
func (r receiving) stall() float32 { return greater(r.audioStall, r.videoStall) }
func (r receiving) judged() bool   { return has(r.loss()) || has(r.stall()) || has(r.fps) }

func greater(x, y float32) float32 {
	if has(x) && has(y) {
		return max(x, y)
	}
	if has(x) {
		return x
	}
	return y
}

func (s sampled) receiving(from sending) receiving {
	r := receiving{missing, missing, missing, missing, missing, missing}
	stall := func(metric string) float32 {
		if v := s.average(metric, nil); has(v) {
			sum := 0.0
			for _, ms := range s[metric] {
				sum += math.Round(ms * 1000)
			}
			return float32(100 * (sum / 1000) / float64(2000*len(s[metric])))
		}
		return missing
	}
	if flows, known := s.flows("aBit", "aBlock"); !from.silent && (flows || !known) {
		r.audioLoss, r.audioStall = s.average("aLoss", nil), stall("aBlock")
	}
	flows, known := s.flows("bigvDecFps", "bigvRecFps", "bigvBit", "bigvBlock")
	if from.dark || known && !flows {
		return r
	}
	r.videoLoss, r.videoStall, r.delivered = s.average("bigvLoss", nil), stall("bigvBlock"), s.withFrames("bigvRecFps")
	r.fps = s.average("bigvDecFps", func(at int64, v float64) bool { return v > 0 || s["bigvRecFps"][at] > 0 })
	if !s.ever("bigvDecFps") && flows && from.shown { // the picture arrives and is not rendered at all
		r.fps = s.average("bigvDecFps", nil)
	}
	return r
}

// wayOf names the direction of a stream: sent (peer "") or received.
type wayOf struct{ user, peer string }

// reason is a figure of a minute, and where it comes from.
type reason struct {
	value               float32
	metric, cause, peer string
}

// judgedMinute holds the figures of a minute by measure.
type judgedMinute struct {
	at  int64
	has map[string]reason
}

// judgedCall is a call that is judged.
type judgedCall struct {
	limits   limitsOf
	room     simulator.Room
	sessions map[string]int // of each user
	samples  map[wayOf]map[int64]sampled
	heard    map[wayOf]map[int64]receiving
	sendings map[string]map[int64]sending
}

func (c *judgedCall) sent(user string, at int64) sending {
	if c.sendings[user] == nil {
		c.sendings[user] = map[int64]sending{}
	}
	x, known := c.sendings[user][at]
	if !known {
		x = c.samples[wayOf{user: user}][at].sending()
		c.sendings[user][at] = x
	}
	return x
}

// hear computes from the samples what each user received.
func (c *judgedCall) hear() {
	c.heard = map[wayOf]map[int64]receiving{}
	for way, minutes := range c.samples {
		if way.peer == "" {
			continue
		}
		c.heard[way] = map[int64]receiving{}
		for at, s := range minutes {
			if r := s.receiving(c.sent(way.peer, at)); r.judged() {
				c.heard[way][at] = r
			}
		}
	}
}

// others returns the average of a figure over all other receivers of the peer. It is missing
// without other receivers. Figures count in thousandths.
func (c *judgedCall) others(way wayOf, at int64, of func(receiving) float32) float32 {
	n, sum := 0, 0.0
	for other, minutes := range c.heard {
		if r, ok := minutes[at]; ok && other.peer == way.peer && other.user != way.user && has(of(r)) {
			n++
			sum += math.Round(float64(of(r)) * 1000)
		}
	}
	if n == 0 {
		return missing
	}
	return float32(sum / 1000 / float64(n))
}

// pairMinute judges a minute of a pair.
func (c *judgedCall) pairMinute(way wayOf, at int64, r receiving) judgedMinute {
	m := judgedMinute{at, map[string]reason{}}
	from, me := c.sent(way.peer, at), c.sent(way.user, at)
	if loss := r.loss(); has(loss) {
		x := reason{value: loss, metric: "audio_loss_down", peer: way.peer}
		gone := from.audioLoss
		if !has(r.audioLoss) || r.videoLoss > r.audioLoss {
			x.metric, gone = "video_loss_down", from.videoLoss
		}
		if !has(gone) {
			gone = from.loss()
		}
		alone, alike := compared(loss, c.others(way, at, receiving.loss))
		switch {
		case loss < 2:
		case gone >= 2 && (alike || alone && gone >= loss/2):
			x.cause = "peer_uplink"
		case !has(gone) && alike:
			x.cause = "peer"
		default:
			x.cause = "downlink"
		}
		m.has["loss"] = x
	}
	slow := me.cpu >= 85 || r.fps <= r.delivered*2/3
	if stall := r.stall(); has(stall) {
		x := reason{value: stall, metric: "audio_stall", peer: way.peer}
		if !has(r.audioStall) || r.videoStall > r.audioStall {
			x.metric = "video_stall"
		}
		if stall >= 2 {
			alone, alike := compared(stall, c.others(way, at, receiving.stall))
			x.cause = standing(from, me, r.loss(), slow, x.metric == "video_stall", alone, alike)
		}
		m.has["stall"] = x
	}
	if has(r.fps) {
		x := reason{value: r.fps, metric: "video_fps_down", peer: way.peer}
		wanting := 15 - r.fps
		alone, alike := compared(wanting, 15-c.others(way, at, func(r receiving) float32 { return r.fps }))
		switch {
		case wanting <= 0:
		case 15-from.encoded >= wanting/2:
			x.cause = "peer_" + sourceOf(from)
		case me.cpu >= 85 && r.delivered-r.fps >= wanting/2:
			x.cause = "device"
		default:
			x.cause = standing(from, me, r.loss(), slow, true, alone, alike)
		}
		m.has["fps"] = x
	}
	return m
}

// compared reports whether there are no others, and whether they are alike.
func compared(mine, others float32) (alone, alike bool) {
	return !has(others), others >= mine/2
}

// sourceOf returns the first place at which there were few frames.
func sourceOf(s sending) string {
	if 15-s.captured >= (15-s.encoded)/2 {
		return "camera"
	}
	return "encoder"
}

// standing returns the cause of a stall, or of frames that were not rendered, not sent, or
// delivered and dropped.
func standing(from, me sending, lost float32, slow, video, alone, alike bool) string {
	gone := from.loss()
	switch {
	case gone >= 2 && (alike || alone && !(lost >= 2 && lost > 2*gone)):
		return "peer_uplink"
	case lost >= 2 && !has(gone) && alike:
		return "peer"
	case lost >= 2:
		return "downlink"
	case from.rtt >= 400 && (alone || alike):
		return "peer_latency"
	case me.rtt >= 400:
		return "latency"
	case slow:
		return "device"
	case video && from.encoded < 10:
		return "peer_" + sourceOf(from)
	case alike && from.cpu >= 85:
		return "peer_encoder"
	case alike:
		return "peer"
	}
	return "unknown"
}

// pairs judges all pairs.
func (c *judgedCall) pairs() map[wayOf][]judgedMinute {
	all := map[wayOf][]judgedMinute{}
	for way, minutes := range c.heard {
		all[way] = nil
		for _, at := range slices.Sorted(maps.Keys(minutes)) {
			all[way] = append(all[way], c.pairMinute(way, at, minutes[at]))
		}
	}
	return all
}

// user judges the minutes of a user, given those of all pairs.
func (c *judgedCall) user(user string, pairs map[wayOf][]judgedMinute) []judgedMinute {
	received := map[int64][]judgedMinute{}
	for _, way := range slices.SortedFunc(maps.Keys(pairs), func(x, y wayOf) int { return cmp.Compare(x.peer, y.peer) }) {
		for _, m := range pairs[way] {
			if way.user == user {
				received[m.at] = append(received[m.at], m)
			}
		}
	}
	times := map[int64]bool{}
	for at := range received {
		times[at] = true
	}
	for at := range c.samples[wayOf{user: user}] {
		times[at] = true
	}
	var all []judgedMinute
	for _, at := range slices.Sorted(maps.Keys(times)) {
		m := judgedMinute{at, map[string]reason{}}
		for _, measure := range []string{"loss", "stall", "fps"} {
			if x, ok := tenthOf(received[at], measure); ok {
				m.has[measure] = x
			}
		}
		c.ownMinute(user, &m)
		if len(m.has) > 0 {
			s := c.sent(user, at)
			if has(s.rtt) {
				x := reason{value: s.rtt, metric: "rtt"}
				if s.rtt >= 150 {
					x.cause = "latency"
				}
				m.has["rtt"] = x
			}
			if has(s.cpu) {
				x := reason{value: s.cpu, metric: "sys_cpu"}
				if s.cpu >= 75 {
					x.cause = "device"
				}
				m.has["cpu"] = x
			}
			all = append(all, m)
		}
	}
	return all
}

// tenthOf returns the figure that a tenth of the users reach: of eleven the second.
func tenthOf(all []judgedMinute, measure string) (reason, bool) {
	var have []reason
	for _, m := range all {
		if x, ok := m.has[measure]; ok {
			have = append(have, x)
		}
	}
	if len(have) == 0 {
		return reason{}, false
	}
	slices.SortStableFunc(have, func(x, y reason) int {
		if measure == "fps" {
			return cmp.Compare(x.value, y.value)
		}
		return cmp.Compare(y.value, x.value)
	})
	n := 1
	for n*10 < len(have) {
		n++
	}
	return have[n-1], true
}

// ownMinute takes the measure of what the user sends if it is no better than what is received.
func (c *judgedCall) ownMinute(user string, m *judgedMinute) {
	s := c.sent(user, m.at)
	if loss := s.loss(); has(loss) {
		x := reason{value: loss, metric: "audio_loss_up"}
		if !has(s.audioLoss) || s.videoLoss > s.audioLoss {
			x.metric = "video_loss_up"
		}
		if loss >= 2 {
			x.cause = "uplink"
		}
		if old, ok := m.has["loss"]; !ok || loss >= old.value {
			m.has["loss"] = x
		}
	}
	if has(s.encoded) {
		x := reason{value: s.encoded, metric: "video_fps_up"}
		switch {
		case s.encoded >= 15:
		case s.cpu >= 85:
			x.cause = "device"
		default:
			x.cause = sourceOf(s)
		}
		if old, ok := m.has["fps"]; !ok || s.encoded <= old.value {
			m.has["fps"] = x
		}
	}
}

// worst returns the worst measure of a minute, or false if none is judged.
func (l limitsOf) worst(m judgedMinute) (x reason, beyond float64, judged bool) {
	for _, measure := range measures {
		if r, ok := m.has[measure]; ok {
			if e, ok := l.beyond(measure, r.value); ok && (!judged || e > beyond) {
				x, beyond, judged = r, e, true
			}
		}
	}
	return x, beyond, judged
}

var grades = []string{"unknown", "good", "fair", "poor", "serious"}

func gradeOf(beyond float64) int {
	switch {
	case beyond >= 2:
		return 4
	case beyond > 1:
		return 3
	case beyond > 0:
		return 2
	}
	return 1
}

// verdict sums up minutes.
type verdict struct {
	rank                       int // among grades
	score                      float64
	judged, bad, run           int
	worst                      string // unix second, or NULL
	metric, cause, causePeer   string
	causeMinutes               int
	diagnosis                  string // its beginning
	serious, notGood, lastsFor int
}

var causesInOrder = []string{"camera", "encoder", "uplink", "downlink", "latency", "device", "peer_camera", "peer_encoder", "peer_uplink", "peer_latency", "peer", "unknown"}

func (l limitsOf) verdict(minutes []judgedMinute) verdict {
	v := verdict{score: math.NaN(), worst: "NULL"}
	sum, most := 0.0, 0.0
	caused := map[string][]judgedMinute{}
	for _, m := range minutes {
		x, e, judged := l.worst(m)
		if !judged {
			continue
		}
		v.judged++
		sum += 100 - 50*min(2, max(0, e))
		if e > most {
			most, v.worst, v.metric = e, fmt.Sprint(m.at), x.metric
		}
		v.lastsFor++
		if gradeOf(e) < 3 {
			v.lastsFor = 0
		}
		v.run = max(v.run, v.lastsFor)
		switch gradeOf(e) {
		case 4:
			v.serious++
			fallthrough
		case 3:
			v.bad++
			if x.cause != "" {
				caused[x.cause] = append(caused[x.cause], m)
			}
			fallthrough
		case 2:
			v.notGood++
		}
	}
	if v.judged == 0 {
		return v
	}
	v.score = sum / float64(v.judged)
	switch {
	case 2*v.bad >= v.judged || 4*v.serious >= v.judged:
		v.rank = 4
	case 10*v.bad >= v.judged || v.run >= 3:
		v.rank = 3
	case v.bad > 0 || 10*v.notGood >= v.judged:
		v.rank = 2
	default:
		v.rank = 1
	}
	for _, cause := range causesInOrder {
		if len(caused[cause]) > v.causeMinutes {
			v.cause, v.causeMinutes = cause, len(caused[cause])
		}
	}
	if v.cause != "" {
		l.diagnose(&v, caused[v.cause])
	}
	return v
}

// diagnose says who causes the worst of some minutes, and when they are.
func (l limitsOf) diagnose(v *verdict, minutes []judgedMinute) {
	most := 0.0
	for _, m := range minutes {
		if x, e, _ := l.worst(m); e > most {
			most, v.causePeer = e, x.peer
		}
	}
	clock := func(at int64) string { return time.Unix(at, 0).UTC().Format("15:04") }
	v.diagnosis = clock(minutes[0].at) + " UTC, 1 bad minute: "
	if n := len(minutes); n > 1 {
		v.diagnosis = fmt.Sprintf("%s–%s UTC, %d bad minutes: at worst ", clock(minutes[0].at), clock(minutes[n-1].at), n)
	}
}

// whose returns the user on whose side the cause is.
func whose(cause, user, peer string) string {
	switch {
	case cause == "" || cause == "unknown":
		return ""
	case strings.HasPrefix(cause, "peer"):
		return peer
	}
	return user
}

func faultOf(cause string) string {
	switch {
	case cause == "":
		return ""
	case cause == "unknown":
		return "nobody"
	case strings.HasPrefix(cause, "peer"):
		return "sender"
	}
	return "receiver"
}

// judgedRow is a row of a relation: texts that must be equal, numbers that must be close
// (NaN for NULL), and the beginning of the diagnosis.
type judgedRow struct {
	texts     string
	scores    []float64
	diagnosis string
}

// judgements are the rows of the relations, by key.
type judgements struct{ calls, users, minutes, pairs map[string]judgedRow }

// judge judges all calls of a truth.
func judge(truth *simulator.Truth, limits limitsOf) *judgements {
	j := &judgements{map[string]judgedRow{}, map[string]judgedRow{}, map[string]judgedRow{}, map[string]judgedRow{}}
	sessions := map[string]map[string]int{}
	for s := range truth.UserSessions() {
		k := join(s.SdkAppID, s.CommID)
		if sessions[k] == nil {
			sessions[k] = map[string]int{}
		}
		sessions[k][s.UserID]++
	}
	all := map[string]map[wayOf]map[int64]sampled{}
	for r := range truth.QualitySamples() {
		k, way, at := join(r.SdkAppID, r.CommID), wayOf{r.UserID, r.PeerID}, r.TS-r.TS%60
		if all[k] == nil {
			all[k] = map[wayOf]map[int64]sampled{}
		}
		if all[k][way] == nil {
			all[k][way] = map[int64]sampled{}
		}
		if all[k][way][at] == nil {
			all[k][way][at] = sampled{}
		}
		if all[k][way][at][r.Metric] == nil {
			all[k][way][at][r.Metric] = map[int64]float64{}
		}
		all[k][way][at][r.Metric][r.TS] = r.Value
	}
	for r := range truth.Rooms() {
		k := join(r.SdkAppID, r.CommID)
		c := &judgedCall{limits: limits, room: r, sessions: sessions[k], samples: all[k], sendings: map[string]map[int64]sending{}}
		c.hear()
		j.add(k, c)
	}
	return j
}

func (j *judgements) add(key string, c *judgedCall) {
	pairs := c.pairs()
	users := maps.Clone(c.sessions)
	for way := range c.samples {
		if users == nil {
			users = map[string]int{}
		}
		users[way.user] += 0
	}
	for way, minutes := range pairs {
		v := c.limits.verdict(minutes)
		j.pairs[join(key, way.user, way.peer)] = judgedRow{join(grades[v.rank], v.judged, v.bad, v.run, v.worst, v.metric, faultOf(v.cause), v.cause, v.causeMinutes), []float64{v.score}, v.diagnosis}
	}
	var worst verdict
	worstUser, badUsers, judgedMinutes, badMinutes, sum := "", 0, 0, 0, 0.0
	ranks := map[int]int{}
	for _, user := range slices.Sorted(maps.Keys(users)) {
		minutes := c.user(user, pairs)
		v := c.limits.verdict(minutes)
		j.addMinutes(join(key, user), user, c.limits, minutes)
		if c.sessions[user] > 0 {
			j.users[join(key, user)] = judgedRow{join(grades[v.rank], v.judged, v.bad, v.run, v.worst, v.metric, v.cause, v.causeMinutes, whose(v.cause, user, v.causePeer)), []float64{v.score}, v.diagnosis}
		}
		if v.rank == 0 {
			continue
		}
		ranks[v.rank]++
		ranks[0]++
		sum += v.score
		judgedMinutes, badMinutes = judgedMinutes+v.judged, badMinutes+v.bad
		if v.rank >= 3 {
			badUsers++
		}
		if worstUser == "" || v.rank > worst.rank || v.rank == worst.rank && v.score < worst.score {
			worst, worstUser = v, user
		}
	}
	grade := worst.rank
	if grade > 1 && 10*ranks[grade] < ranks[0] {
		grade--
	}
	score := worst.score
	if worstUser == "" {
		worst, score = verdict{worst: "NULL"}, math.NaN()
	}
	j.calls[key] = judgedRow{join(grades[grade], judgedMinutes, badMinutes, badUsers, worstUser, grades[worst.rank], worst.worst, worst.metric, worst.cause, worst.causeMinutes, whose(worst.cause, worstUser, worst.causePeer)),
		[]float64{sum / float64(ranks[0]), score}, worst.diagnosis}
}

func (j *judgements) addMinutes(key, user string, limits limitsOf, minutes []judgedMinute) {
	for _, m := range minutes {
		x, e, judged := limits.worst(m)
		row := []any{"unknown", false, "", "NULL", "", "", ""}
		if judged {
			row[0], row[1] = grades[gradeOf(e)], e > 1
		}
		if judged && e > 0 {
			peer := x.peer
			if x.cause == "" {
				peer = ""
			}
			row = append(row[:2], x.metric, x.value, x.cause, whose(x.cause, user, x.peer), peer)
		}
		for _, measure := range measures {
			if x, ok := m.has[measure]; ok {
				row = append(row, x.value)
			} else {
				row = append(row, "NULL")
			}
		}
		j.minutes[join(key, m.at)] = judgedRow{texts: join(row...)}
	}
}

const judgedWorst = `ifNull(toString(toUnixTimestamp(worst_minute)), 'NULL'), worst_metric`

// judgedSQL selects the fields of judgedRows: key, texts, scores, diagnosis.
var judgedSQL = map[string]string{
	"calls": `SELECT [toString(sdk_app_id), toString(comm_id)], [grade, toString(judged_minutes), toString(bad_minutes), toString(bad_users), worst_user_id, worst_user_grade, ` + judgedWorst + `,
		cause, toString(cause_minutes), cause_user_id], [ifNull(quality_score, nan), ifNull(worst_user_score, nan)], diagnosis FROM calls`,
	"call_users": `SELECT [toString(sdk_app_id), comm_id, user_id], [grade, toString(judged_minutes), toString(bad_minutes), toString(bad_run_minutes), ` + judgedWorst + `,
		cause, toString(cause_minutes), cause_user_id], [ifNull(score, nan)], diagnosis FROM call_users`,
	"peer_quality": `SELECT [toString(sdk_app_id), comm_id, user_id, peer_id], [grade, toString(judged_minutes), toString(bad_minutes), toString(bad_run_minutes), ` + judgedWorst + `,
		fault, cause, toString(cause_minutes)], [ifNull(score, nan)], diagnosis FROM peer_quality`,
	"call_minutes": `SELECT [toString(sdk_app_id), comm_id, user_id, toString(toUnixTimestamp(minute))], [grade, toString(is_bad), metric, ifNull(toString(value), 'NULL'), cause, cause_user_id, peer_id,
		ifNull(toString(loss), 'NULL'), ifNull(toString(stall), 'NULL'), ifNull(toString(fps), 'NULL'), ifNull(toString(rtt), 'NULL'), ifNull(toString(sys_cpu), 'NULL')], emptyArrayFloat64(), '' FROM call_minutes`,
}

// compare compares all four relations that judge with the truth.
func (j *judgements) compare(t *testing.T, s *store.Store) {
	t.Helper()
	for name, want := range map[string]map[string]judgedRow{"calls": j.calls, "call_users": j.users, "call_minutes": j.minutes, "peer_quality": j.pairs} {
		compareRows(t, name, judgedRows(t, s, name), want)
	}
}

func judgedRows(t *testing.T, s *store.Store, relation string) map[string]judgedRow {
	t.Helper()
	all := map[string]judgedRow{}
	var key, texts []string
	var r judgedRow
	archivetest.Each(t, s.Conn(), judgedSQL[relation], nil, func() {
		r.texts = strings.Join(texts, "\t")
		k := strings.Join(key, "\t")
		if _, twice := all[k]; twice {
			t.Errorf("%s: %q twice", relation, k)
		}
		all[k] = r
	}, &key, &texts, &r.scores, &r.diagnosis)
	return all
}

func compareRows(t *testing.T, relation string, got, want map[string]judgedRow) {
	t.Helper()
	wrong := 0
	for k, w := range want {
		g, ok := got[k]
		begins := strings.HasPrefix(g.diagnosis, w.diagnosis) && (w.diagnosis == "") == (g.diagnosis == "")
		if !ok || g.texts != w.texts || !begins || !slices.EqualFunc(g.scores, w.scores, near) {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: %q:\ngot  %+v\nwant %+v", relation, k, g, w)
			}
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: %q is too much", relation, k)
			}
		}
	}
	if wrong > 0 || len(want) == 0 {
		t.Errorf("%s: %d of %d rows are wrong", relation, wrong, len(want))
	}
}
