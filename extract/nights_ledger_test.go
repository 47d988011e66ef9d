package extract_test

import (
	"slices"
	"strings"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
)

// checkLedger compares the ledger and the report with the truth.
func (t *truth) checkLedger(where string, p *pass) {
	t.Helper()
	t.checkReport(where, p)
	for _, e := range t.vault.ledger {
		if problem := t.wrong(e, p.at); problem != "" {
			t.Errorf("%s: %s: %+v", where, problem, e)
		}
	}
	for r := range t.vendor.sim.Truth(p.at).Rooms() {
		e, known := t.vault.ledger[call.Unit{App: t.app(), Kind: call.UnitCall, Key: r.CommID}]
		if problem := t.wrongCall(r, e, known, p.at); problem != "" {
			t.Errorf("%s: call %s of %d-%d %s: %+v", where, r.CommID, r.CreatedAt, r.DestroyedAt, problem, e)
		}
	}
	for h := p.at.Add(-retention).Add(2 * time.Hour).Truncate(time.Hour); h.Before(p.at.Add(-settle - t.haze() - time.Hour)); h = h.Add(time.Hour) {
		if e := t.vault.ledger[call.Unit{App: t.app(), Kind: call.UnitUnusual, Key: h.UTC().Format(time.RFC3339)}]; e.State != ledger.Archived && e.State != ledger.Empty {
			t.Errorf("%s: the hour %s is in reach and not archived: %+v", where, h.UTC(), e)
		}
	}
}

// checkReport checks that the report names everything that was lost or failed, and nothing
// else.
func (t *truth) checkReport(where string, p *pass) {
	t.Helper()
	unknown := false
	for _, f := range p.report.Failures {
		switch {
		case f.CommID != "" && t.vendor.poison.Load() && poisonedCall(f.CommID) && !saysLost(f.Reason):
		case f.CommID != "" && t.waiting(t.vault.ledger[call.Unit{App: t.app(), Kind: call.UnitCall, Key: f.CommID}]):
		case f.CommID != "" && saysLost(f.Reason):
			t.named[f.CommID] = true
		case f.What == "calls" && strings.Contains(f.Reason, "no pass was made"):
			unknown = true
		case t.inGap(f):
		default:
			t.Errorf("%s: not archived, for no reason: %s", where, f)
		}
	}
	waiting := 0
	for _, e := range t.vault.ledger {
		if t.waiting(e) {
			t.waits[e.Unit.Key] = true
		}
		if e.Waits() {
			waiting++
		}
	}
	if waiting != p.report.Waiting || (waiting > 0) != slices.ContainsFunc(p.report.Notes, func(s string) bool { return strings.Contains(s, " for data that the vendor has not sent") }) {
		t.Errorf("%s: %d calls wait, the report says %d: %q", where, waiting, p.report.Waiting, p.report.Notes)
	}
	if gap := t.gapBefore(p.at); gap != unknown {
		t.Errorf("%s: there was a time that no pass looked at: %v; reported: %v", where, gap, unknown)
	}
	for u, e := range t.vault.ledger {
		if u.Kind == call.UnitCall && e.State == ledger.Lost && !t.named[u.Key] {
			t.Errorf("%s: call %s is lost and no report has named it: %s", where, u.Key, e.Reason)
		}
	}
}

// gapBefore reports whether the vendor has dropped data between this pass and the last
// complete one.
func (t *truth) gapBefore(at time.Time) bool {
	i := len(t.asked) - 1
	return i > 0 && t.asked[i-1].Before(at.Add(-retention))
}

// inGap reports whether a failure concerns an hour or a day that was still open when a pass
// last reached it.
func (t *truth) inGap(f extract.Failure) bool {
	kind, key, _ := strings.Cut(f.What, " ")
	start, err := time.Parse(time.RFC3339, key)
	return err == nil && (kind == "unusual" || kind == "scale") && t.nearGap(start, 48*time.Hour)
}

// nearGap reports whether a unit that began at start, and settles within a time, was still
// open when the last pass that could reach it was made.
func (t *truth) nearGap(start time.Time, settles time.Duration) bool {
	for i := 1; i < len(t.asked); i++ {
		edge := t.asked[i].Add(-retention)
		if start.Before(edge.Add(t.haze())) && start.After(t.asked[i-1].Add(-settles-settle)) {
			return true
		}
	}
	return false
}

// wrong returns what is wrong with an entry, whatever its unit is.
func (t *truth) wrong(e ledger.Entry, at time.Time) string {
	edge := at.Add(-retention)
	settled := map[call.UnitKind]time.Duration{call.UnitUnusual: time.Hour + settle, call.UnitScale: 48 * time.Hour, call.UnitList: 25*time.Hour + settle}
	switch {
	case e.State == ledger.Pending:
		return "pending"
	case e.Waits() && !t.waiting(e):
		return "waits for no reason"
	case t.waiting(e), t.lacks(e):
		return ""
	case e.Lacks():
		return "lacks something for no reason"
	case e.State == ledger.Failed:
		return "failed"
	case e.State == ledger.Failed && e.Reason == "":
		return "failed without a reason"
	case e.State == ledger.Lost && e.Reason == "":
		return "lost without a reason"
	case e.Unit.Kind == call.UnitCall:
		return ""
	case e.State == ledger.Lost && e.Unit.Kind != call.UnitList && !t.nearGap(e.StartsAt, settled[e.Unit.Kind]):
		return "lost though it could be had"
	case e.State == ledger.Provisional && e.Unit.Kind != call.UnitList && e.StartsAt.Add(settled[e.Unit.Kind]).Before(at.Add(-t.haze())):
		return "provisional for too long"
	case e.State == ledger.Provisional && e.StartsAt.Add(24*time.Hour).Before(edge.Add(-t.haze())):
		return "provisional though out of reach"
	}
	return ""
}

// wrongCall returns what is wrong with the entry of a call.
func (t *truth) wrongCall(r simulator.Room, e ledger.Entry, known bool, at time.Time) string {
	start, end := time.Unix(r.CreatedAt, 0), time.Unix(r.DestroyedAt, 0)
	if !r.IsFinished {
		end = at
	}
	seen := t.lastSeen(start, end)
	over := func(when time.Time) bool { return r.IsFinished && end.Before(when.Add(-settle)) }
	hazy := !t.exact && (start.After(at.Add(-t.haze())) || end.After(at.Add(-settle-t.haze()-time.Minute)) && end.Before(at) || end.Before(at.Add(t.haze()-retention)))
	switch {
	case hazy, t.waiting(e), known && poisonedCall(r.CommID) && !e.State.Final() && t.vendor.poison.Load():
		return ""
	case !known && seen.IsZero():
		return ""
	case !known:
		return "is not known"
	case seen.IsZero() && len(t.cuts) == 0:
		return "is known though nobody could ask"
	case t.long[r.CommID] && e.State == ledger.Lost:
		return ""
	case seen.Equal(at) && over(at) && e.State != ledger.Archived:
		return "is over and not archived"
	case seen.Equal(at) && !over(at) && e.State != ledger.Provisional:
		return "is not over and not provisional"
	case seen.Before(at) && !e.State.Final():
		return "is out of reach and not final"
	case e.State == ledger.Lost && over(seen) && !t.excused(r.CommID):
		return "is lost though it could be had"
	case e.State == ledger.Archived && !over(seen) && len(t.cuts) == 0:
		return "is archived though it went on"
	}
	return ""
}

// lastSeen returns the last complete pass that could see a call; zero if there is none.
func (t *truth) lastSeen(start, end time.Time) time.Time {
	for _, a := range slices.Backward(t.asked) {
		if !start.After(a) && !end.Before(a.Add(-retention)) {
			return a
		}
	}
	return time.Time{}
}

// atTheEnd compares everything once more, and checks that the story had the events that it
// is for.
func (t *truth) atTheEnd() {
	t.Helper()
	if len(t.asked) == 0 {
		t.Fatal("no pass came to its end")
	}
	last := t.asked[len(t.asked)-1]
	clear(t.done)
	t.checkCalls("at the end", last)
	if len(t.cuts) == 0 {
		t.Error("no pass was cut short")
	}
	states := map[ledger.State]int{}
	for u, e := range t.vault.ledger {
		if u.Kind == call.UnitCall {
			states[e.State]++
		}
	}
	var all sums
	for _, kind := range []call.UnitKind{call.UnitCall, call.UnitUnusual, call.UnitScale} {
		for _, s := range t.visible(kind) {
			all.add(s)
		}
	}
	t.Logf("%v calls; %d samples, %d events, %d unusual", states, all[samples].rows, all[events].rows, all[unusual].rows)
}

// saysLost reports whether a reason is that of a loss and not of a failure.
func saysLost(reason string) bool {
	return strings.HasPrefix(reason, "the vendor dropped ") || strings.HasPrefix(reason, "the vendor had dropped ")
}
