package extract_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
)

// TestLongStuckCalls checks calls that cannot be read in two passes: only a few of them are
// asked for again, they cost no other data, and one pass archives all of them as soon as
// the vendor answers as before.
func TestLongStuckCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			dialect: trtc.Current(), keeps: 14 * 24 * time.Hour,
			options: simulator.Options{Seed: 3, Calls: 120, Mix: simulator.MixOneToOne, Retention: 14 * 24 * time.Hour, Latency: time.Millisecond},
		}
		l := &law{T: t, world: w, chance: rand.New(rand.NewPCG(1, 4)), vault: newVault()}
		l.vendor = l.begin(t)
		l.want = l.truths(l.vendor.sim)
		var requests []int
		for pass := range 4 {
			r, n, err := l.passUnder(t.Context(), simulator.Faults{DateTimes: 1})
			if err != nil {
				t.Fatal(err)
			}
			requests = append(requests, n)
			if r.Incomplete < 100 || r.FailureCount == 0 {
				t.Errorf("pass %d: %d calls lack something, %d failures", pass+1, r.Incomplete, r.FailureCount)
			}
		}
		if 3*requests[3] > 2*requests[1] {
			t.Errorf("requests of the passes: %v; the last should ask for a few of the calls", requests)
		}
		if _, _, err := l.passUnder(t.Context(), simulator.Faults{}); err != nil {
			t.Fatal(err)
		}
		for u, e := range l.vault.ledger {
			if u.Kind == call.UnitCall && e.State != ledger.Archived && e.State != ledger.Empty && time.Since(e.StartsAt) > time.Hour {
				t.Errorf("%s is %s: %s", u.Key, e.State, e.Reason)
			}
		}
		var report extract.Report
		l.checkHealthy(report)
	})
}
