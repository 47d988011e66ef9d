package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
)

// retention is what the vendor of a world keeps: short, so that data expires
// within a history, and long enough for a day's counts to be confirmed.
const retention = 72 * time.Hour

// mostBehind is how old the last good pass may become: the counts of each day
// must be asked for between 24 hours after its end and its expiry.
const mostBehind = 22 * time.Hour

// A pass keeps a long lease also on a busy machine. A short one is for passes
// that die or sleep: the next has to wait until it expires.
const (
	longLease  = 10 * time.Second
	shortLease = 1500 * time.Millisecond
)

// world is an archive, its vendor, and everything between them that can fail.
// Its time is the test's.
type world struct {
	t      *testing.T
	rng    *rand.Rand
	clock  *clock
	vendor *vendor
	db     *database
	watch  *watch
	env    []string
	lease  time.Duration // of the passes to come

	began    time.Time
	complete time.Time // up to when all has been archived; zero: never
}

func newWorld(t *testing.T, seed uint64, o simulator.Options) *world {
	t.Helper()
	return newWorldIn(t, embeddedtest.Dir(t), seed, o)
}

// newWorldIn keeps the archive in dir.
func newWorldIn(t *testing.T, dir string, seed uint64, o simulator.Options) *world {
	t.Helper()
	w := &world{t: t, lease: longLease, rng: rand.New(rand.NewPCG(seed, 0)), began: time.Now().UTC().Truncate(time.Second)}
	w.clock = newClock(t, w.began)
	o.Seed, o.Retention, o.QPS, o.Now = seed, retention, -1, w.clock.now
	w.vendor = newVendor(t, o)
	w.db = newDatabase(t, dir)
	w.watch = newWatch(t, w.db, func(at int64) *simulator.Truth { return w.truth(time.Unix(at, 0)) })
	w.env = []string{
		"HOME=" + t.TempDir(), "CLICKHOUSE_DSN=" + w.db.dsn, "CALLVAULT_TRTC_ENDPOINT=" + w.vendor.url,
		"CALLVAULT_SDK_APP_IDS=" + joined(w.vendor.Apps()), "CALLVAULT_RETENTION=" + retention.String(),
		"CALLVAULT_QPS=100000", "CALLVAULT_PATIENCE=0", clockVariable + "=" + w.clock.file,
		"TENCENTCLOUD_SECRET_ID=" + w.vendor.SecretID(), "TENCENTCLOUD_SECRET_KEY=" + w.vendor.SecretKey(),
	}
	return w
}

// truth is what an archive that misses nothing holds at an instant.
func (w *world) truth(at time.Time) *simulator.Truth { return w.vendor.Truth(at).Since(w.began) }

func (w *world) note(format string, args ...any) {
	w.t.Logf("%6.1f s  %s", time.Since(w.began).Seconds(), fmt.Sprintf(format, args...))
}

// pass is a pass under way, with what it may not ask.
type pass struct {
	*program
	w     *world
	full  bool // it is to archive all there is
	again bool
	moved bool // the time has passed meanwhile
	began time.Time
	over  func()
	final []string // calls that were archived for good before it
}

// pass starts a pass when no other is running.
func (w *world) pass(args ...string) *pass {
	w.t.Helper()
	w.db.untilFree(w.t)
	w.vendor.forget()
	p := &pass{
		w: w, full: len(args) == 0 || args[0] == "--again", again: slices.Contains(args, "--again"),
		began: w.clock.now(), over: w.watch.begin(w.clock.now().Unix()), final: w.finalCalls(),
	}
	p.program = start(w.t, append(slices.Clone(w.env), "CALLVAULT_LEASE="+w.lease.String()), append([]string{"archive", "--quiet"}, args...)...)
	return p
}

// end waits for the pass and holds what it has done against what it says, which
// must be one of the exit codes. It returns that.
func (p *pass) end(codes ...int) int {
	p.w.t.Helper()
	code := p.wait(p.w.t)
	p.over()
	p.w.note("  exit %d%s", code, firstLines(p.errs.String()))
	if !slices.Contains(codes, code) {
		p.w.t.Fatalf("exit code %d, want one of %v\n%s", code, codes, p.errs.String())
	}
	if code == exitFailed && strings.Count(p.errs.String(), "\n") != 1 {
		p.w.t.Errorf("wants one line on stderr:\n%s", p.errs.String())
	}
	p.asksNothingTwice()
	if code == exitDone && p.full && !p.moved && !p.w.waits() {
		p.w.equal()
		p.w.complete = p.began
	}
	return code
}

// waits says whether some call is visible but for what the vendor answers null.
func (w *world) waits() bool {
	w.t.Helper()
	return w.db.number(w.t, "SELECT count() FROM ledger WHERE kind = 'call' AND part != '' AND state = 'failed'") > 0
}

// died waits for a pass that has been killed.
func (p *pass) died() {
	p.w.t.Helper()
	code := p.wait(p.w.t)
	p.over()
	p.w.note("  exit %d%s", code, firstLines(p.errs.String()))
	p.asksNothingTwice()
}

func firstLines(s string) string {
	const most = 300
	s = strings.ReplaceAll(strings.TrimSpace(s), "\n", " | ")
	if len(s) > most {
		s = s[:most] + "…"
	}
	if s != "" {
		s = ": " + s
	}
	return s
}

// asksNothingTwice sees that no call was asked about which was archived for
// good before the pass.
func (p *pass) asksNothingTwice() {
	p.w.t.Helper()
	calls, _ := p.w.vendor.noted()
	for _, id := range p.final {
		if n := calls[id]; len(n) > 0 && !p.again {
			p.w.t.Errorf("asked about call %s, which is archived for good: %v", id, n)
		}
	}
}

// finalCalls lists the calls of which nothing is left to ask.
func (w *world) finalCalls() []string {
	w.t.Helper()
	if !w.db.has(w.t, "ledger_units") {
		return nil
	}
	return archivetest.Strings(w.t, both(w.db.direct()), "SELECT key FROM ledger_units FINAL WHERE kind = 'call' AND state IN ('archived', 'empty', 'lost')")
}

// equal holds all relations against the truth, and the model against them.
func (w *world) equal() {
	w.t.Helper()
	truth := w.truth(w.clock.now())
	for relation, want := range truth.Summary().Relations {
		var rows, sum uint64
		if err := both(w.db.direct()).QueryRow(w.t.Context(), want.SQL).Scan(&rows, &sum); err != nil {
			w.t.Fatal(err)
		}
		if rows != uint64(want.Rows) || sum != want.Checksum {
			w.note("%s differs", relation)
			compare(w.t, w.db.direct(), truth) // row by row, to tell where
			w.t.FailNow()
		}
	}
	agree(w.t, w.db.direct())
}

// move lets the time pass, also for a pass under way. What the archive misses
// by then must still be in the vendor's reach.
func (w *world) move(d time.Duration, under *pass) {
	w.t.Helper()
	to := w.clock.now().Add(d)
	if under != nil {
		under.moved = true
	}
	w.watch.moved(to.Unix())
	w.clock.set(w.t, to)
}

// behind says whether the vendor would begin to drop what is not archived yet,
// if the time went on by d.
func (w *world) behind(d time.Duration) bool {
	return w.complete.IsZero() || w.clock.now().Add(d).Sub(w.complete) > mostBehind
}
