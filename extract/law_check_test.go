package extract_test

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
)

// checkOdd checks the law after a pass over the odd vendor.
func (l *law) checkOdd(r extract.Report) {
	l.Helper()
	have := l.vault.contents()
	l.touched = l.vendor.sim.Touched()
	for _, m := range l.vendor.sim.Valueless() {
		l.touched.Calls[valuelessKey+m.CommID] = true
	}
	for u := range l.units(have) {
		e, known := l.vault.ledger[u]
		first, last := l.spanOf(u)
		touched := l.odd.touched(l, u, first, last)
		right := have[u] == l.want[u]
		switch {
		case l.madeUp(u):
		case !touched && right && known && lacks(e):
			l.Errorf("%s %s is not touched and lacks something: %+v", u.Kind, u.Key, e)
		case right:
		case touched && l.isLate(u, e):
		case !touched:
			l.Errorf("%s %s is not touched and not right (%+v): %s", u.Kind, u.Key, e, tell(l.difference(u)))
		case !lacks(e) && !l.named(r, u, first, last):
			l.Errorf("%s %s is not right, and nothing says so (%+v, %v): %s", u.Kind, u.Key, e, r.Failures, tell(l.difference(u)))
		default:
			if problem := l.partly(u, e); problem != "" {
				l.Errorf("%s %s (%+v): %s", u.Kind, u.Key, e, problem)
			}
		}
	}
}

// isLate reports whether a running call lacks only data that is so new that it may still
// come. Null is not an answer then, the next pass asks again, and the report need not name
// the call.
func (l *law) isLate(u call.Unit, e ledger.Entry) bool {
	if u.Kind != call.UnitCall || e.State != ledger.Provisional || l.over(u) {
		return false
	}
	for row, n := range l.difference(u) {
		if r, ok := row.(simulator.QualitySample); n != 0 && (!ok || n < 0 || r.TS <= l.at.Add(-settle).Unix()) {
			return false
		}
	}
	return true
}

// units returns the units that the truth or the archive has.
func (l *law) units(have map[call.Unit]sums) map[call.Unit]bool {
	all := map[call.Unit]bool{}
	for u := range have {
		all[u] = true
	}
	for u := range l.want {
		all[u] = true
	}
	return all
}

// lacks reports whether an entry names something that failed.
func lacks(e ledger.Entry) bool {
	gone := slices.ContainsFunc(e.Failed, func(f ledger.FailedPart) bool { return !f.Gone() })
	return gone || e.State == ledger.Failed && e.Reason != ""
}

// named reports whether the report, or the list of a day of the call, names what an unknown
// unit lacks.
func (l *law) named(r extract.Report, u call.Unit, first, last int64) bool {
	says := func(begins ...string) bool {
		return slices.ContainsFunc(r.Failures, func(f extract.Failure) bool {
			return slices.ContainsFunc(begins, func(text string) bool { return strings.HasPrefix(f.What, text) })
		})
	}
	switch u.Kind {
	case call.UnitUnusual:
		return says("unusual_events", "unusual events of "+u.Key)
	case call.UnitScale:
		return says("daily_scale", "daily scale")
	}
	for at := time.Unix(first, 0).UTC().Truncate(24 * time.Hour); !at.After(time.Unix(last, 0)); at = at.Add(24 * time.Hour) {
		e := l.vault.ledger[call.Unit{App: u.App, Kind: call.UnitList, Key: at.Format(time.DateOnly)}]
		if _, known := l.vault.ledger[u]; !known && lacks(e) && r.Unlisted {
			return true
		}
	}
	e := l.vault.ledger[u]
	return e.State != ledger.Pending && len(l.vault.rowsOf(u)) > 0 && says("user_events") && l.only(u, events)
}

// only reports whether a unit lacks rows of one relation and no others.
func (l *law) only(u call.Unit, relation int) bool {
	have, want := l.vault.contents()[u], l.want[u]
	have[relation], want[relation] = content{}, content{}
	return have == want
}

// checkHealthy checks that everything is archived and equal to the truth.
func (l *law) checkHealthy(r extract.Report) {
	l.Helper()
	have := l.vault.contents()
	for u := range l.units(have) {
		if l.madeUp(u) {
			continue
		}
		if have[u] != l.want[u] {
			l.Errorf("after a healthy pass %s %s (%+v): %s", u.Kind, u.Key, l.vault.ledger[u], tell(l.difference(u)))
		}
	}
	for u, e := range l.vault.ledger {
		if l.madeUp(u) {
			continue
		}
		if lacks(e) || e.State == ledger.Pending || e.State == ledger.Lost || l.over(u) && !e.State.Final() {
			l.Errorf("after a healthy pass: %+v", e)
		}
	}
	for _, f := range r.Failures {
		if !saysLost(f.Reason) {
			l.Errorf("after a healthy pass: %s", f)
		}
	}
	if r.Waiting > 0 {
		l.Errorf("after a healthy pass %d calls wait", r.Waiting)
	}
}

// madeUp reports whether the vendor has made up a call. Such a call is archived as it was
// reported, and remains even if the vendor no longer reports it.
func (l *law) madeUp(u call.Unit) bool {
	return l.odd.madeUp && u.Kind == call.UnitCall && l.want[u] == (sums{})
}

// over reports whether a unit can no longer change.
func (l *law) over(u call.Unit) bool {
	start, _ := time.Parse(time.RFC3339, u.Key)
	switch u.Kind {
	case call.UnitCall:
		_, last := l.spanOf(u)
		return last < l.at.Add(-settle).Unix()
	case call.UnitUnusual:
		return start.Add(time.Hour + settle).Before(l.at)
	case call.UnitScale:
		return start.Add(48 * time.Hour).Before(l.at)
	}
	return false
}

// spanOf returns when a unit began and ended, unix seconds.
func (l *law) spanOf(u call.Unit) (first, last int64) {
	if start, err := time.Parse(time.RFC3339, u.Key); err == nil {
		return start.Unix(), start.Unix()
	}
	if l.spans == nil {
		l.spans = map[string][2]int64{}
		for r := range l.vendor.sim.Truth(l.at).Rooms() {
			if last = r.DestroyedAt; !r.IsFinished {
				last = l.at.Unix()
			}
			l.spans[r.CommID] = [2]int64{r.CreatedAt, last}
		}
	}
	return l.spans[u.Key][0], l.spans[u.Key][1]
}

// contents returns the visible content of each unit.
func (v *vault) contents() map[call.Unit]sums {
	all := map[call.Unit]sums{}
	for u := range maps.Keys(v.units) {
		var sum sums
		for _, p := range v.rowsOf(u) {
			sum.add(p.sums)
		}
		if sum != (sums{}) {
			all[u] = sum
		}
	}
	return all
}
