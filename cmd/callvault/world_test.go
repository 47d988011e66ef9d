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

// retention is the retention of a world's vendor. It is short, so that data expires within a
// history, and long enough to confirm a day's counts.
const retention = 72 * time.Hour

// mostBehind is how old the last good pass may become: a pass must ask for the counts of each
// day between 24 hours after the day's end and its expiry.
const mostBehind = 22 * time.Hour

// A pass keeps a long lease even on a busy machine. Passes that die or sleep have a short one,
// because the next pass has to wait until it expires.
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

// truth returns what a complete archive holds at an instant.
func (w *world) truth(at time.Time) *simulator.Truth { return w.vendor.Truth(at).Since(w.began) }

func (w *world) note(format string, args ...any) {
	w.t.Logf("%6.1f s  %s", time.Since(w.began).Seconds(), fmt.Sprintf(format, args...))
}

// pass is a running pass, with the calls that it must not ask for.
type pass struct {
	*program
	w     *world
	full  bool // whether it archives everything
	again bool
	moved bool // whether time has passed in the meantime
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

// end waits for the pass, and compares its exit code with its results. The code must be one of
// codes; end returns it.
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

// waits reports whether some visible call waits for data that the vendor answers null for.
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

// asksNothingTwice checks that the pass did not ask about calls that were archived for good
// before.
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
	return archivetest.Strings(w.t, both(w.db.direct()), "SELECT key FROM ledger_units FINAL WHERE kind = 'call' AND state IN ('archived', 'empty', 'lost') AND events_of NOT IN ('troubled', 'off')")
}

// equal compares all relations with the truth, and the model with them.
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

// move lets time pass, also for a running pass. The vendor must still have all data that the
// archive lacks by then.
func (w *world) move(d time.Duration, under *pass) {
	w.t.Helper()
	to := w.clock.now().Add(d)
	if under != nil {
		under.moved = true
	}
	w.watch.moved(to.Unix())
	w.clock.set(w.t, to)
}

// behind reports whether the vendor would begin to drop data that is not archived yet if d
// passed.
func (w *world) behind(d time.Duration) bool {
	return w.complete.IsZero() || w.clock.now().Add(d).Sub(w.complete) > mostBehind
}
