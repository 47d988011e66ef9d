package main

import (
	"strings"
	"syscall"
	"testing"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/proxytest"
	"github.com/callvault/callvault/test/summarytest"
)

// TestLongKilledAtEveryStep kills passes before and after each statement that writes. The
// good pass that follows leaves the tables equal to the truth.
func TestLongKilledAtEveryStep(t *testing.T) {
	if setting(t, "SOAK_SEEDS", 0) == 0 {
		t.Skip("part of make soak")
	}
	w := newWorld(t, 1, simulator.Options{Calls: 6})
	w.pass().end(exitDone)
	for _, when := range []proxytest.When{proxytest.Before, proxytest.After} {
		for _, statement := range statements {
			w.note("%s %s", when, statement)
			w.lease = shortLease
			p, _ := w.atStatement(proxytest.Rule{Statement: statement, When: when, Cut: true}, (*pass).kill, "--again")
			p.died()
		}
	}
	w.calm()
	w.finish()
}

// TestLongKilledPassIsGoneOnFrom kills a pass after its rows are inserted and before they are
// committed. The next pass does not ask for settled parts again.
func TestLongKilledPassIsGoneOnFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, simulator.Options{Calls: 6})
	w.lease = shortLease
	p, reached := w.atStatement(proxytest.Rule{Statement: "INSERT INTO hidden_loads (load_id, step) SELECT", Cut: true}, (*pass).kill)
	p.died()
	if !reached {
		t.Fatal("no commit")
	}
	if n := w.db.number(t, "SELECT count() FROM rooms"); n > 0 {
		t.Errorf("%d calls are visible", n)
	}
	w.calm()
	before := w.vendor.Stats()
	w.pass().end(exitDone)
	after := w.vendor.Stats()
	for _, action := range []string{"DescribeCallDetailInfo", "DescribeUserEvent"} {
		first, second := before.Requests[action], after.Requests[action]-before.Requests[action]
		if second > first/2 { // two of the six calls are running
			t.Errorf("%s: asked %d times, and then %d times again", action, first, second)
		}
	}
	w.finish()
}

func TestLongInterruptedPass(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 30, QPS: -1})
	reached := make(chan struct{})
	in.vendor.at(60, func() { close(reached) })
	p := start(t, in.env, "archive", "--quiet")
	<-reached
	p.signal(syscall.SIGINT)
	if code := p.wait(t); code != exitInterrupted {
		t.Errorf("exit code %d, want 130", code)
	}
	if s := p.errs.String(); !strings.HasPrefix(s, "callvault: interrupted;") || strings.Count(s, "\n") != 1 {
		t.Errorf("said %q", s)
	}
	// The lease has been released: the next pass begins at once.
	in.archive(t, exitDone)
	compare(t, in.store, in.truth)
}

func TestTwoPassesAtOnce(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 4, Calls: 20, QPS: -1})
	in.vendor.at(20, func() { // the first pass waits for its answer
		code, _, errs := in.callvault(t.Context(), "archive", "--quiet")
		if code != exitBusy || !strings.Contains(errs, "another pass is running") {
			t.Errorf("second pass: exit code %d\n%s", code, errs)
		}
	})
	in.archive(t, exitDone)
	compare(t, in.store, in.truth)
	summarytest.Check(t, in.store.StoreConn())
}
