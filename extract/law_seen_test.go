package extract_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
)

// seen is an oddity that such vendors have shown, in a world with the data that it
// concerns.
type seen struct {
	name    string
	faults  string
	touches touch         // nil: none, and everything is archived exactly
	passes  time.Duration // after which the vendor is healthy; 0: after the pass
	mix     simulator.Mix // "": all
	calls   int           // 0: 11
	within  time.Duration // the pass must end within it; 0: within the law's bound
	only    []int         // relations that it touches; none: all
}

func seenFaults() []seen {
	ofCalls := kind(call.UnitCall)
	return []seen{
		{name: "pages of users in another order each time", faults: "jumble=1", touches: nothing, mix: simulator.MixWebinars, calls: 1},
		{name: "pages of rooms in another order each time", faults: "jumble=1", touches: nothing, mix: simulator.MixUnanswered, calls: 230},
		{name: "pages of 20", faults: "page-size=20", touches: nothing, mix: simulator.MixWebinars, calls: 1},
		{name: "pages of 50", faults: "page-size=50", touches: nothing, mix: simulator.MixUnanswered, calls: 230},
		{name: "every value null", faults: "valueless=1", touches: valueless},
		{name: "no list at all", faults: "listless=1", touches: everything},
		{name: "rows twice, and counted", faults: "twice=1", touches: nothing},
		{name: "a day that always fails", faults: "failing-days=0.7", touches: failingDays},
		{name: "odd values", faults: "odd=0.01", touches: mutated},
		{name: "values as strings", faults: "text-values=1", touches: nothing},
		{name: "times as dates", faults: "date-times=1", touches: drawn(simulator.FaultDateTimes)},
		{name: "a room list without an end", faults: "endless=DescribeRoomInfo", touches: nothing, mix: simulator.MixOneToOne, calls: 4},
		{name: "the same page for ever", faults: "same-page=DescribeRoomInfo", touches: nothing, mix: simulator.MixUnanswered, calls: 230},
		{name: "series are not answered", faults: "hang=DescribeCallDetailInfo,hang-for=1h", touches: ofCalls, mix: simulator.MixOneToOne, calls: 40, within: 3 * time.Minute, only: []int{samples}},
		{name: "series fail for ever", faults: "code=DescribeCallDetailInfo:ServiceUnavailable", touches: ofCalls, within: 12 * time.Minute, only: []int{samples}},
		{name: "no quota for ever", faults: "code=DescribeUserEvent:LimitExceeded", touches: ofCalls, within: 15 * time.Minute, only: []int{events}},
		{name: "a limit of another name, for a while", faults: "code=DescribeUserInfo:LimitExceeded.X", touches: nothing, passes: 20 * time.Second},
		{name: "unavailable for a while", faults: "code=DescribeCallDetailInfo:ServiceUnavailable", touches: nothing, passes: 10 * time.Second},
		{name: "without resources for a while", faults: "code=DescribeUserEvent:ResourceInsufficient", touches: nothing, passes: 10 * time.Second},
		{name: "answers too large", faults: "too-large=1800", touches: nothing},
		{name: "out of order for ten seconds", faults: "down-for=10s", touches: nothing},
		{name: "compressed unasked", faults: "gzip=1", touches: nothing},
		{name: "requests turned away by a gateway", faults: "busy=0.3", touches: nothing},
	}
}

// TestLongSeenFaults checks the law for a pass over each oddity that was seen.
func TestLongSeenFaults(t *testing.T) {
	for _, s := range seenFaults() {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { s.law(t).hold() })
		})
	}
}

// law returns the law of one oddity.
func (s seen) law(t *testing.T) *law {
	t.Helper()
	w := &world{number: 5, dialect: trtc.Current(), keeps: 48 * time.Hour, ahead: 4 * time.Hour}
	w.options = simulator.Options{Seed: 5, Calls: 11, Mix: simulator.MixAll, Latency: 20 * time.Millisecond, Retention: w.keeps}
	if s.mix != "" {
		w.options.Mix, w.options.Calls = s.mix, s.calls
	}
	w.measure(t)
	l := &law{T: t, world: w, chance: rand.New(rand.NewPCG(5, 5)), vault: newVault()}
	l.vendor = l.begin(t)
	l.want = l.truths(l.vendor.sim)
	f, err := simulator.ParseFaults(s.faults + ",seed=8")
	if err != nil {
		t.Fatal(err)
	}
	l.odd = oddity{faults: f, touches: []touch{s.touches}, passes: s.passes, only: s.only}
	l.odd.allow()
	if s.within > 0 {
		l.odd.time = s.within - 30*time.Minute
	}
	return l
}
