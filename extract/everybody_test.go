package extract_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/simulator"
)

// TestEverybody archives calls of two whose events the vendor gives for all users at once,
// or seems to. Whatever it does, everything is archived exactly. A whole answer saves nearly
// half of the requests, and any other costs a few.
func TestEverybody(t *testing.T) {
	calls := 150
	asked := map[simulator.Everybody]int{}
	for _, kind := range []simulator.Everybody{
		simulator.EverybodyRefused, simulator.EverybodyWhole, simulator.EverybodyNull, simulator.EverybodyOne, simulator.EverybodyNameless,
		simulator.EverybodySwapped, simulator.EverybodySome, simulator.EverybodyMiddle,
	} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{number: 3, dialect: trtc.Current(), keeps: 48 * time.Hour, ahead: time.Hour}
				w.options = simulator.Options{Seed: 3, Calls: calls, Mix: simulator.MixOneToOne, Everybody: kind, Latency: 20 * time.Millisecond, Retention: w.keeps}
				l := &law{T: t, world: w, chance: rand.New(rand.NewPCG(3, 5)), vault: newVault()}
				l.vendor = l.begin(t)
				l.want = l.truths(l.vendor.sim)
				report, _, err := l.passUnder(t.Context(), simulator.Faults{})
				if err != nil {
					t.Fatal(err)
				}
				l.checkHealthy(report)
				asked[kind] = int(l.vendor.sim.Stats().Requests["DescribeUserEvent"])
				if least := int(l.truth(l.vendor.sim).Requests().Events); kind == simulator.EverybodyWhole && (asked[kind] < least || asked[kind] > least*3/2) ||
					kind == simulator.EverybodyRefused && asked[kind] != least+1 {
					t.Errorf("%d requests, of which at least %d were needed", asked[kind], least)
				}
				for code := range l.vendor.sim.Stats().Errors["DescribeUserEvent"] {
					if strings.HasPrefix(code, "MissingParameter") != (kind == simulator.EverybodyRefused) {
						t.Errorf("the vendor answered %s", code)
					}
				}
			})
		})
	}
	users := asked[simulator.EverybodyRefused] - 1
	t.Logf("%v", asked)
	for kind, n := range asked {
		switch {
		case kind == simulator.EverybodyWhole && n > users*3/4:
			t.Errorf("%d requests for %d users where the vendor answers for all", n, users)
		case kind != simulator.EverybodyWhole && n > users+20:
			t.Errorf("%s: %d requests for %d users", kind, n, users)
		}
	}
}
