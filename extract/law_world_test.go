package extract_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
)

// worldShare is the number of seeds that share a world. Each world is measured once.
const worldShare = 4

// world is an account at an instant. Calls that run at New may have ended by then.
type world struct {
	number  uint64
	options simulator.Options
	ahead   time.Duration
	dialect trtc.Dialect
	keeps   time.Duration
	at      time.Time

	healthy int // requests of a pass over the healthy vendor
	content map[call.Unit]sums
	spans   map[string][2]int64 // of calls
}

func (w *world) String() string {
	return fmt.Sprintf("world %d: %d calls, %s, %s", w.number, w.options.Calls, w.options.Mix, w.dialect.Name)
}

var lastWorld *world

// worldOf draws a world, and compares a healthy pass over it with the truth.
func worldOf(t *testing.T, number uint64) *world {
	t.Helper()
	if lastWorld != nil && lastWorld.number == number {
		return lastWorld
	}
	chance := rand.New(rand.NewPCG(number, 3))
	w := &world{number: number, dialect: trtc.Current(), keeps: 48 * time.Hour, ahead: 4 * time.Hour}
	w.options = simulator.Options{Seed: chance.Uint64(), Calls: 8 + chance.IntN(3), Mix: simulator.MixAll, Straddle: true, Latency: 20 * time.Millisecond}
	switch chance.IntN(24) {
	case 0:
		w.options.Calls = 11 + chance.IntN(5) // one lasts a day
	case 1:
		w.options.Mix, w.options.Calls = simulator.MixWebinars, 1
	case 2:
		w.options.Mix, w.options.Calls = simulator.MixMeetings, 1
	case 3, 4:
		w.options.Mix, w.options.Calls, w.keeps = simulator.MixUnanswered, 230, 26*time.Hour
	}
	if chance.IntN(3) == 0 {
		w.dialect = trtc.Legacy()
	}
	if chance.IntN(3) == 0 {
		w.ahead = 0
	}
	w.options.Retention = w.keeps
	w.measure(t)
	lastWorld = w
	return w
}

// begin makes the world, at its instant.
func (w *world) begin(t *testing.T) *vendor {
	t.Helper()
	begins := time.Date(2026, 3, 1, int(w.number%24), 17, 0, 0, time.UTC)
	w.at = begins.Add(w.ahead)
	clock := &clock{}
	clock.hold(begins)
	if now := time.Now(); now.Before(begins) {
		time.Sleep(begins.Sub(now)) // a synctest bubble begins in the year 2000
	}
	v := newVendorAt(t, w.options, clock)
	v.clock.hold(w.at)
	return v
}

// measure makes a pass over the healthy vendor.
func (w *world) measure(t *testing.T) {
	t.Helper()
	l := &law{T: t, world: w, chance: rand.New(rand.NewPCG(w.number, 4)), vault: newVault()}
	l.vendor = l.begin(t)
	l.want = l.truths(l.vendor.sim)
	var report extract.Report
	var err error
	if report, w.healthy, err = l.passUnder(t.Context(), simulator.Faults{}); err != nil {
		t.Fatal(err)
	}
	if l.checkHealthy(report); t.Failed() {
		t.Fatalf("%s: all this without anything odd", w)
	}
}

// truth returns the content that an archive must have if it is made at the world's instant.
func (w *world) truth(s *simulator.Simulator) *simulator.Truth {
	t := s.Truth(w.at).Asked(w.at)
	if w.dialect.Name == "legacy" {
		t = t.Legacy()
	}
	return t
}

// truths returns the content of each unit.
func (w *world) truths(s *simulator.Simulator) map[call.Unit]sums {
	if w.content != nil {
		return w.content
	}
	w.content = map[call.Unit]sums{}
	add := func(u call.Unit, relation int, c content) {
		x := w.content[u]
		x[relation].add(c)
		w.content[u] = x
	}
	w.eachRow(s, func(u call.Unit, relation int, row any) { add(u, relation, contentOf(row)) })
	app := call.AppID(s.Apps()[0])
	ofCalls := map[string]content{}
	var h hasher
	for r := range w.truth(s).QualitySamples() {
		c := ofCalls[r.CommID]
		c.add(h.sample(r))
		ofCalls[r.CommID] = c
	}
	for id, c := range ofCalls {
		add(call.Unit{App: app, Kind: call.UnitCall, Key: id}, samples, c)
	}
	return w.content
}

// eachRow yields all rows of the truth except samples.
func (w *world) eachRow(s *simulator.Simulator, tell func(u call.Unit, relation int, row any)) {
	app, truth := call.AppID(s.Apps()[0]), w.truth(s)
	for r := range truth.Rooms() {
		tell(call.Unit{App: app, Kind: call.UnitCall, Key: r.CommID}, rooms, r)
	}
	for r := range truth.UserSessions() {
		tell(call.Unit{App: app, Kind: call.UnitCall, Key: r.CommID}, sessions, r)
	}
	for r := range truth.UserEvents() {
		tell(call.Unit{App: app, Kind: call.UnitCall, Key: r.CommID}, events, r)
	}
	for r := range truth.UnusualEvents() {
		tell(call.Unit{App: app, Kind: call.UnitUnusual, Key: rfc3339(time.Unix(r.TS, 0).Truncate(time.Hour))}, unusual, r)
	}
	for r := range truth.DailyScale() {
		tell(call.Unit{App: app, Kind: call.UnitScale, Key: rfc3339(time.Unix(r.DayStart, 0))}, days, r)
	}
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func contentOf(row any) content {
	switch r := row.(type) {
	case simulator.Room:
		return one(r)
	case simulator.UserSession:
		return one(r)
	case simulator.UserEvent:
		return one(r)
	case simulator.UnusualEvent:
		return one(r)
	case simulator.DayScale:
		return one(r)
	}
	panic(fmt.Sprintf("%T is no row", row))
}
