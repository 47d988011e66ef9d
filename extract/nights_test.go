package extract_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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
	"github.com/callvault/callvault/schedules"
)

const (
	retention = 14 * 24 * time.Hour
	settle    = 15 * time.Minute
)

// story is what happens over many nights.
type story struct {
	name    string
	begins  string // UTC
	nights  int
	exact   bool            // the vendor's data stands still during a pass, so the truth is known to the second
	outages []time.Duration // while the process is down, spread over the nights
	calls   int             // in a retention
	long    int
}

func stories() []story {
	const day = 24 * time.Hour
	all := []story{
		{"spring, to the second", "2026-02-24T01:15:00Z", 64, true, []time.Duration{3 * day, 16*day + 5*time.Hour}, 40, 3},
		{"autumn, as time passes", "2026-09-01T00:15:00Z", 62, false, []time.Duration{2 * day, 12 * day}, 40, 2},
	}
	return all
}

// TestLongNights runs months of nights in virtual time: passes made by the schedule,
// interrupted and missed; calls that begin, continue and expire; a vendor that misbehaves.
// After every complete pass it compares the archive and its ledger with the simulator's
// truth.
//
// CALLVAULT_SOAK=n runs each story n times, with three times the calls.
func TestLongNights(t *testing.T) {
	times, _ := strconv.Atoi(os.Getenv("CALLVAULT_SOAK"))
	for _, s := range stories() {
		for range max(times, 1) {
			t.Run(s.name, func(t *testing.T) {
				if times > 0 {
					s.calls *= 3
				}
				seed := seedOf(t)
				synctest.Test(t, func(t *testing.T) { newNights(t, s, seed).live() })
			})
		}
	}
}

// seedOf prints the seed, so that a failing test can be repeated.
func seedOf(t *testing.T) uint64 {
	seed := rand.Uint64()
	if n, err := strconv.ParseUint(os.Getenv("CALLVAULT_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("seed %d (CALLVAULT_SEED repeats it)", seed)
	return seed
}

// nights runs a story.
type nights struct {
	*testing.T
	story
	chance *rand.Rand
	vendor *vendor
	limits *quota.Limits
	vault  *vault
	truth  *truth
	last   time.Time // when the last uninterrupted run began
	passes []pass
}

// pass is the result of one pass.
type pass struct {
	at        time.Time
	whole     bool // it is complete
	report    extract.Report
	requests  int
	redundant int // requests of these that had been answered in full before
	again     int // requests of a second pass at once; -1: there was none
	took      time.Duration
}

func newNights(t *testing.T, s story, seed uint64) *nights {
	begins, err := time.Parse(time.RFC3339, s.begins)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(begins)) // a synctest bubble begins in the year 2000
	n := &nights{T: t, story: s, chance: rand.New(rand.NewPCG(seed, 0)), vault: newVault()}
	o := simulator.Options{
		Seed: seed, Calls: s.calls, Ahead: time.Duration(s.nights) * 24 * time.Hour, Long: s.long,
		Straddle: s.exact, Retention: retention, Latency: 30 * time.Millisecond,
	}
	if !s.exact {
		o.Settle = settle * 2 / 3
	}
	n.vendor = newVendor(t, o)
	n.limits = quota.New(quota.Options{})
	n.truth = newTruth(n)
	return n
}

// live runs the process, stops it and starts it again until all nights have passed.
func (n *nights) live() {
	ends := time.Now().Add(time.Duration(n.nights) * 24 * time.Hour)
	for i, outage := range n.outages {
		up := time.Until(ends) / time.Duration(len(n.outages)-i+1)
		n.up(up - outage/2)
		time.Sleep(outage)
	}
	n.up(time.Until(ends))
	if n.truth.atTheEnd(); !n.Failed() {
		n.summary()
	}
}

// up runs the schedule for a time.
func (n *nights) up(d time.Duration) {
	entries, err := schedules.Load(n.folder())
	if err != nil {
		n.Fatal(err)
	}
	entries = slices.DeleteFunc(entries, func(e schedules.Entry) bool { return e.Name != "archive" })
	r, err := schedules.New(entries, schedules.Options{
		Jobs:  map[string]schedules.Job{"archive": n.run},
		Last:  func(context.Context, schedules.Entry) (time.Time, error) { return n.last, nil },
		Ended: func(e schedules.Ended) { n.last = e.Began },
		Log:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		n.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(n.Context(), d)
	defer cancel()
	r.Run(ctx)
}

// folder returns a folder with a schedule at a time of day that the clocks skip in spring
// and repeat in autumn.
func (n *nights) folder() string {
	dir := n.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "archive.cron"), []byte("CRON_TZ=Europe/Berlin 30 2 * * *"), 0o600); err != nil {
		n.Fatal(err)
	}
	return dir
}

// errCut is the cause of an interrupted pass.
var errCut = errors.New("the process was killed")

// run makes the pass of one night.
func (n *nights) run(ctx context.Context, _ schedules.Run) error {
	if n.Failed() {
		return nil // one night's differences are enough to read
	}
	n.weather()
	now := time.Now().Truncate(time.Second)
	if n.exact {
		n.vendor.clock.hold(now)
		defer n.vendor.clock.hold(time.Time{})
	}
	p, err := n.pass(ctx, n.cut())
	n.passes = append(n.passes, p)
	switch {
	case p.whole:
		n.truth.check(&p)
		n.again(ctx, &n.passes[len(n.passes)-1])
	case errors.Is(err, errCut):
		n.truth.cuts = append(n.truth.cuts, p.at)
	default:
		n.Errorf("%s: the pass ended early: %v", now.UTC(), err)
	}
	return err
}

// weather decides the vendor's faults of the night.
func (n *nights) weather() {
	f := simulator.Faults{Seed: n.chance.Uint64(), StallFor: 3 * time.Second}
	if n.chance.IntN(3) == 0 {
		f.Error, f.HTML, f.Cut, f.Reset, f.Null, f.Limit, f.Slow, f.Stall = 0.04, 0.02, 0.04, 0.02, 0.04, 0.01, 0.05, 0.01
	}
	if !n.exact && n.chance.IntN(4) == 0 {
		f.Skew = time.Duration(n.chance.IntN(180)-90) * time.Second
	}
	n.vendor.poison.Store(n.chance.IntN(6) == 0)
	if n.chance.IntN(4) == 0 && n.complete() {
		f.Mute = 0.3
	}
	if err := n.vendor.sim.SetFaults(f); err != nil {
		n.Fatal(err)
	}
}

// complete reports whether the last pass got everything. Then null of this night gets its
// data before it is accepted as an answer, and before it expires.
func (n *nights) complete() bool {
	if len(n.passes) == 0 || !n.passes[len(n.passes)-1].whole || time.Since(n.passes[len(n.passes)-1].at) > 26*time.Hour {
		return false
	}
	for u, e := range n.vault.ledger {
		if u.Kind == call.UnitCall && e.Attempts > 0 && !n.truth.long[u.Key] {
			return false
		}
	}
	return true
}

// cut returns the number of requests after which the pass of this night is interrupted, or
// 0.
func (n *nights) cut() int {
	if len(n.passes) == 0 || !n.passes[len(n.passes)-1].whole || n.chance.IntN(4) > 0 {
		return 0
	}
	return 1 + n.chance.IntN(max(2, n.passes[len(n.passes)-1].requests))
}

// pass makes a pass, and interrupts it after cut requests unless that is 0.
func (n *nights) pass(ctx context.Context, cut int) (p pass, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if cut > 0 {
		n.vendor.stopAfter(cut, func() { cancel(errCut) })
	}
	before, redundant := n.requests(), n.redundant()
	p = pass{at: n.vendor.clock.now(), again: -1}
	began := time.Now()
	w := n.vault.writer(rand.New(rand.NewPCG(n.chance.Uint64(), 1)))
	p.report, err = n.extract(ctx, w)
	if gone := n.chance.IntN(2) == 0; err == nil || !gone { // otherwise everything that waited in the writer is lost
		if cerr := w.Close(); err == nil {
			err = cerr
		}
	}
	p.whole, p.requests, p.took = err == nil, n.requests()-before, time.Since(began)
	p.redundant = n.redundant() - redundant
	return p, err
}

func (n *nights) extract(ctx context.Context, a *writer) (extract.Report, error) {
	app := call.AppID(n.vendor.sim.Apps()[0])
	d, err := ask.Detect(ctx, n.vendor.client, n.limits, []call.AppID{app}, n.vendor.clock.now(), trtc.Current(), trtc.Legacy())
	if err != nil {
		return extract.Report{}, err
	}
	asker := ask.NewAsker(n.vendor.client, d, n.limits, ask.DefaultAttempts())
	p := &extract.Pass{
		Asker: asker, Ledger: a, Archive: a, App: app,
		Now: n.vendor.clock.now, Progress: extract.NoProgress{}, Retention: n.keeps(), Settle: settle,
	}
	return p.Run(ctx)
}

// keeps returns the retention that a pass is given. If the truth is known to the second, it
// makes up for the distance that a pass keeps from the edge.
func (n *nights) keeps() time.Duration {
	if n.exact {
		return retention + 20*time.Second
	}
	return retention
}
