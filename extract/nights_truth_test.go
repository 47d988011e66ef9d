package extract_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
)

// truth holds a vault against the simulator's truth.
type truth struct {
	*nights
	asked []time.Time     // when passes were made that came to their end
	done  map[string]sums // calls that are final and were found right
}

func newTruth(n *nights) *truth { return &truth{nights: n, done: map[string]sums{}} }

// check compares after a pass that came to its end.
func (t *truth) check(p *pass) {
	t.Helper()
	t.asked = append(t.asked, p.at)
	where := p.at.UTC().Format(time.RFC3339)
	t.checkCalls(where, p.at)
	t.checkDays(where, p.at)
	t.checkHours(where, p.at)
	t.checkLedger(where, p)
}

// is is the truth that the vault must equal.
func (t *truth) is(at time.Time) *simulator.Truth {
	all := t.vendor.sim.Truth(at)
	if t.exact {
		return all.Asked(t.asked...)
	}
	return all.Since(t.asked[0])
}

// checkCalls compares the calls that have not been found right for good.
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
		if !t.compared(e) {
			continue
		}
		if got != want[id] {
			t.Errorf("%s: call %s (%s, %s): %s", where, id, e.State, e.Reason, t.difference(at, id))
			t.Log(t.nulls, t.debugParts(id, dbgUser))
		}
		if e.State.Final() {
			t.done[id] = got
		}
	}
	for id := range want {
		e, known := t.vault.ledger[call.Unit{App: t.app(), Kind: call.UnitCall, Key: id}]
		if _, ok := have[id]; !ok && (!known || t.compared(e)) {
			t.Errorf("%s: call %s is missing (ledger: %+v)", where, id, e)
		}
	}
}

// compared says whether the rows of a unit must equal the truth now.
func (t *truth) compared(e call.Entry) bool {
	return e.State.Final() || t.exact && e.State == call.Provisional
}

func (t *truth) app() call.AppID { return call.AppID(t.vendor.sim.Apps()[0]) }

// visible is what is visible of each unit of a kind.
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

// contentByCall is the truth of each call.
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
	want := map[string]sums{}
	for r := range t.is(at).UnusualEvents() {
		hour := time.Unix(r.TS, 0).UTC().Truncate(time.Hour).Format(time.RFC3339)
		s := want[hour]
		s[unusual].add(one(r))
		want[hour] = s
	}
	t.compareUnits(where, call.UnitUnusual, want)
}

// checkDays compares the daily scale.
func (t *truth) checkDays(where string, at time.Time) {
	t.Helper()
	want := map[string]sums{}
	for r := range t.is(at).DailyScale() {
		var s sums
		s[days].add(one(r))
		want[time.Unix(r.DayStart, 0).UTC().Format(time.RFC3339)] = s
	}
	t.compareUnits(where, call.UnitScale, want)
}

func (t *truth) compareUnits(where string, kind call.UnitKind, want map[string]sums) {
	t.Helper()
	have := t.visible(kind)
	for key, got := range have {
		e := t.vault.ledger[call.Unit{App: t.app(), Kind: kind, Key: key}]
		if t.compared(e) && got != want[key] {
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

// difference lists rows of a call that one side has more often than the other.
func (t *truth) difference(at time.Time, id string) string {
	count := map[any]int{}
	truth := t.is(at)
	note := func(commID string, row any) {
		if commID == id {
			count[row]++
		}
	}
	for r := range truth.Rooms() {
		note(r.CommID, r)
	}
	for r := range truth.UserSessions() {
		note(r.CommID, r)
	}
	for r := range truth.UserEvents() {
		note(r.CommID, r)
	}
	for r := range truth.QualitySamples() {
		note(r.CommID, r)
	}
	u := call.Unit{App: t.app(), Kind: call.UnitCall, Key: id}
	for _, p := range t.vault.rowsOf(u) {
		for _, row := range p.each(u) {
			count[row]--
		}
		if p.rows.Samples != nil {
			for row := range p.samples(u) {
				count[row]--
			}
		}
	}
	for row, n := range count {
		if q, ok := row.(simulator.QualitySample); ok && n > 0 {
			dbgUser = q.UserID
			break
		}
	}
	return tell(count)
}

func tell(count map[any]int) string {
	const most = 6
	var b strings.Builder
	missing, extra := map[string]int{}, map[string]int{}
	for row, n := range count {
		side, kind := missing, strings.TrimPrefix(fmt.Sprintf("%T", row), "simulator.")
		if n < 0 {
			side, n = extra, -n
		}
		if n > 0 {
			if side[kind]++; side[kind] <= most {
				fmt.Fprintf(&b, "\n  %+d× %+v", count[row], row)
			}
		}
	}
	return fmt.Sprintf("missing %v, extra %v; + is the truth's:%s", missing, extra, b.String())
}

func (t *truth) checkLedger(where string, p *pass) {}
func (t *truth) atTheEnd()                         {}
