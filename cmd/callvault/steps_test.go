package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/proxytest"
)

// step is one thing that may happen.
type step struct {
	name   string
	weight int
	run    func(*world)
}

func steps() []step {
	return []step{
		{"a pass, and a vendor in trouble", 6, (*world).faultyPass},
		{"a pass, and a vendor that misspeaks", 6, (*world).oddPass},
		{"a pass, killed at a request", 4, (*world).killedAtRequest},
		{"a pass, killed at a statement", 6, (*world).killedAtStatement},
		{"a pass that sleeps while another goes on", 2, (*world).sleepingPass},
		{"two passes at once", 2, (*world).twoPasses},
		{"ClickHouse ends in the middle of a pass", 4, (*world).restartedEngine},
		{"a bad network", 4, (*world).badNetwork},
		{"an acknowledgement is lost", 4, (*world).lostAnswer},
		{"time passes", 6, (*world).timePasses},
		{"time passes during a pass", 3, (*world).timePassesDuring},
		{"a pass over all again", 2, (*world).again},
		{"a narrow pass", 2, (*world).narrowPass},
		{"a pass for the events of some users", 4, (*world).someEvents},
	}
}

func drawStep(rng *rand.Rand) step {
	all := steps()
	total := 0
	for _, s := range all {
		total += s.weight
	}
	draw := rng.IntN(total)
	for _, s := range all {
		if draw -= s.weight; draw < 0 {
			return s
		}
	}
	panic("unreachable")
}

// pick draws one of several.
func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// statements lists the statements that write.
var statements = []string{
	"CREATE TABLE", "CREATE OR REPLACE VIEW",
	"INSERT INTO lease",
	"INSERT INTO ledger_units",
	"INSERT INTO hidden_loads (load_id, step) FORMAT", // opened, or abandoned by a purge
	"INSERT INTO raw_responses",
	"INSERT INTO rooms_data",
	"INSERT INTO user_sessions_data",
	"INSERT INTO quality_samples_data",
	"INSERT INTO user_events_data",
	"INSERT INTO unusual_events_data",
	"INSERT INTO daily_scale_data",
	"INSERT INTO quality_streams_data",
	"INSERT INTO call_users_data",
	"INSERT INTO peer_quality_data",
	"INSERT INTO calls_data",
	"INSERT INTO ledger_parts",
	"INSERT INTO hidden_loads (load_id, step) SELECT", // the commit
	"DELETE FROM",
	"ALTER TABLE ledger_parts DELETE",
	"ALTER TABLE hidden_loads DELETE",
}

// moment draws a statement and a side of it.
func (w *world) moment() proxytest.Rule {
	r := proxytest.Rule{
		Statement: pick(w.rng, statements...), N: pick(w.rng, 1, 1, 1, 2, 3),
		When: pick(w.rng, proxytest.Before, proxytest.After),
	}
	w.note("  %s the %d. %s", r.When, r.N, r.Statement)
	return r
}

// requests draws a number of requests that a pass may come to.
func (w *world) requests() int {
	n := 1 + w.rng.IntN(pick(w.rng, 10, 40, 120))
	w.note("  at request %d", n)
	return n
}

// work draws the arguments of a pass: now and then it archives everything again.
func (w *world) work() []string {
	if w.rng.IntN(3) > 0 {
		return nil
	}
	w.note("  --again")
	return []string{"--again"}
}

// faults draws the vendor's faults.
func (w *world) faults() string {
	all := []string{
		"error=0.08", "html=0.05", "cut=0.08", "reset=0.05", "null=0.1", "limit=0.08",
		"stall=0.05,stall-for=30ms", "slow=0.2,slow-for=30ms", "shift=1", "poison=0.15",
	}
	return w.drawn(all, 4)
}

// drawn are at most so many of all faults, with a seed.
func (w *world) drawn(all []string, most int) string {
	w.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return fmt.Sprintf("%s,seed=%d", strings.Join(all[:1+w.rng.IntN(most)], ","), w.rng.Uint64())
}

// misbehave has the vendor do what a text says.
func (w *world) misbehave(text string) {
	w.t.Helper()
	w.note("  %s", text)
	f, err := simulator.ParseFaults(text)
	if err == nil {
		err = w.vendor.SetFaults(f)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// someEvents makes a pass that does not ask for the events of all users: over a vendor in
// trouble, killed, or good. What was visible stays; a later pass asks for the rest.
func (w *world) someEvents() {
	w.watch.fewer()
	of := pick(w.rng, "troubled", "troubled", "off")
	w.note("  CALLVAULT_USER_EVENTS=%s", of)
	all := w.env
	w.env = append(slices.Clip(all), "CALLVAULT_USER_EVENTS="+of)
	defer func() { w.env = all }()
	switch w.rng.IntN(3) {
	case 0:
		w.misbehave(w.faults())
		w.watch.less(w.vendor.Poisoned())
		w.pass().part().end(exitDone, exitPartial)
	case 1:
		w.lease = shortLease
		w.atRequest(w.requests(), (*pass).kill).part().died()
	default:
		p := w.pass().part()
		p.end(exitDone)
		if n := w.db.number(w.t, "SELECT count() FROM ledger WHERE kind = 'call' AND part != '' AND state = 'failed'"); n > 0 {
			w.t.Errorf("%d parts are named as missing", n)
		}
	}
}

// part notes that the pass does not archive everything.
func (p *pass) part() *pass {
	p.full = false
	return p
}

func (w *world) faultyPass() {
	w.misbehave(w.faults())
	w.watch.less(w.vendor.Poisoned())
	code := w.pass(w.work()...).end(exitDone, exitPartial)
	if code == exitPartial && len(w.vendor.Poisoned()) == 0 {
		w.t.Error("the vendor could have been asked for everything")
	}
}

// oddities draws what is odd in the vendor's answers.
func (w *world) oddities() string {
	all := []string{
		"mutate=0.1", "mutate-sticky=0.05", "odd=0.01", "jumble=0.5", "page-size=3", "twice=0.1", "valueless=0.3",
		"listless=0.05", "date-times=0.3", "text-values=0.3", "failing-days=0.2", "busy=0.03", "gzip=0.3", "too-large=1800",
	}
	return w.drawn(all, 3)
}

// oddPass checks that odd answers cost only the odd data, and no visible rows.
func (w *world) oddPass() {
	w.misbehave(w.oddities())
	w.watch.misspeaks()
	w.pass(w.work()...).end(exitDone, exitPartial)
}

func (w *world) killedAtRequest() {
	w.lease = shortLease
	p := w.atRequest(w.requests(), (*pass).kill, w.work()...)
	p.died()
}

// atRequest starts a pass and calls do when a number of requests have come in. It does not
// call do if fewer come.
func (w *world) atRequest(n int, do func(*pass), args ...string) *pass {
	w.t.Helper()
	p, _ := w.meanwhile(func(do func()) { w.vendor.at(n, do) }, w.vendor.disarm, do, args)
	return p
}

// atStatement is atRequest for a statement on its way to ClickHouse.
func (w *world) atStatement(r proxytest.Rule, do func(*pass), args ...string) (p *pass, reached bool) {
	w.t.Helper()
	arm := func(do func()) {
		r.Do = do
		w.db.tap.Arm(r)
	}
	return w.meanwhile(arm, w.db.tap.Disarm, do, args)
}

// meanwhile starts a pass. It returns when do has been called, or when the pass has ended
// before. disarm reports which.
func (w *world) meanwhile(arm func(do func()), disarm func() (struck bool), do func(*pass), args []string) (p *pass, reached bool) {
	w.t.Helper()
	started, done := make(chan *pass, 1), make(chan struct{})
	arm(func() {
		defer close(done)
		do(<-started)
	})
	p = w.pass(args...)
	started <- p
	select {
	case <-done:
		return p, true
	case <-p.done:
	}
	if !disarm() {
		w.note("  it did not come to that")
		return p, false
	}
	<-done
	return p, true
}

func (w *world) killedAtStatement() {
	r := w.moment()
	r.Cut = true
	w.lease = shortLease
	p, _ := w.atStatement(r, (*pass).kill, w.work()...)
	p.died()
}

// sleepingPass stops a pass until its lease has expired and another pass has ended. When the
// pass wakes up, it changes nothing.
func (w *world) sleepingPass() {
	var p *pass
	w.lease = shortLease
	if w.rng.IntN(2) == 0 {
		p, _ = w.atStatement(w.moment(), (*pass).stop, w.work()...)
	} else {
		p = w.atRequest(w.requests(), (*pass).stop, w.work()...)
	}
	over := p.over
	p.over = func() {}
	w.lease = longLease
	for range 5 { // a renewal that was on its way may have come late
		if w.pass().end(exitDone, exitBusy) == exitDone {
			break
		}
	}
	before := w.checksums()
	p.signal(syscall.SIGCONT)
	p.wait(w.t)
	over()
	w.note("  the sleeper: exit %d%s", p.cmd.ProcessState.ExitCode(), firstLines(p.errs.String()))
	if after := w.checksums(); after != before {
		w.t.Errorf("the pass that woke up has changed the archive:\n%s\n%s", before, after)
	}
	w.equal()
}

func (p *pass) stop() { p.signal(syscall.SIGSTOP) }

// checksums sums up what a reader sees.
func (w *world) checksums() string {
	w.t.Helper()
	var b strings.Builder
	for _, relation := range simulator.Relations() {
		fmt.Fprintf(&b, "%s %d %d  ", relation, w.db.number(w.t, "SELECT count() FROM "+relation), w.db.number(w.t, "SELECT sum(cityHash64(*)) FROM "+relation))
	}
	return b.String()
}

func (w *world) twoPasses() {
	p := w.atRequest(6+w.requests(), func(*pass) { // the first ones are for the dialect, before the lease
		second := start(w.t, w.env, "archive", "--quiet")
		code := second.wait(w.t)
		if code != exitBusy || !strings.Contains(second.errs.String(), "another pass is running") {
			w.t.Errorf("the second pass: exit code %d\n%s", code, second.errs.String())
		}
	})
	p.end(exitDone)
}

func (w *world) restartedEngine() {
	hard := w.rng.IntN(3) > 0
	restart := func(*pass) { w.db.restart(w.t, hard) }
	var p *pass
	if w.rng.IntN(2) == 0 {
		p, _ = w.atStatement(w.moment(), restart, w.work()...)
	} else {
		p = w.atRequest(w.requests(), restart, w.work()...)
	}
	p.end(exitDone, exitFailed)
}

// badNetwork puts a toxic between the archiver and ClickHouse for a while.
func (w *world) badNetwork() {
	stream := pick(w.rng, "upstream", "downstream")
	toxic := pick(w.rng, "latency", "limit_data", "reset_peer", "timeout", "slow_close", "slicer", "bandwidth")
	attributes := map[string]any{
		"latency": 20, "jitter": 20, "bytes": 1000 + w.rng.IntN(200_000), "timeout": w.rng.IntN(300),
		"delay": 100, "average_size": 20_000, "size_variation": 5000, "rate": 20_000,
	}
	w.note("  %s %s, %v bytes", toxic, stream, attributes["bytes"])
	p := w.atRequest(w.requests(), func(*pass) { w.db.toxic.Add(w.t, toxic, stream, attributes) }, w.work()...)
	if harmless := toxic == "latency" || toxic == "slicer" || toxic == "bandwidth" || toxic == "slow_close"; !harmless {
		for range 1 + w.rng.IntN(3) { // connections that fail, one after the other
			w.untilRequestOr(p, 1+w.rng.IntN(20))
		}
		w.db.toxic.Clear(w.t)
	}
	p.end(exitDone, exitFailed)
	w.db.toxic.Clear(w.t)
}

// untilRequestOr waits for more requests, for half a second, or for the end of
// the pass, whichever comes first.
func (w *world) untilRequestOr(p *pass, n int) {
	more := make(chan struct{})
	w.vendor.at(n, func() { close(more) })
	select {
	case <-more:
	case <-time.After(500 * time.Millisecond):
	case <-p.done:
	}
}

// lostAnswer cuts the connection after a statement has run and before the client knows it.
func (w *world) lostAnswer() {
	r := w.moment()
	r.Cut = true
	p, _ := w.atStatement(r, func(*pass) {}, w.work()...)
	p.end(exitDone, exitFailed)
}

// some draws a time that may pass between two steps.
func (w *world) some() time.Duration {
	return pick(w.rng, time.Minute, 10*time.Minute, 20*time.Minute, time.Hour, 5*time.Hour, 12*time.Hour, 21*time.Hour) +
		time.Duration(w.rng.IntN(600))*time.Second
}

func (w *world) timePasses() {
	d := w.some()
	w.note("  %s", d)
	w.catchUp(d)
	w.move(d, nil)
}

// catchUp makes a good pass if something would be lost otherwise.
func (w *world) catchUp(d time.Duration) {
	if w.behind(d) {
		w.note("  a good pass before")
		w.pass().end(exitDone)
	}
}

func (w *world) timePassesDuring() {
	d := pick(w.rng, time.Second, time.Minute, 16*time.Minute, time.Hour)
	w.note("  %s", d)
	w.catchUp(d)
	p := w.atRequest(w.requests(), func(p *pass) { w.move(d, p) }, w.work()...)
	p.end(exitDone, exitPartial)
}

func (w *world) again() {
	p := w.pass("--again")
	p.end(exitDone)
}

func (w *world) narrowPass() {
	args := pick(w.rng,
		[]string{"--from", "12h"}, []string{"--to", "12h"}, []string{"--from", "30h", "--to", "3h"},
		[]string{"--app", joined(w.vendor.Apps()[:1])}, []string{"--room", w.someRoom()})
	w.note("  %v", args)
	w.pass(args...).end(exitDone)
}

func (w *world) someRoom() string {
	var ids []string
	for r := range w.truth(w.clock.now()).Rooms() {
		ids = append(ids, r.RoomID)
	}
	return pick(w.rng, ids...)
}
