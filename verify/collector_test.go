package verify

import (
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/digest"
	"github.com/callvault/callvault/ledger"
)

// TestReadInPart checks that a unit is not compared if the vendor did not answer in full,
// except if it has dropped the beginning of a call.
func TestReadInPart(t *testing.T) {
	gone := ledger.FailedPart{Kind: call.PartSeries, Key: ledger.BeforeKey + "2026-11-20T00:00:00Z", Reason: "dropped"}
	failed := ledger.FailedPart{Kind: call.PartEvents, Key: "a", Reason: "no"}
	for _, c := range []struct {
		name   string
		kind   call.UnitKind
		state  ledger.State
		failed []ledger.FailedPart
		whole  bool
	}{
		{"a whole call", call.UnitCall, ledger.Archived, nil, true},
		{"one that runs", call.UnitCall, ledger.Provisional, nil, true},
		{"one that has begun to expire", call.UnitCall, ledger.Archived, []ledger.FailedPart{gone}, true},
		{"one without its events", call.UnitCall, ledger.Provisional, []ledger.FailedPart{failed}, false},
		{"one without its events that has begun to expire", call.UnitCall, ledger.Provisional, []ledger.FailedPart{failed, gone}, false},
		{"one that failed", call.UnitCall, ledger.Failed, nil, false},
		{"a whole hour", call.UnitUnusual, ledger.Archived, nil, true},
		{"one of which more exists", call.UnitUnusual, ledger.Archived, []ledger.FailedPart{{Kind: call.PartUnusual, Key: "room"}}, false},
		{"a doubtful day", call.UnitScale, ledger.Provisional, []ledger.FailedPart{{Kind: call.PartScale}}, false},
	} {
		u := call.Unit{App: 1, Kind: c.kind, Key: "k"}
		col := newCollector(nil, nil, time.Unix(0, 0), time.Now)
		err := col.Add(t.Context(), u, call.Part{}, call.Rows{})
		if err == nil {
			err = col.End(t.Context(), ledger.Entry{Unit: u, State: c.state, Failed: c.failed})
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := col.seen(u) != nil; got != c.whole || col.partly(u) == c.whole {
			t.Errorf("%s: to compare: %v, read in part: %v", c.name, got, col.partly(u))
		}
		col.Abandon(u)
		if col.seen(u) != nil || !col.partly(u) {
			t.Errorf("%s, abandoned, is to be compared", c.name)
		}
	}
}

// TestSetAside checks which relations of a call may lack rows.
func TestSetAside(t *testing.T) {
	part := func(kind call.PartKind, key, reason string) ledger.FailedPart {
		return ledger.FailedPart{Kind: kind, Key: key, Reason: reason}
	}
	for _, c := range []struct {
		name  string
		entry ledger.Entry
		want  []int
	}{
		{"nothing is lacking", ledger.Entry{State: ledger.Provisional}, nil},
		{"events are", ledger.Entry{State: ledger.Provisional, Failed: []ledger.FailedPart{part(call.PartEvents, "a", "no")}}, []int{digest.Events}},
		{"the room and users are", ledger.Entry{State: ledger.Provisional, Failed: []ledger.FailedPart{part(call.PartRoom, "", "odd"), part(call.PartUsers, "", "short")}}, []int{digest.Rooms, digest.Sessions}},
		{"series were dropped", ledger.Entry{State: ledger.Archived, Failed: []ledger.FailedPart{part(call.PartSeries, ledger.BeforeKey+"x", "gone")}}, nil},
		{"series are null", ledger.Entry{State: ledger.Provisional, Failed: []ledger.FailedPart{part(call.PartSeries, "a", ledger.NullReason)}}, nil},
		{"series are null, events failed", ledger.Entry{State: ledger.Provisional, Failed: []ledger.FailedPart{part(call.PartSeries, "a", ledger.NullReason), part(call.PartEvents, "a", "no")}}, []int{digest.Events}},
	} {
		n := 0
		for relation := range partKinds {
			if setAside(c.entry, relation) {
				n++
			}
		}
		for _, relation := range c.want {
			if !setAside(c.entry, relation) {
				t.Errorf("%s: %s may not be missing", c.name, digest.Relations()[relation].Name)
			}
		}
		if n != len(c.want) {
			t.Errorf("%s: %d relations may lack rows, want %d", c.name, n, len(c.want))
		}
	}
}
