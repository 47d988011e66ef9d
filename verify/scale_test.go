package verify

import (
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// TestBeyondNoise lets the vendor's counts of a day differ from the archive's.
func TestBeyondNoise(t *testing.T) {
	for _, c := range []struct {
		name            string
		vendor, archive Counts
		want            bool
	}{
		{"the same", Counts{10, 20, 15}, Counts{10, 20, 15}, false},
		{"nothing at all", Counts{}, Counts{}, false},
		{"one room of few", Counts{10, 20, 15}, Counts{9, 20, 15}, false},
		{"two rooms of few", Counts{10, 20, 15}, Counts{8, 20, 15}, true},
		{"a room too many", Counts{10, 20, 15}, Counts{11, 20, 15}, false},
		{"two rooms too many", Counts{10, 20, 15}, Counts{12, 20, 15}, true},
		{"half a per cent of the rooms", Counts{1000, 2000, 1500}, Counts{995, 2000, 1500}, false},
		{"more than that", Counts{1000, 2000, 1500}, Counts{994, 2000, 1500}, true},
		{"two entries of few", Counts{10, 20, 15}, Counts{10, 18, 15}, false},
		{"three entries of few", Counts{10, 20, 15}, Counts{10, 17, 15}, true},
		{"a per cent of the entries", Counts{1000, 2000, 1500}, Counts{1000, 1980, 1500}, false},
		{"more than that", Counts{1000, 2000, 1500}, Counts{1000, 1979, 1500}, true},
		{"two users of few", Counts{10, 20, 15}, Counts{10, 20, 13}, false},
		{"three users of few", Counts{10, 20, 15}, Counts{10, 20, 12}, true},
		{"two per cent of the users", Counts{1000, 2000, 1500}, Counts{1000, 2000, 1470}, false},
		{"more than that", Counts{1000, 2000, 1500}, Counts{1000, 2000, 1469}, true},
		{"all of a day", Counts{2, 4, 4}, Counts{}, true},
		{"a call of one user", Counts{1, 1, 1}, Counts{}, false},
		{"the vendor counts nothing", Counts{}, Counts{2, 0, 0}, true},
	} {
		if got := beyondNoise(c.vendor, c.archive); got != c.want {
			t.Errorf("%s: vendor %v, archive %v: %v", c.name, c.vendor, c.archive, got)
		}
	}
}

// TestDaysNotInFull checks that exactly those days are left out for which calls or entries
// may be missing.
func TestDaysNotInFull(t *testing.T) {
	day := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	at := func(hours int) time.Time { return day.Add(time.Duration(hours) * time.Hour) }
	open := func(state ledger.State, starts, held time.Time, failed ...call.PartKind) ledger.Row {
		e := ledger.Row{Entry: ledger.Entry{Unit: call.Unit{Kind: call.UnitCall, Key: "a"}, State: state, StartsAt: starts, HeldUntil: held}}
		for _, kind := range failed {
			e.Failed = append(e.Failed, ledger.FailedPart{Kind: kind, Reason: "failed"})
		}
		return e
	}
	for _, c := range []struct {
		name string
		gaps gaps
		want bool
	}{
		{"all is there", gaps{}, false},
		{"a call runs", gaps{open: []ledger.Row{open(ledger.Provisional, at(1), at(20))}}, true},
		{"it is held beyond the day", gaps{open: []ledger.Row{open(ledger.Provisional, at(1), at(25))}}, false},
		{"a call is not archived", gaps{open: []ledger.Row{open(ledger.Pending, at(-30), time.Time{})}}, true},
		{"it had ended before the day", gaps{open: []ledger.Row{open(ledger.Pending, at(-30), time.Time{})}, ends: map[string]time.Time{"a": at(-1)}}, false},
		{"it ended on the day", gaps{open: []ledger.Row{open(ledger.Pending, at(-30), time.Time{})}, ends: map[string]time.Time{"a": at(1)}}, true},
		{"a call lacks series", gaps{open: []ledger.Row{open(ledger.Provisional, at(1), at(0), call.PartSeries)}, ends: map[string]time.Time{"a": at(2)}}, false},
		{"a call lacks users", gaps{open: []ledger.Row{open(ledger.Provisional, at(1), at(0), call.PartSeries, call.PartUsers)}, ends: map[string]time.Time{"a": at(2)}}, true},
		{"a call that runs lacks series", gaps{open: []ledger.Row{open(ledger.Provisional, at(1), at(0), call.PartSeries)}}, true},
		{"a call was lost long ago", gaps{open: []ledger.Row{open(ledger.Lost, at(-50), time.Time{})}}, false},
		{"a call was lost", gaps{open: []ledger.Row{open(ledger.Lost, at(-40), time.Time{})}}, true},
		{"the day before it was not listed", gaps{unlisted: []time.Time{at(-40)}}, false},
		{"its first hours were not listed", gaps{unlisted: []time.Time{at(-16)}}, true},
		{"its last hours were not listed", gaps{unlisted: []time.Time{at(8)}}, true},
		{"the day after it was not listed", gaps{unlisted: []time.Time{at(32)}}, false},
	} {
		c.gaps.first, c.gaps.last = at(-1000), at(1000)
		if got := c.gaps.touch(day); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
