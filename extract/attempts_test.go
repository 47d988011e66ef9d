package extract_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/simulator"
)

// TestEveryRequestFails makes each request fail twice before it is answered, in every way
// that the simulator knows. The pass must miss nothing and report nothing.
func TestEveryRequestFails(t *testing.T) {
	for _, kind := range []simulator.FaultKind{
		simulator.FaultError, simulator.FaultHTML, simulator.FaultCut, simulator.FaultTruncated, simulator.FaultStall,
		simulator.FaultDrop, simulator.FaultReset, simulator.FaultResetLate, simulator.FaultNull, simulator.FaultSlow,
	} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{dialect: trtc.Current(), keeps: 14 * 24 * time.Hour}
				w.options = simulator.Options{Seed: 21, Calls: 5, Retention: w.keeps}
				l := &law{T: t, world: w, chance: rand.New(rand.NewPCG(1, 5)), vault: newVault()}
				l.vendor = l.begin(t)
				l.want = l.truths(l.vendor.sim)
				l.vendor.fails = func(a simulator.Asked) simulator.FaultKind {
					if a.Attempt <= 2 {
						return kind
					}
					return simulator.NoFault
				}
				report, _, err := l.passUnder(t.Context(), simulator.Faults{})
				if err != nil {
					t.Fatal(err)
				}
				l.checkHealthy(report)
				met := 0
				for _, kinds := range l.vendor.sim.Stats().Faults {
					met += int(kinds[kind])
				}
				if met < 20 || report.FailureCount > 0 {
					t.Errorf("%d requests met the fault, %d failures", met, report.FailureCount)
				}
			})
		})
	}
}
