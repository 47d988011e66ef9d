package analyst

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
)

// least is the least share of planted troubles that must be found, and of findings that must
// be planted.
const least = 0.95

// TestLongTroubles looks for each kind of planted trouble in the archive of a fleet: in
// minutes, users, grades, pairs and causes.
func TestLongTroubles(t *testing.T) {
	t.Parallel()
	for _, mix := range []simulator.Mix{simulator.MixOneToOne, simulator.MixAll} {
		t.Run(string(mix), func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			sim := simulate(t, simulator.Options{Seed: seed, Calls: 400, Mix: mix, Troubles: true, Retention: 14 * 24 * time.Hour})
			s := open(t, embeddedtest.Database(t))
			if _, err := fillAll(t.Context(), s, math.MaxInt64, sim); err != nil {
				t.Fatal(err)
			}
			p := plantedIn(sim)
			p.compare(t, foundIn(t, s, p))
		})
	}
}

// levels lists the levels of findings, in the order of the table.
var levels = []string{"minutes", "users", "grades", "pairs", "causes"}

// facets holds sets of facts, one text each, by level.
type facets map[string]map[string]bool

func (f facets) add(level string, parts ...any) {
	if f[level] == nil {
		f[level] = map[string]bool{}
	}
	f[level][join(parts...)] = true
}

// plants holds what is planted in the calls of a fleet, by kind.
type plants struct {
	calls map[string]simulator.TroubleKind // by CommId; all other calls are calm
	kinds map[simulator.TroubleKind]facets
	count map[simulator.TroubleKind]int
}

func (p *plants) of(kind simulator.TroubleKind) facets {
	if p.kinds[kind] == nil {
		p.kinds[kind] = facets{}
	}
	return p.kinds[kind]
}

// calm stands for the calls in which nothing could be planted.
const calm = simulator.TroubleKind(0)

// plantedIn returns what an analyst should find in each call.
func plantedIn(sim *simulator.Simulator) *plants {
	p := &plants{map[string]simulator.TroubleKind{}, map[simulator.TroubleKind]facets{}, map[simulator.TroubleKind]int{}}
	troubles := map[string]*simulator.Trouble{}
	for _, tr := range sim.Troubles(at) {
		troubles[tr.CommID] = &tr
		p.calls[tr.CommID] = tr.Kind
		p.count[tr.Kind]++
	}
	var c plantedCall
	end := func() {
		if tr := troubles[c.id]; tr != nil {
			c.tell(tr, p.of(tr.Kind))
		}
	}
	for r := range sim.Truth(at).QualitySamples() {
		if r.CommID != c.id {
			end()
			c = plantedCall{id: r.CommID, of: map[pieceKey]*seriesMinute{}}
		}
		k := pieceKey{r.UserID, r.PeerID, r.Metric, r.TS - r.TS%60}
		if c.of[k] == nil {
			c.of[k] = &seriesMinute{}
		}
		c.of[k].n++
		c.of[k].sum += r.Value
	}
	end()
	return p
}

// seriesMinute holds the samples of a series in a minute.
type seriesMinute struct {
	n   int
	sum float64
}

type pieceKey struct {
	user, peer, metric string
	minute             int64
}

type plantedCall struct {
	id string
	of map[pieceKey]*seriesMinute
}

// suffers reports whether a kind of trouble makes a series bad.
func suffers(tr *simulator.Trouble, k pieceKey) bool {
	sent, heard := k.user == tr.UserID && k.peer == "", k.user == tr.UserID && k.peer != ""
	received := k.peer == tr.UserID && slices.Contains(tr.Receivers, k.user)
	loss, stall := strings.HasSuffix(k.metric, "Loss"), strings.HasSuffix(k.metric, "Block")
	switch tr.Kind {
	case simulator.WeakCamera, simulator.WeakEncoder:
		return sent && k.metric == "bigvEncFps" || received && k.metric == "bigvDecFps"
	case simulator.LossyUplink, simulator.OverMidnight:
		return sent && loss || received && stall
	case simulator.LossyDownlink, simulator.Reconnect:
		return heard && (loss || stall)
	case simulator.SlowDevice:
		return sent && k.metric == "sysCpu" || (heard || received) && k.metric == "bigvDecFps"
	case simulator.NetworkChange:
		return sent && (loss || k.metric == "rtt") || heard && (loss || stall) || received && stall
	case simulator.FarAway:
		return sent && k.metric == "rtt"
	case simulator.Unexplained:
		return received && stall
	}
	return false
}

// grave reports whether an average is beyond the limit of serious.
func grave(metric string, average float64) bool {
	switch metric {
	case "aLoss", "bigvLoss":
		return average >= 10
	case "aBlock", "bigvBlock":
		return average >= 200 // ms of 2,000
	case "bigvEncFps", "bigvDecFps":
		return average <= 5
	case "rtt":
		return average >= 400
	case "sysCpu":
		return average >= 95
	}
	return false
}

// userMinute names a minute of a user.
type userMinute struct {
	user   string
	minute int64
}

// tell adds the expected findings of a call.
func (c *plantedCall) tell(tr *simulator.Trouble, f facets) {
	judged, peers := c.judged()
	bad := map[userMinute]bool{}
	serious := map[userMinute]bool{}
	pairs := map[string]bool{}
	for k, x := range c.of {
		m := userMinute{k.user, k.minute}
		if x.n <= tooFew || !judged[m] || k.minute < tr.From.Unix() || k.minute > tr.To.Unix() || !suffers(tr, k) {
			continue
		}
		if k.peer != "" {
			pairs[join(k.user, k.peer)] = true
			if k.peer == tr.UserID && len(peers[received{m, figureOf(k.metric)}]) > 10 { // less than a tenth of what is received
				continue
			}
		}
		bad[m] = true
	}
	for k, x := range c.of {
		if m := (userMinute{k.user, k.minute}); x.n > tooFew && bad[m] && grave(k.metric, x.sum/float64(x.n)) && !(k.peer != "" && len(peers[received{m, figureOf(k.metric)}]) > 10 && k.peer == tr.UserID) {
			serious[m] = true
		}
	}
	suffering := map[string]bool{}
	for m := range bad {
		f.add("minutes", c.id, m.user, m.minute)
		suffering[m.user] = true
	}
	for user := range suffering {
		f.add("users", c.id, user)
		f.add("grades", c.id, user, gradeOfPlanted(user, judged, bad, serious))
		cause, whose := plantedCause(tr, user)
		f.add("causes", c.id, user, cause, whose)
	}
	for pair := range pairs {
		receiver, _, _ := strings.Cut(pair, "\t")
		cause := plantedPair(tr, receiver)
		f.add("pairs", c.id, pair, faultOf(cause), cause)
	}
}

// received names a figure of what a user receives in a minute.
type received struct {
	userMinute
	figure string
}

// figureOf returns the figure that a metric of what is received belongs to: loss and stall are
// of sound and picture together.
func figureOf(metric string) string {
	for _, figure := range []string{"Loss", "Block", "DecFps"} {
		if strings.HasSuffix(metric, figure) {
			return figure
		}
	}
	return ""
}

// judged returns the minutes of users that can be judged, and the peers of whom they have each
// figure in these minutes.
func (c *plantedCall) judged() (judged map[userMinute]bool, peers map[received]map[string]bool) {
	judged, peers = map[userMinute]bool{}, map[received]map[string]bool{}
	for k, x := range c.of {
		r := received{userMinute{k.user, k.minute}, figureOf(k.metric)}
		frames := r.figure == "DecFps"
		if x.n <= tooFew || r.figure == "" || frames && x.sum == 0 || !frames && !c.flows(k) {
			continue
		}
		if !frames {
			judged[r.userMinute] = true
		}
		if k.peer != "" {
			if peers[r] == nil {
				peers[r] = map[string]bool{}
			}
			peers[r][k.peer] = true
		}
	}
	return judged, peers
}

// flows reports whether the medium of a series of loss or stall has a bitrate.
func (c *plantedCall) flows(k pieceKey) bool {
	k.metric = strings.TrimSuffix(strings.TrimSuffix(k.metric, "Loss"), "Block") + "Bit"
	return c.of[k] != nil && c.of[k].sum > 0
}

// gradeOfPlanted returns the grade of a user by shares and runs.
func gradeOfPlanted(user string, judged, bad, serious map[userMinute]bool) string {
	var minutes []int64
	for m := range judged {
		if m.user == user {
			minutes = append(minutes, m.minute)
		}
	}
	slices.Sort(minutes)
	n, grave, run, longest := 0, 0, 0, 0
	for _, minute := range minutes {
		m := userMinute{user, minute}
		if run++; !bad[m] {
			run = 0
			continue
		}
		n, longest = n+1, max(longest, run)
		if serious[m] {
			grave++
		}
	}
	switch {
	case 2*n >= len(minutes) || 4*grave >= len(minutes):
		return "serious"
	case 10*n >= len(minutes) || longest >= 3:
		return "poor"
	}
	return "fair"
}

// plantedCause returns the cause that a user's row should name, and the user on whose side
// it is. A change of the user's own network may have several names: see ownNetwork.
func plantedCause(tr *simulator.Trouble, user string) (cause, whose string) {
	own := user == tr.UserID
	switch tr.Kind {
	case simulator.WeakCamera:
		cause = "camera"
	case simulator.WeakEncoder:
		cause = "encoder"
	case simulator.LossyUplink, simulator.OverMidnight:
		cause = "uplink"
	case simulator.LossyDownlink, simulator.Reconnect:
		return "downlink", user
	case simulator.SlowDevice:
		if cause = "encoder"; own {
			cause = "device"
		}
	case simulator.NetworkChange:
		if cause = "uplink"; own {
			cause = ownNetwork
		}
	case simulator.FarAway:
		return "latency", user
	case simulator.Unexplained:
		return "unknown", ""
	}
	if !own {
		cause = "peer_" + cause
	}
	return cause, tr.UserID
}

// ownNetwork stands for uplink, downlink and latency of the user whose network changes.
const ownNetwork = "own network"

// plantedPair returns the cause of a receiver's trouble.
func plantedPair(tr *simulator.Trouble, receiver string) string {
	if tr.Kind == simulator.NetworkChange && receiver == tr.UserID {
		return "downlink"
	}
	cause, _ := plantedCause(tr, receiver)
	return cause
}

// foundIn returns the findings of an archive, by kind of call.
func foundIn(t *testing.T, s *store.Store, p *plants) map[simulator.TroubleKind]facets {
	t.Helper()
	found := map[simulator.TroubleKind]facets{}
	for _, q := range []struct{ level, sql string }{
		{"minutes", "SELECT [comm_id, user_id, toString(toUnixTimestamp(minute))] FROM call_minutes WHERE is_bad"},
		{"users", "SELECT [comm_id, user_id] FROM call_users WHERE grade NOT IN ('good', 'unknown')"},
		{"grades", "SELECT [comm_id, user_id, grade] FROM call_users WHERE grade NOT IN ('good', 'unknown')"},
		{"pairs", "SELECT [comm_id, user_id, peer_id, fault, cause] FROM peer_quality WHERE bad_minutes > 0"},
		{"causes", "SELECT [comm_id, user_id, cause, cause_user_id] FROM call_users WHERE bad_minutes > 0"},
	} {
		var v []string
		archivetest.Each(t, s.Conn(), q.sql, nil, func() {
			kind := p.calls[v[0]]
			if q.level == "causes" && kind == simulator.NetworkChange && slices.Contains([]string{"uplink", "downlink", "latency"}, v[2]) {
				v[2] = ownNetwork
			}
			if found[kind] == nil {
				found[kind] = facets{}
			}
			found[kind].add(q.level, strings.Join(v, "\t"))
		}, &v)
	}
	return found
}

// compare prints a table of what is planted and what is found. It fails the test if too much
// of either is missing from the other.
func (p *plants) compare(t *testing.T, found map[simulator.TroubleKind]facets) {
	t.Helper()
	var table strings.Builder
	for _, kind := range append([]simulator.TroubleKind{calm}, simulator.TroubleKinds()...) {
		if kind != calm && p.count[kind] == 0 {
			t.Errorf("%s: no call has it", kind)
		}
		harmless := slices.Contains([]simulator.TroubleKind{calm, simulator.CameraOff, simulator.SecondDevice, simulator.Healthy}, kind)
		for _, level := range levels {
			want, got := p.of(kind)[level], found[kind][level]
			if empty := harmless || kind == simulator.FarAway && level == "pairs"; empty != (len(want) == 0) {
				t.Errorf("%s: %d %s are planted", kind, len(want), level)
			}
			right := 0
			for fact := range got {
				if want[fact] {
					right++
				}
			}
			precision, recall := shareOf(right, len(got)), shareOf(right, len(want))
			fmt.Fprintf(&table, "%-15s %4d calls  %-8s %5d planted %5d found %5d right  precision %.3f  recall %.3f\n", kind, p.count[kind], level, len(want), len(got), right, precision, recall)
			if precision < least || recall < least {
				t.Errorf("%s: %s: precision %.3f, recall %.3f\nplanted, not found: %q\nfound, not planted: %q", kind, level, precision, recall, aFew(want, got), aFew(got, want))
			}
		}
	}
	t.Logf("what is planted, and what is found:\n%s", table.String())
}

func shareOf(n, all int) float64 {
	if all == 0 {
		return 1
	}
	return float64(n) / float64(all)
}

// aFew returns up to three elements of a set that are not in another.
func aFew(of, without map[string]bool) []string {
	all := slices.DeleteFunc(slices.Sorted(maps.Keys(of)), func(x string) bool { return without[x] })
	return all[:min(3, len(all))]
}
