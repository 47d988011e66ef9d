package extract_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/quota"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
)

// TestLaw checks the law of odd answers for passes over odd vendors:
//
//   - Data that the oddity does not touch is archived exactly.
//   - Data that it touches is right, or it is named: in the entry of its unit or in the
//     report of the pass.
//   - No row is made up, damaged or repeated. A row without an attribute belongs to a unit
//     that is named.
//   - After the oddity one more pass makes everything equal to the truth.
//
// Each seed is a small world and one oddity. CALLVAULT_LAW=n tries n seeds, CALLVAULT_SEED
// repeats one.
func TestLaw(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("CALLVAULT_LAW"))
	if n == 0 {
		if n = 24; os.Getenv("CALLVAULT_SEED") != "" {
			n = 1
		}
	}
	first := seedOf(t)
	for i := range uint64(n) {
		t.Run(strconv.FormatUint(first+i, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newLaw(t, first+i).hold() })
		})
	}
}

// law is one seed.
type law struct {
	*testing.T
	*world
	chance *rand.Rand
	vendor *vendor
	vault  *vault
	odd    oddity
	want   map[call.Unit]sums

	touched simulator.Touched
}

func newLaw(t *testing.T, seed uint64) *law {
	l := &law{T: t, world: worldOf(t, seed/worldShare), chance: rand.New(rand.NewPCG(seed, 2)), vault: newVault()}
	l.vendor = l.begin(t)
	l.want = l.truths(l.vendor.sim)
	l.odd = l.drawOddity()
	return l
}

// hold makes a pass over the odd vendor and one over the healthy one, and checks the law
// after each.
func (l *law) hold() {
	began := time.Now()
	most := 20*l.healthy + l.odd.requests
	ctx, cancel := context.WithCancelCause(l.Context())
	defer cancel(nil)
	l.vendor.stopAfter(most, func() { cancel(errors.New("too many requests")) })
	if l.odd.passes > 0 {
		time.AfterFunc(l.odd.passes, func() {
			if err := l.vendor.sim.SetFaults(simulator.Faults{}); err != nil {
				l.Error(err)
			}
		})
	}
	report, requests, err := l.passUnder(ctx, l.odd.faults)
	took := time.Since(began)
	l.Logf("%s; %s: %d requests of %d, %s, %d failures", l.world, l.odd, requests, l.healthy, took.Round(time.Second), report.FailureCount)
	if err != nil {
		l.Fatalf("the pass has ended early: %v", err)
	}
	l.checkOdd(report)
	if most := 30*time.Minute + l.odd.time; took > most {
		l.Errorf("the pass took %s, want at most %s", took, most)
	}
	report, _, err = l.passUnder(l.Context(), simulator.Faults{})
	if err != nil {
		l.Fatal(err)
	}
	l.checkHealthy(report)
	if l.Failed() {
		l.tellMutations()
	}
}

// passUnder makes a pass over a vendor with these faults.
func (l *law) passUnder(ctx context.Context, f simulator.Faults) (extract.Report, int, error) {
	if err := l.vendor.sim.SetFaults(f); err != nil {
		l.Fatal(err)
	}
	before := asked(l.vendor)
	w := l.vault.writer(rand.New(rand.NewPCG(l.chance.Uint64(), 1)))
	p := &extract.Pass{
		Asker:  ask.NewAsker(l.vendor.client, l.dialect, quota.New(quota.Options{}), ask.DefaultAttempts()),
		Ledger: w, Archive: w, App: l.app(), Now: l.vendor.clock.now, Progress: extract.NoProgress{},
		Retention: l.keeps + 20*time.Second, // the distance of a pass from the retention's edge
		Settle:    settle,
	}
	report, err := p.Run(ctx)
	if err == nil {
		err = w.Close()
	}
	return report, asked(l.vendor) - before, err
}

func (l *law) app() call.AppID { return call.AppID(l.vendor.sim.Apps()[0]) }

func asked(v *vendor) (total int) {
	for _, k := range v.sim.Stats().Requests {
		total += int(k)
	}
	return total
}

// tellMutations logs what the simulator has changed, if the test has failed.
func (l *law) tellMutations() {
	const most = 60
	all := slices.DeleteFunc(append(l.vendor.sim.Mutations(), l.vendor.sim.Odd()...), func(m simulator.Mutation) bool { return m.Harmless })
	for _, m := range all[:min(most, len(all))] {
		l.Logf("%s %s %s: %s → %s (%s, %d-%d, %s)", m.Action, m.Kind, m.Path, m.Old, m.New, m.CommID, m.From, m.To, strings.Join(m.UserIDs, " "))
	}
}
