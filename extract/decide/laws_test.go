package decide

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/transform"
)

// The laws of a decision, whatever the vendor answers:
//
//   - No second of a user is in two parts, and no second that was answered, or is settled
//     in the archive, is asked for again.
//   - Nothing is settled that an answer has left open: seconds after SettledTo, seconds of
//     a user who lacks something, seconds of a window that failed.
//   - Every second in which a user is known to have been present, as far as the vendor
//     keeps it, is settled, open or missing.
//   - The ledger says archived only if nothing is missing and nothing can change. Its
//     held_until is before the first missing second. Lost parts remain named.
//   - The decision ends.
func FuzzLaws(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		f.Add(randomBytes(rng))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 5000 {
			return
		}
		if err := live(data); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLaws(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 5000 {
		data := randomBytes(rng)
		if err := live(data); err != nil {
			t.Fatalf("seed %d: %v\n%x", seed, err, data)
		}
	}
}

func randomBytes(rng *rand.Rand) []byte {
	data := make([]byte, rng.IntN(400))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// life is one call in one pass. The bytes decide the vendor's answers. After the last byte
// all answers are good.
type life struct {
	data  []byte
	call  *Call
	parts map[part][]piece // the result, by kind and user
	asked int
	errs  []error
}

type part struct {
	kind call.PartKind
	user string
}

// piece is a span of seconds with its state: settled before, settled, open or missing.
type piece struct {
	call.Owned
	state string
}

// one returns a number below n.
func (l *life) one(n int) int {
	if len(l.data) == 0 {
		return 0
	}
	x := int(l.data[0]) % n
	l.data = l.data[1:]
	return x
}

func (l *life) failf(format string, args ...any) {
	l.errs = append(l.errs, fmt.Errorf(format, args...))
}

const now = 2_000_000_000

// at returns so many minutes before now.
func at(minutes int) time.Time { return time.Unix(now-int64(minutes)*60, 0).UTC() }

// live runs a life and returns the first law that it breaks.
func live(data []byte) error {
	l := &life{data: data, parts: map[part][]piece{}}
	l.begin()
	first := l.first()
	list := l.users(first)
	l.call.TakeUsers(list)
	var more []call.Session
	for _, w := range l.call.UnnamedWindows(list) {
		more = append(more, l.unnamed(w)...)
	}
	list.Add(more, nil)
	all := MergeSessions(l.call.Held.Sessions, list.Sessions)
	l.call.SetPresence(all, list.Unreadable)
	if first != nil && len(list.Unnamed) == 0 {
		l.takeUnnamed(first.window, first.sessions, first.lacks)
	}
	if !list.Window.Start.IsZero() {
		owned, settledTo := l.call.UsersPart(list)
		l.own(call.PartUsers, []call.Owned{owned}, settledTo)
		if !list.BrokenFrom.IsZero() && settledTo >= uint32(list.BrokenFrom.Unix()) {
			l.failf("sessions are settled to %d, and broken from %d", settledTo, list.BrokenFrom.Unix())
		}
	}
	l.call.Widen(all, l.call.Oldest)
	there := append(all[:len(all):len(all)], list.Unreadable...)
	for _, r := range l.call.SeriesRequests(there) {
		l.series(r)
	}
	for _, user := range l.call.EventUsers(there) {
		l.events(user)
	}
	l.covered(there)
	l.entry()
	if len(l.errs) > 0 {
		return l.errs[0]
	}
	return nil
}

// begin begins a call that may run, be new, or be archived in part.
func (l *life) begin() {
	created := 10 + l.one(250)
	b := Before{
		Asked: at(0), Oldest: at(60 + l.one(256)), Settle: time.Duration(l.one(30)) * time.Minute, Retention: 300 * time.Minute,
		Limits: plan.Limits{Window: time.Hour, Users: 6}, Again: l.one(4) == 1,
		Room: call.Room{CommID: "c", RoomID: "r", CreatedAt: at(created)},
	}
	if l.one(4) > 0 {
		b.Room.Finished, b.Room.DestroyedAt = true, at(l.one(created))
	}
	if l.one(8) == 1 {
		b.RowProblem, b.Room.RoomID, b.NoCreation = "room: odd", "", l.one(2) == 1
	}
	if b.InLedger = l.one(2) == 1; b.InLedger {
		b.Ledger = ledger.Entry{State: ledger.Provisional, StartsAt: at(created), HeldUntil: at(l.one(created)), Attempts: l.one(5)}
		if l.one(2) == 1 {
			b.Ledger.Failed = []ledger.FailedPart{{Kind: call.PartSeries, Key: ledger.BeforeKey + "then", Reason: "dropped", Attempts: 1}}
		}
	}
	l.call = Begin(b)
	if !b.InLedger || l.call.Replaces {
		return
	}
	held := uint32(b.Ledger.HeldUntil.Unix())
	for i := range l.one(4) {
		o := call.Owned{User: user(i), From: uint32(at(created).Unix()), To: held}
		l.hold(call.PartSeries, o)
		if l.one(2) == 1 {
			l.hold(call.PartEvents, o)
		}
	}
	if l.one(2) == 1 {
		l.hold(call.PartUsers, call.Owned{From: uint32(at(created).Unix()), To: held})
	}
}

func user(i int) string { return string(rune('a' + i)) }

// hold gives the archive a settled part.
func (l *life) hold(kind call.PartKind, o call.Owned) {
	l.call.Held.Parts = append(l.call.Held.Parts, call.Part{Kind: kind, Owned: []call.Owned{o}})
	l.put(kind, o, "held")
}

// put notes the state of seconds, which must be in no other part.
func (l *life) put(kind call.PartKind, o call.Owned, state string) {
	of := part{kind, o.User}
	for _, x := range l.parts[of] {
		if o.From <= x.To && x.From <= o.To {
			l.failf("%s of %q: %d-%d is %s, and %d-%d is %s", kind, o.User, x.From, x.To, x.state, o.From, o.To, state)
		}
	}
	if o.From > o.To {
		l.failf("%s of %q: %d-%d has no seconds", kind, o.User, o.From, o.To)
	}
	l.parts[of] = append(l.parts[of], piece{o, state})
}

// own notes a part that came, settled up to a second.
func (l *life) own(kind call.PartKind, owned []call.Owned, settledTo uint32) {
	settled, open := SplitOwned(owned, settledTo)
	for _, o := range settled {
		if l.put(kind, o, "settled"); o.To > l.call.SettledTo {
			l.failf("%s of %q: %d-%d is settled after %d", kind, o.User, o.From, o.To, l.call.SettledTo)
		}
	}
	for _, o := range open {
		l.put(kind, o, "open")
	}
}

// sessions returns sessions that an answer about a window may have.
func (l *life) sessions(w call.Window) (sessions []call.Session) {
	minutes := int(w.End.Sub(w.Start)/time.Minute) + 1
	for range l.one(10) {
		s := call.Session{UserID: user(l.one(9)), JoinedAt: w.Start.Add(time.Duration(l.one(minutes)) * time.Minute), RoomID: "r"}
		if l.one(5) > 0 {
			s.Finished, s.LeftAt = true, s.JoinedAt.Add(time.Duration(l.one(90))*time.Minute)
		}
		sessions = append(sessions, s)
	}
	return sessions
}

// lacks judges an answer that may be null, late or damaged for some users.
func (l *life) lacks(r plan.Request, sessions []call.Session) Lacks {
	lacks := Lacks{}
	var null []call.Series
	for range l.one(3) {
		null = append(null, call.Series{UserID: user(l.one(9))})
	}
	l.call.AddNulls(lacks, l.call.SeriesNulls(r, sessions, l.one(6) == 1, null))
	named := l.call.Named(r, sessions, &call.Samples{})
	if l.one(5) == 1 {
		AddDamage(lacks, named, []transform.Damage{{What: "series", User: []string{"", "a", "b"}[l.one(3)], Problem: "odd"}})
	}
	return lacks
}

// answer is an answer that names its users itself.
type answer struct {
	window   call.Window
	sessions []call.Session
	lacks    Lacks
}

// first asks the first question. It returns nil if it was not asked or not answered.
func (l *life) first() *answer {
	w, ok := l.call.FirstWindow()
	if !ok || l.one(4) == 1 {
		return nil
	}
	sessions := l.sessions(w)
	return &answer{w, sessions, l.lacks(plan.Request{Window: w}, sessions)}
}

// unnamed asks for a window without naming users.
func (l *life) unnamed(w call.Window) []call.Session {
	if l.one(4) == 1 {
		l.call.Miss(call.PartSeries, WindowKey(w), w.Start, Failure{Reason: "no"})
		return nil
	}
	sessions := l.sessions(w)
	l.takeUnnamed(w, sessions, l.lacks(plan.Request{Window: w}, sessions))
	return sessions
}

func (l *life) takeUnnamed(w call.Window, sessions []call.Session, lacks Lacks) {
	r := l.call.Named(plan.Request{Window: w}, sessions, &call.Samples{})
	if len(r.Users) > 0 {
		l.took(l.call.TakeUnnamed(r, lacks))
	}
}

// took notes the result of an answer.
func (l *life) took(whole, partial plan.Request, _ string) {
	l.own(call.PartSeries, Owned(whole), l.call.SettledTo)
	for _, o := range Owned(partial) {
		l.put(call.PartSeries, o, "missing")
	}
}

// users reads the user list.
func (l *life) users(first *answer) *UserList {
	var seen []call.Session
	if first != nil {
		if info := (transform.Info{HasTotal: true, Total: len(first.sessions)}); l.one(2) == 1 && l.call.NamesAll(first.sessions, info) {
			return l.call.WholeList(first.window, first.sessions, nil)
		}
		seen = first.sessions
	}
	list, windows := l.call.NewUserList(seen, 4*time.Hour)
	for _, w := range windows {
		l.usersOf(list, w)
	}
	if len(windows) > 0 {
		list.Judge(l.one(5) == 1)
		list.Close()
	}
	return list
}

// usersOf reads a window of the user list.
func (l *life) usersOf(list *UserList, w call.Window) {
	list.BeginWindow()
	sessions := l.sessions(w)
	info := transform.Info{HasTotal: true, Total: len(sessions) + l.one(8)/7, Received: len(sessions)}
	if l.one(4) == 1 {
		damage := transform.Damage{What: "session", Problem: "odd"}
		if l.one(2) == 1 {
			damage.Session = &call.Session{UserID: "x"}
		}
		info.Damage = append(info.Damage, damage)
	}
	if l.one(8) == 1 {
		list.Miss(w, Failure{Reason: "no"}, false)
		return
	}
	list.Page(w, sessions, info)
	if l.one(8) == 1 {
		list.EndlessWindow(w)
		list.Miss(w, Failure{Reason: "endless"}, true)
		return
	}
	list.EndWindow(w, info.Total, true, len(sessions), len(sessions) < info.Total)
}

// series asks for a request, and for its halves if it fails.
func (l *life) series(r plan.Request) {
	if l.asked++; l.asked > 10_000 {
		l.failf("%d requests, and no end", l.asked)
		return
	}
	if l.one(4) != 1 {
		l.took(l.call.TakeSeries(r, l.lacks(r, nil)))
		return
	}
	if a, b, ok := Halves(r); ok && l.one(2) == 1 {
		l.series(a)
		l.series(b)
		return
	}
	l.call.MissSeries(r, Failure{Reason: "no"})
	for _, o := range Owned(r) {
		l.put(call.PartSeries, o, "missing")
	}
}

// events asks for a user's log.
func (l *life) events(user string) {
	w, ok := l.call.EventWindow(user, at(0))
	if !ok {
		return
	}
	log := &EventLog{}
	switch l.one(5) {
	case 1:
		_, log.Entered = l.call.EventsNull(user, w)
	case 2:
		log.Reason = "no"
		l.call.Miss(call.PartEvents, user, w.Start, Failure{Reason: log.Reason})
	}
	owned, settledTo, keep := l.call.TakeEvents(user, w, log)
	if missing := log.Reason != "" || !log.Entered.IsZero(); missing || keep {
		if !missing || !keep && log.Reason == "" || owned.From <= settledTo {
			l.failf("events of %q: null %v, %q, and settled from %d to %d", user, log.Entered, log.Reason, owned.From, settledTo)
		}
		if keep { // before the user entered nothing is due
			owned.From = uint32(log.Entered.Unix())
		}
		l.put(call.PartEvents, owned, "missing")
		return
	}
	l.own(call.PartEvents, []call.Owned{owned}, settledTo)
}

// covered checks that every second in which a user was present is in a part.
func (l *life) covered(sessions []call.Session) {
	for _, s := range sessions {
		w := within(s, l.call.Alive)
		next := uint32(w.Start.Unix())
		for next <= uint32(w.End.Unix()) && !w.End.Before(w.Start) {
			last := l.partAt(s.UserID, next)
			if last == 0 {
				l.failf("second %d of %q is in no part: %v", next, s.UserID, l.parts[part{call.PartSeries, s.UserID}])
				return
			}
			next = after(last)
		}
	}
}

// partAt returns the last second of the part of a user's series that has a second, 0 if
// none has.
func (l *life) partAt(user string, second uint32) uint32 {
	for _, x := range l.parts[part{call.PartSeries, user}] {
		if x.From <= second && second <= x.To {
			return x.To
		}
	}
	return 0
}

// entry compares the entry for the ledger with what happened to the call.
func (l *life) entry() {
	c, e := l.call, l.call.Entry(call.Unit{Kind: call.UnitCall, Key: "c"})
	missing := len(c.Failed)+len(c.Null) > 0
	switch {
	case e.State != ledger.Archived && e.State != ledger.Provisional:
		l.failf("the call is %s", e.State)
	case (e.State == ledger.Archived) != (c.Ended && !missing):
		l.failf("the call is %s, ended %v, missing %v", e.State, c.Ended, missing)
	case missing && e.Reason == "", missing && len(e.Failed) == 0:
		l.failf("nothing says what is missing: %+v", e)
	case gone(e.Failed) < len(c.Ledger.Failed):
		l.failf("what was lost is named no more: %+v", e)
	case e.Deadline.Before(e.StartsAt):
		l.failf("the deadline is before the call: %+v", e)
	}
	for of, pieces := range l.parts {
		for _, x := range pieces {
			if x.state == "missing" && !e.HeldUntil.Before(second(x.From)) && !c.NullAccepted {
				l.failf("held until %d, and %s of %q is missing from %d on", e.HeldUntil.Unix(), of.kind, of.user, x.From)
			}
			if e.State == ledger.Archived && x.state != "settled" && x.state != "held" {
				l.failf("the call is archived, and %s of %q is %s", of.kind, of.user, x.state)
			}
		}
	}
}

// gone counts the parts that are lost.
func gone(failed []ledger.FailedPart) (n int) {
	for _, f := range failed {
		if f.Gone() {
			n++
		}
	}
	return n
}
