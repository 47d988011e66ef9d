package extract_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
)

// truth compares a vault with the simulator's truth.
type truth struct {
	*nights
	asked []time.Time     // times of complete passes
	cuts  []time.Time     // times of interrupted passes
	done  map[string]sums // calls that are final and were found right
	long  map[string]bool // calls with a user without samples, for whom null is accepted after a few passes
	waits map[string]bool // calls that have waited for samples
	named map[string]bool // calls that a report has named as lost, in full or in part
}

func newTruth(n *nights) *truth {
	t := &truth{nights: n, done: map[string]sums{}, named: map[string]bool{}, long: map[string]bool{}, waits: map[string]bool{}}
	for r := range n.vendor.sim.Truth(time.Now().Add(300 * 24 * time.Hour)).Rooms() {
		if r.DestroyedAt-r.CreatedAt > int64(retention/time.Second) {
			t.long[r.CommID] = true
		}
	}
	return t
}

// waiting reports whether a call may wait, or may have failed after the vendor reported
// more before, because null is not accepted yet.
func (t *truth) waiting(e ledger.Entry) bool {
	_, muted := t.muted()[e.Unit.Key]
	return e.Waits() && (t.long[e.Unit.Key] || muted) && (e.Attempts <= decide.AcceptNullAfter || poisonedCall(e.Unit.Key))
}

// lacks reports whether a call may have parts set aside because of the vendor's faults of
// this night.
func (t *truth) lacks(e ledger.Entry) bool {
	return e.Lacks() && e.Unit.Kind == call.UnitCall && t.vendor.poison.Load() && poisonedCall(e.Unit.Key)
}

// partly returns what is wrong with a call that has parts set aside: it has rows that are
// not true, or lacks rows of a kind that is not missing.
func (t *truth) partly(at time.Time, e ledger.Entry) string {
	kinds := map[string]string{"Room": "room", "UserSession": "users", "QualitySample": "series", "UserEvent": "events"}
	count := t.difference(t.is(at), e.Unit.Key)
	most := t.difference(t.vendor.sim.Truth(at), e.Unit.Key)
	for row, n := range count {
		kind := kinds[strings.TrimPrefix(fmt.Sprintf("%T", row), "simulator.")]
		if n < 0 && most[row] < 0 && !mayHaveEnded(row) || n > 0 && t.exact && !mayHaveEnded(row) && !slices.Contains(e.Missing(), kind) {
			return tell(count)
		}
	}
	return ""
}

// muted returns, by call, the users whose series the vendor does not report now.
func (t *truth) muted() map[string]string {
	users := map[string]string{}
	for _, m := range t.vendor.sim.Muted() {
		users[m.CommID] = m.UserID
	}
	return users
}

// excused reports whether a call that is lost in part may lack data that could be fetched.
func (t *truth) excused(id string) bool { return poisonedCall(id) || t.long[id] || t.waits[id] }

// check compares everything after a complete pass.
func (t *truth) check(p *pass) {
	t.Helper()
	t.asked = append(t.asked, p.at)
	where := p.at.UTC().Format(time.RFC3339)
	t.checkCalls(where, p.at)
	t.checkDays(where, p.at)
	t.checkHours(where, p.at)
	t.checkLedger(where, p)
}

// is returns the truth that the vault must equal.
func (t *truth) is(at time.Time) *simulator.Truth {
	all := t.vendor.sim.Truth(at)
	if t.exact {
		return all.Asked(t.asked...)
	}
	return all.Since(t.asked[0])
}

// checkCalls compares the calls that are not in done.
func (t *truth) checkCalls(where string, at time.Time) {
	t.Helper()
	have := t.visible(call.UnitCall)
	want := contentByCall(t.is(at).Except(slices.Collect(maps.Keys(t.done))...))
	for id, got := range have {
		e := t.vault.ledger[call.Unit{App: t.app(), Kind: call.UnitCall, Key: id}]
		if was, done := t.done[id]; done {
			if got != was {
				t.Errorf("%s: call %s has changed though it was final", where, id)
			}
			continue
		}
		if t.lacks(e) {
			if wrong := t.partly(at, e); wrong != "" {
				t.Errorf("%s: call %s (%s, %s): %s", where, id, e.State, e.Reason, wrong)
			}
			continue
		}
		if !t.compared(e) {
			continue
		}
		if got != want[id] && !t.between(at, e) {
			t.Errorf("%s: call %s (%s, %s): %s", where, id, e.State, e.Reason, tell(t.difference(t.is(at), id)))
		}
		if e.State.Final() {
			t.done[id] = got
		}
	}
	for _, id := range t.calls(t.is(at.Add(-t.haze()))) {
		e, known := t.vault.ledger[call.Unit{App: t.app(), Kind: call.UnitCall, Key: id}]
		if _, ok := have[id]; !ok && (!known || t.compared(e)) {
			t.Errorf("%s: call %s is missing (ledger: %+v)", where, id, e)
		}
	}
}

// between checks a call of which data was lost, or which an interrupted pass has seen. It
// reports whether every row is true, or was true when such a pass was made, and whether the
// call has everything that complete passes must have got, except data that the vendor does
// not report yet.
func (t *truth) between(at time.Time, e ledger.Entry) bool {
	muted, some := t.muted()[e.Unit.Key]
	if e.Reason == "" && len(t.cuts) == 0 && !some {
		return false
	}
	least := t.difference(t.is(at), e.Unit.Key)
	most := []map[any]int{least, t.difference(t.vendor.sim.Truth(at), e.Unit.Key)}
	for n := range t.cuts {
		most = append(most, t.difference(t.withCuts(at, n), e.Unit.Key))
	}
	for row, n := range least {
		if r, ok := row.(simulator.QualitySample); ok && n > 0 && some && !e.State.Final() && r.UserID == muted {
			continue // later than this
		}
		excused := t.excused(e.Unit.Key) && (e.State == ledger.Lost || saysLost(e.Reason))
		if n > 0 && !excused && !mayHaveEnded(row) {
			return false
		}
		if n < 0 && excused && e.State == ledger.Lost && mayHaveEnded(row) {
			continue // seen while the call went on
		}
		if n < 0 && !slices.ContainsFunc(most, func(m map[any]int) bool { return m[row] >= 0 }) {
			return false
		}
	}
	return true
}

// mayHaveEnded reports whether a later pass may replace a row by one with an end.
func mayHaveEnded(row any) bool {
	switch r := row.(type) {
	case simulator.Room:
		return !r.IsFinished
	case simulator.UserSession:
		return !r.IsFinished
	}
	return false
}

// withCuts returns the truth as if the interrupted passes from the nth on had been
// complete.
func (t *truth) withCuts(at time.Time, n int) *simulator.Truth {
	return t.vendor.sim.Truth(at).Asked(slices.Concat(t.asked, t.cuts[n:])...)
}

// haze returns the uncertainty about the vendor's data: its clock may differ.
func (t *truth) haze() time.Duration {
	if t.exact {
		return 0
	}
	return 2 * time.Minute
}

// compared reports whether the rows of a unit must equal the truth now.
func (t *truth) compared(e ledger.Entry) bool {
	return e.State.Final() || t.exact && e.State == ledger.Provisional
}

func (t *truth) app() call.AppID { return call.AppID(t.vendor.sim.Apps()[0]) }

// visible returns the visible content of each unit of a kind.
func (t *truth) visible(kind call.UnitKind) map[string]sums {
	all := map[string]sums{}
	for u, s := range t.vault.units {
		if u.Kind != kind || len(s.visible) == 0 {
			continue
		}
		var sum sums
		for _, b := range s.visible {
			for _, p := range b.parts {
				sum.add(p.sums)
			}
		}
		all[u.Key] = sum
	}
	return all
}

// contentByCall returns the truth of each call.
func contentByCall(truth *simulator.Truth) map[string]sums {
	all := map[string]*sums{}
	add := func(id string, relation int, c content) {
		if all[id] == nil {
			all[id] = &sums{}
		}
		all[id][relation].add(c)
	}
	for r := range truth.Rooms() {
		add(r.CommID, rooms, one(r))
	}
	for r := range truth.UserSessions() {
		add(r.CommID, sessions, one(r))
	}
	for r := range truth.UserEvents() {
		add(r.CommID, events, one(r))
	}
	var h hasher
	for r := range truth.QualitySamples() {
		add(r.CommID, samples, h.sample(r))
	}
	out := make(map[string]sums, len(all))
	for id, s := range all {
		out[id] = *s
	}
	return out
}

// checkHours compares the unusual events hour by hour.
func (t *truth) checkHours(where string, at time.Time) {
	t.Helper()
	t.compareUnits(where, at, call.UnitUnusual, func(truth *simulator.Truth) map[string]sums {
		want := map[string]sums{}
		for r := range truth.UnusualEvents() {
			hour := time.Unix(r.TS, 0).UTC().Truncate(time.Hour).Format(time.RFC3339)
			s := want[hour]
			s[unusual].add(one(r))
			want[hour] = s
		}
		return want
	})
}

// checkDays compares the daily scale.
func (t *truth) checkDays(where string, at time.Time) {
	t.Helper()
	t.compareUnits(where, at, call.UnitScale, func(truth *simulator.Truth) map[string]sums {
		want := map[string]sums{}
		for r := range truth.DailyScale() {
			var s sums
			s[days].add(one(r))
			want[time.Unix(r.DayStart, 0).UTC().Format(time.RFC3339)] = s
		}
		return want
	})
}

// compareUnits compares units that are not calls.
func (t *truth) compareUnits(where string, at time.Time, kind call.UnitKind, content func(*simulator.Truth) map[string]sums) {
	t.Helper()
	have, want := t.visible(kind), content(t.is(at))
	between := func(key string, got sums) bool {
		for n := range t.cuts {
			if t.exact && got == content(t.withCuts(at, n))[key] {
				return true
			}
		}
		return false
	}
	for key, got := range have {
		e := t.vault.ledger[call.Unit{App: t.app(), Kind: kind, Key: key}]
		if t.compared(e) && got != want[key] && !between(key, got) {
			t.Errorf("%s: %s %s (%s, %s): has %v, the truth is %v", where, kind, key, e.State, e.Reason, got, want[key])
		}
	}
	for key := range want {
		if _, ok := have[key]; !ok {
			e := t.vault.ledger[call.Unit{App: t.app(), Kind: kind, Key: key}]
			if t.exact || t.compared(e) {
				t.Errorf("%s: %s %s is missing (ledger: %+v)", where, kind, key, e)
			}
		}
	}
}
