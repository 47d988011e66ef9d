package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/upkeep"
	"github.com/callvault/callvault/test/summarytest"
)

// TestLongSoak makes histories of faults, kills and re-runs, each from a seed: one archive,
// one vendor, one step after another. At no time does a reader see a call twice or in part.
// After a good pass the relations equal the vendor's truth row by row, and no dead load or
// unfinished unit is left.
//
// SOAK_SEEDS is the number of histories (2), SOAK_SEED the seed of the first,
// SOAK_STEPS the length of each (3, or 10 where SOAK_SEEDS is set). A history is determined by its seed up to
// what runs at the same time.
func TestLongSoak(t *testing.T) {
	seeds := setting(t, "SOAK_SEEDS", 2)
	first := setting(t, "SOAK_SEED", uint64(time.Now().UnixNano()))
	length := uint64(3)
	if os.Getenv("SOAK_SEEDS") != "" {
		length = 10
	}
	steps := setting(t, "SOAK_STEPS", length)
	for i := range seeds {
		seed := first + i
		fmt.Fprintf(os.Stderr, "soak: SOAK_SEED=%d SOAK_STEPS=%d\n", seed, steps)
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { live(t, seed, int(steps)) }) {
			t.Fatalf("repeat it with SOAK_SEEDS=1 SOAK_SEED=%d SOAK_STEPS=%d", seed, steps)
		}
	}
}

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// live makes one history.
func live(t *testing.T, seed uint64, steps int) {
	w := newWorld(t, seed, sized(seed))
	w.note("seed %d: %d calls", seed, rowsOf(w.vendor.Truth(w.began).Rooms()))
	for n := range steps {
		s := drawStep(w.rng)
		w.note("step %d: %s", n+1, s.name)
		s.run(w)
		if t.Failed() {
			return
		}
		w.calm()
	}
	w.finish()
}

// sized draws a size, which is seldom large.
func sized(seed uint64) simulator.Options {
	rng := rand.New(rand.NewPCG(seed, 1))
	o := simulator.Options{Calls: 6, Ahead: 60 * time.Hour}
	switch rng.IntN(8) {
	case 0:
		o = simulator.Options{Calls: 24, Ahead: 36 * time.Hour}
	case 1:
		o.Apps = []uint32{1400353843, 1400353844}
	}
	switch rng.IntN(4) {
	case 0:
		o.Legacy = true
	case 1:
		o.Current = true
	}
	o.Everybody = pick(rng, simulator.EverybodyRefused, simulator.EverybodyWhole, simulator.EverybodyWhole, simulator.EverybodyMiddle, simulator.EverybodySome, simulator.EverybodyFew)
	return o
}

func rowsOf[R any](rows func(func(R) bool)) (n int) {
	for range rows {
		n++
	}
	return n
}

// calm ends what a step has left and would disturb the next one.
func (w *world) calm() {
	w.t.Helper()
	w.vendor.at(0, nil)
	w.lease = longLease
	w.db.tap.Disarm()
	if err := w.vendor.SetFaults(simulator.Faults{}); err != nil {
		w.t.Fatal(err)
	}
}

// finish makes a good pass and checks that the archive is as if no fault had happened.
func (w *world) finish() {
	w.t.Helper()
	w.note("the good pass")
	w.pass().end(exitDone)
	w.equal()
	w.purge()
	w.equal()
	w.nothingLeft()
	w.note("one more")
	w.pass().end(exitDone)
	w.asksLittle()
	w.purge()
	w.equal()
	w.nothingLeft()
	looks, err := w.watch.end()
	if err != nil {
		w.t.Errorf("what a reader saw: %v", err)
	}
	w.note("%d looks", looks)
	summarytest.Check(w.t, w.db.direct().StoreConn())
}

// purge does what passes do once a day. No pass may be running.
func (w *world) purge() {
	w.t.Helper()
	if _, err := upkeep.Purge(w.t.Context(), w.db.direct()); err != nil {
		w.t.Errorf("purge: %v", err)
	}
}

// nothingLeft checks that no load is dead and no unit unfinished.
func (w *world) nothingLeft() {
	w.t.Helper()
	tables := []string{"ledger_parts"}
	for _, table := range catalogue.Loaded() {
		tables = append(tables, table.Name)
	}
	for _, table := range tables {
		if n := w.db.number(w.t, "SELECT count() FROM "+table+" WHERE load_id IN ("+catalogue.Hidden+")"); n > 0 {
			w.t.Errorf("%s has %d rows of dead loads", table, n)
		}
		if n := w.db.number(w.t, "SELECT count() FROM "+table+" WHERE load_id NOT IN (SELECT load_id FROM ledger_parts)"); n > 0 {
			w.t.Errorf("%s has %d rows that the ledger does not know", table, n)
		}
	}
	if n := w.db.number(w.t, "SELECT count() FROM ledger WHERE state IN ('pending', 'failed', 'lost')"); n > 0 {
		w.t.Errorf("the ledger has %d entries that are pending, failed or lost", n)
	}
	if n := w.db.number(w.t, "SELECT toUInt64(sum(abs(toInt64(a) - toInt64(b)))) FROM (SELECT sumIf(rows, part = '') AS a, sumIf(rows, part != '') AS b FROM ledger GROUP BY kind, key)"); n > 0 {
		w.t.Errorf("the ledger's units and parts differ by %d rows", n)
	}
}

// asksLittle checks that a pass with nothing to do asked for little more than the lists that
// still change: each UTC day whose list is not final, the last hour, and the rest of the day
// that the vendor is dropping, each up to three times if the answer is null. It also asks for
// the hours that are not settled, the daily counts, and once for the dialect.
func (w *world) asksLittle() {
	w.t.Helper()
	_, other := w.vendor.noted()
	open := w.db.number(w.t, "SELECT count() FROM ledger WHERE part = '' AND kind = 'list' AND state = 'provisional' AND deadline > toDateTime("+fmt.Sprint(w.clock.now().Unix())+", 'UTC')")
	apps := uint64(len(w.vendor.Apps()))
	for action, n := range other {
		most := apps // of DescribeScaleInfo, DescribeHistoryScale
		switch action {
		case "DescribeRoomInfo", "DescribeRoomInformation":
			most = 1 + 3*(open+2*apps)
		case "DescribeUnusualEvent", "DescribeAbnormalEvent":
			most = 6 * apps // this hour and the last one, each three times where nothing is told
		}
		if uint64(n) > most {
			w.t.Errorf("%s was asked %d times, want at most %d", action, n, most)
		}
	}
}
