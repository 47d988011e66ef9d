package extract_test

import (
	"math/rand/v2"
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

// TestScaleOfShortRetention makes a pass every eight hours while the vendor's retention is
// so short that a day's counts cannot be confirmed a day after its end. They count as
// archived nevertheless, and nothing is reported as lost.
func TestScaleOfShortRetention(t *testing.T) {
	for _, keeps := range []time.Duration{36 * time.Hour, 48 * time.Hour} {
		t.Run(keeps.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { shortRetention(t, keeps) })
		})
	}
}

func shortRetention(t *testing.T, keeps time.Duration) {
	v := newVendor(t, simulator.Options{Seed: 61, Calls: 6, Mix: simulator.MixOneToOne, Retention: keeps, Ahead: 9 * 24 * time.Hour, QPS: -1})
	vault := newVault()
	for range 24 {
		if report := passOver(t, v, vault, keeps); report.FailureCount > 0 {
			t.Fatalf("%s: %v", time.Now().UTC(), report.Failures)
		}
		time.Sleep(8 * time.Hour)
	}
	days := 0
	for u, e := range vault.ledger {
		if u.Kind == call.UnitScale && e.State == ledger.Archived {
			days++
			if len(vault.rowsOf(u)) != 1 {
				t.Errorf("%s has no counts: %+v", u.Key, e)
			}
		}
	}
	if days < 5 {
		t.Errorf("%d days are archived", days)
	}
}

// passOver makes a pass that must be complete.
func passOver(t *testing.T, v *vendor, into *vault, keeps time.Duration) extract.Report {
	t.Helper()
	return passAt(t, v, into, keeps, v.clock.now)
}

// passAt is passOver with another clock than the vendor's.
func passAt(t *testing.T, v *vendor, into *vault, keeps time.Duration, now func() time.Time) extract.Report {
	t.Helper()
	w := into.writer(rand.New(rand.NewPCG(61, 1)))
	p := &extract.Pass{
		Asker:  ask.NewAsker(v.client, trtc.Current(), quota.New(quota.Options{PerSecond: 1000}), ask.DefaultAttempts()),
		Ledger: w, Archive: w, App: call.AppID(v.sim.Apps()[0]), Now: now, Progress: extract.NoProgress{},
		Retention: keeps, Settle: settle,
	}
	report, err := p.Run(t.Context())
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestFailedHoursCountAttempts makes three passes in which unusual events are refused.
func TestFailedHoursCountAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keeps = 4 * time.Hour
		v := newVendor(t, simulator.Options{Seed: 62, Calls: 2, Mix: simulator.MixOneToOne, Retention: keeps, QPS: -1})
		u := call.Unit{App: call.AppID(v.sim.Apps()[0]), Kind: call.UnitUnusual, Key: time.Now().Add(-2 * time.Hour).UTC().Truncate(time.Hour).Format(time.RFC3339)}
		vault := newVault()
		v.refused.Store("DescribeUnusualEvent")
		for n := 1; n <= 3; n++ {
			passOver(t, v, vault, keeps)
			if e := vault.ledger[u]; e.State != ledger.Failed || e.Attempts != n {
				t.Errorf("after %d passes: %+v", n, e)
			}
		}
		v.refused.Store("")
		passOver(t, v, vault, keeps)
		if e := vault.ledger[u]; !e.State.Final() || e.Attempts != 0 {
			t.Errorf("after a good pass: %+v", e)
		}
	})
}

// TestHourThatHasBegunToExpire lets more of the first hour expire than had expired when the
// pass began, as when a pass reaches it late. No answer was expected for that hour, so
// nothing is reported as lost.
func TestHourThatHasBegunToExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keeps = 4 * time.Hour
		v := newVendor(t, simulator.Options{Seed: 63, Calls: 2, Mix: simulator.MixOneToOne, Retention: keeps, QPS: -1})
		time.Sleep(time.Until(time.Now().Truncate(time.Hour).Add(90 * time.Minute))) // half past the hour
		vault := newVault()
		passAt(t, v, vault, keeps, func() time.Time { return v.clock.now().Add(-40 * time.Second) })
		u := call.Unit{App: call.AppID(v.sim.Apps()[0]), Kind: call.UnitUnusual, Key: time.Now().Add(-keeps).UTC().Truncate(time.Hour).Format(time.RFC3339)}
		if e := vault.ledger[u]; !e.State.Final() || len(e.Failed) > 0 {
			t.Errorf("%+v", e)
		}
	})
}
