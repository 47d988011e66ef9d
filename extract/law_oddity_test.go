package extract_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
)

// oddity is the odd behaviour of the vendor in a pass.
type oddity struct {
	faults   simulator.Faults
	touches  []touch
	madeUp   bool // it sends rows that it has made up
	requests int
	time     time.Duration
	passes   time.Duration // after which the vendor is healthy; 0: after the pass
	only     []int         // relations that it touches; none: all
}

func (o oddity) String() string { return o.faults.String() }

// touch reports whether an oddity may touch a unit; a call took from first to last.
type touch func(l *law, u call.Unit, first, last int64) bool

func nothing(*law, call.Unit, int64, int64) bool    { return false }
func everything(*law, call.Unit, int64, int64) bool { return true }

func kind(k call.UnitKind) touch {
	return func(_ *law, u call.Unit, _, _ int64) bool { return u.Kind == k }
}

func drawn(k simulator.FaultKind) touch {
	return func(l *law, u call.Unit, _, _ int64) bool {
		return u.Kind == call.UnitCall && slices.Contains(l.vendor.sim.Drawn(k), u.Key)
	}
}

func valueless(l *law, u call.Unit, _, _ int64) bool {
	return l.touched.Calls[valuelessKey+u.Key]
}

// valuelessKey begins the keys of calls with a user without values.
const valuelessKey = "valueless "

func failingDays(l *law, u call.Unit, first, last int64) bool {
	const day = 24 * 3600
	if u.Kind != call.UnitCall {
		return false
	}
	for at := first - first%day; at <= last; at += day {
		if l.vendor.sim.FailingDay(uint32(u.App), time.Unix(at, 0)) {
			return true
		}
	}
	return false
}

// mutated decides by the simulator's record of its mutations and odd values.
func mutated(l *law, u call.Unit, first, last int64) bool {
	all := l.touched
	start, _ := time.Parse(time.RFC3339, u.Key)
	at := simulator.TouchedAt{SdkAppID: uint32(u.App), Start: start.Unix()}
	switch u.Kind {
	case call.UnitUnusual:
		return all.Unusual[at]
	case call.UnitScale:
		return all.Scale[at]
	}
	return all.Call(uint32(u.App), u.Key, first, last)
}

// habit is an oddity as text, and the data that it may touch.
type habit struct {
	text  string
	touch touch
}

// of returns the kinds of units that an action concerns.
func (l *law) of(action string) touch {
	switch action {
	case l.dialect.Unusual:
		return kind(call.UnitUnusual)
	case l.dialect.Scale:
		return kind(call.UnitScale)
	}
	return kind(call.UnitCall)
}

// drawOddity draws the mutator, or one or two habits.
func (l *law) drawOddity() (o oddity) {
	var texts []string
	var pick func(n int) habit
	add := func(h habit) { texts, o.touches = append(texts, h.text), append(o.touches, h.touch) }
	if l.chance.IntN(2) == 0 {
		add(l.drawMutation())
	} else {
		all := l.habits()
		pick = func(n int) habit { return all[n] }
		n := l.chance.IntN(len(all))
		if add(pick(n)); l.chance.IntN(3) == 0 {
			// A list that breaks off before it is known to have no end costs all the rows
			// that were made up until then.
			endless := func(h habit) bool { return name(h) == "endless" }
			if m := l.chance.IntN(len(all)); name(all[m]) != name(all[n]) && !endless(all[n]) && !endless(all[m]) {
				add(pick(m))
			}
		}
	}
	texts = append(texts, fmt.Sprint("seed=", 1+l.chance.Uint64N(1<<62)))
	var err error
	if o.faults, err = simulator.ParseFaults(strings.Join(texts, ",")); err != nil {
		l.Fatal(err)
	}
	o.allow()
	return o
}

func name(h habit) string { n, _, _ := strings.Cut(h.text, "="); return n }

// allow sets how many more requests, and how much more time, an oddity may take.
func (o *oddity) allow() {
	o.madeUp = len(o.faults.Endless) > 0
	o.requests = 400
	if o.madeUp {
		o.requests, o.time = 30_000, time.Hour // the pass asks for everything that is made up
	}
	if len(o.faults.Hang) > 0 || o.faults.DeepPages > 0 { // each page that is too deep is asked for again, like any passing fault
		o.time = time.Hour
	}
	for _, k := range o.faults.Flood {
		o.madeUp = o.madeUp || k == simulator.FloodRows
		o.time = time.Hour
	}
}

func (o oddity) touched(l *law, u call.Unit, first, last int64) bool {
	return slices.ContainsFunc(o.touches, func(t touch) bool { return t(l, u, first, last) })
}

func (l *law) drawMutation() habit {
	rate := []float64{0.02, 0.1, 0.3}[l.chance.IntN(3)]
	switch l.chance.IntN(3) {
	case 0:
		return habit{fmt.Sprintf("mutate=%v,mutate-once=true", min(1, 3*rate)), mutated}
	case 1:
		return habit{fmt.Sprintf("mutate-sticky=%v", rate), mutated}
	}
	return habit{fmt.Sprintf("mutate=%v", rate), mutated}
}

// habits returns all habits, each as drawn for this seed.
func (l *law) habits() []habit {
	d := l.dialect
	one := func(all ...string) string { return all[l.chance.IntN(len(all))] }
	lists := one(d.RoomList, d.Users, d.Users, d.Users) // each made-up call takes requests
	action := one(d.RoomList, d.Users, d.Series, d.UserEvents, d.Unusual, d.Scale)
	code := one("InternalError", "LimitExceeded.X", "ServiceUnavailable", "ResourceInsufficient", "ResponseSizeLimitExceeded", "UnsupportedOperation", "InvalidParameterValue", "Nonsense")
	endless := kind(call.UnitCall)
	if lists == d.RoomList {
		endless = nothing
	}
	return []habit{
		{"jumble=" + one("0.3", "1"), kind(call.UnitCall)},
		{"page-size=" + one("7", "20", "50"), nothing},
		{"twice=" + one("0.1", "0.5", "1"), nothing},
		{"valueless=" + one("0.2", "1"), valueless},
		{"text-values=" + one("0.3", "1"), nothing},
		{"date-times=" + one("0.3", "1"), drawn(simulator.FaultDateTimes)},
		{"listless=" + one("0.02", "0.2", "1"), everything},
		{"odd=" + one("0.0001", "0.01", "0.2"), mutated},
		{"failing-days=" + one("0.3", "1"), failingDays},
		{"deep-pages=" + one("40", "100"), kind(call.UnitCall)},
		{"endless=" + lists, endless},
		{"same-page=" + lists, kind(call.UnitCall)},
		{"too-large=" + one("1800", "3000", "7200"), nothing},
		{"busy=" + one("0.05", "0.3"), nothing},
		{"gzip=" + one("0.2", "1"), nothing},
		{"down-for=" + one("3s", "10s"), nothing},
		{"hang=" + action + ",hang-for=" + one("5s", "100s", "1h"), l.of(action)},
		{"code=" + action + ":" + code, l.of(action)},
		{"flood=" + action + ":" + one("spaces", "deep", "length"), l.of(action)},
	}
}
