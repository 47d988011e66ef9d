package extract_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/quota"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
)

// TestEventsOfSome checks the law of events that are not asked for, whatever the vendor's
// faults, however often the setting changes, and whatever the vendor answers to questions
// about the events of all users of a call:
//
//   - The events of a user are archived exactly or not at all. Everything else is archived
//     exactly.
//   - A call with the setting troubled has the events of the users who had trouble, and no
//     others. With off it has none, unless an earlier pass asked for more.
//   - Nothing that was not asked for is missing or lost, and the ledger says what was asked.
//   - After one good pass with all everything equals the truth.
//
// CALLVAULT_SEED repeats a seed.
func TestEventsOfSome(t *testing.T) { eventsLaws(t, 3) }

// TestLongEventsOfSome is TestEventsOfSome with more seeds.
func TestLongEventsOfSome(t *testing.T) { eventsLaws(t, 11) }

func eventsLaws(t *testing.T, n uint64) {
	first := seedOf(t)
	for i := range n {
		t.Run(strconv.FormatUint(first+i, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newEventsLaw(t, first+i).hold() })
		})
	}
}

// eventsLaw is one seed: passes with one setting after the other.
type eventsLaw struct {
	*law
	of ledger.EventsOf // of the pass
}

func newEventsLaw(t *testing.T, seed uint64) *eventsLaw {
	w := &world{number: seed, dialect: trtcDialect(seed), keeps: 48 * time.Hour, ahead: 4 * time.Hour}
	everybody := []simulator.Everybody{simulator.EverybodyWhole, simulator.EverybodyRefused, simulator.EverybodySome, simulator.EverybodyWhole, simulator.EverybodyMiddle,
		simulator.EverybodyFew, simulator.EverybodySwapped, simulator.EverybodyNull, simulator.EverybodyFewUsers, simulator.EverybodyOne, simulator.EverybodyNameless}
	w.options = simulator.Options{Seed: seed, Calls: 6, Everybody: everybody[seed%uint64(len(everybody))], Mix: simulator.MixAll, Latency: 20 * time.Millisecond, Retention: w.keeps}
	l := &law{T: t, world: w, chance: rand.New(rand.NewPCG(seed, 9)), vault: newVault()}
	l.vendor = l.begin(t)
	l.want = l.truths(l.vendor.sim)
	return &eventsLaw{law: l}
}

// hold makes passes with settings drawn at random, over a faulty vendor and over a healthy
// one, and ends with one that asks for all.
func (l *eventsLaw) hold() {
	settings := []ledger.EventsOf{ledger.EventsOfNobody, ledger.EventsOfTroubled, ledger.EventsOfTroubled, ledger.EventsOfAll}
	for range 3 {
		l.of = settings[l.chance.IntN(len(settings))]
		if l.chance.IntN(2) == 0 {
			l.pass(simulator.Faults{Seed: l.chance.Uint64(), Error: 0.2, Cut: 0.05, Null: 0.1})
		}
		l.pass(simulator.Faults{})
		l.check()
	}
	l.of = ledger.EventsOfAll
	l.checkHealthy(l.pass(simulator.Faults{}))
}

func (l *eventsLaw) pass(f simulator.Faults) extract.Report {
	if err := l.vendor.sim.SetFaults(f); err != nil {
		l.Fatal(err)
	}
	w := l.vault.writer(rand.New(rand.NewPCG(l.chance.Uint64(), 1)))
	p := &extract.Pass{
		Asker:  ask.NewAsker(l.vendor.client, l.dialect, quota.New(quota.Options{}), ask.DefaultAttempts()),
		Ledger: w, Archive: w, App: l.app(), Now: l.vendor.clock.now, Progress: extract.NoProgress{},
		Retention: l.keeps + 20*time.Second, Settle: settle, EventsOf: l.of,
	}
	report, err := p.Run(l.Context())
	if err == nil && l.chance.IntN(4) > 0 { // otherwise everything that waited in the writer is lost
		err = w.Close()
	} else if err == nil {
		report = l.pass(f)
	}
	if err != nil {
		l.Fatal(err)
	}
	return report
}

// check compares the archive after a healthy pass.
func (l *eventsLaw) check() {
	l.Helper()
	have := l.vault.contents()
	for u, want := range l.want {
		got := have[u]
		if u.Kind != call.UnitCall {
			if got != want {
				l.Errorf("%s: %s %s: %s", l.of, u.Kind, u.Key, tell(l.difference(u)))
			}
			continue
		}
		e := l.vault.ledger[u]
		if lacks(e) || e.State == ledger.Lost || l.over(u) && e.State != ledger.Archived {
			l.Errorf("%s: %+v", l.of, e)
		}
		if got[events], want[events] = (content{}), (content{}); got != want {
			l.Errorf("%s: call %s: %s", l.of, u.Key, tell(l.difference(u)))
		}
		l.checkEvents(u, e)
	}
}

// checkEvents compares the events of a call, user by user.
func (l *eventsLaw) checkEvents(u call.Unit, e ledger.Entry) {
	l.Helper()
	missing, surplus, users := map[string]int{}, 0, map[string]bool{}
	for row, n := range l.difference(u) {
		if r, ok := row.(simulator.UserEvent); ok {
			missing[r.UserID] += max(n, 0)
			surplus += max(-n, 0)
		}
	}
	archived := map[string]bool{}
	for _, p := range l.vault.rowsOf(u) {
		for _, x := range p.rows.Events {
			archived[x.UserID] = true
		}
	}
	l.eachRow(l.vendor.sim, func(of call.Unit, relation int, row any) {
		if r, ok := row.(simulator.UserEvent); ok && of == u {
			users[r.UserID] = true
		}
	})
	if surplus > 0 {
		l.Errorf("%s: call %s has %d events that are not true", l.of, u.Key, surplus)
	}
	troubled, err := l.vault.writer(l.chance).Troubled(l.Context(), u.App, []call.Room{*l.vault.roomOf(u)})
	if err != nil {
		l.Fatal(err)
	}
	must := map[string]bool{}
	for _, user := range troubled[u.Key] {
		must[user] = true
	}
	for user := range users {
		switch {
		case archived[user] && missing[user] > 0:
			l.Errorf("%s: call %s has a part of the events of %s", l.of, u.Key, user)
		case e.EventsOf == ledger.EventsOfAll && missing[user] > 0 && e.State == ledger.Archived:
			l.Errorf("%s: call %s lacks events of %s: %+v", l.of, u.Key, user, e)
		case e.EventsOf == ledger.EventsOfTroubled && must[user] != archived[user]:
			l.Errorf("%s: call %s: %s had trouble: %v; events: %v", l.of, u.Key, user, must[user], archived[user])
		case e.EventsOf == ledger.EventsOfNobody && archived[user] && e.State == ledger.Archived:
			l.Errorf("%s: call %s has events of %s that were not asked for: %+v", l.of, u.Key, user, e)
		}
	}
	if l.of == ledger.EventsOfAll && l.over(u) && e.EventsOf != ledger.EventsOfAll {
		l.Errorf("all: %+v", e)
	}
}

// trtcDialect draws a dialect.
func trtcDialect(seed uint64) trtc.Dialect {
	if seed%3 == 0 {
		return trtc.Legacy()
	}
	return trtc.Current()
}
