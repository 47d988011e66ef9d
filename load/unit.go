package load

import (
	"slices"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// unitState is one unit between its first row and its end.
type unitState struct {
	unit     call.Unit
	settled  half // parts that stay when the unit is archived again
	open     half // parts that are replaced then
	counts   ledger.Counts
	resumed  bool   // whether the settled loads of the archive stay; otherwise all are replaced
	keepOpen bool   // whether the open loads stay, too
	ready    *ready // a call's summary, if it was made in memory; under turn
	summary  uint64 // its load; 0: none; under turn
	ending   *ledger.Entry
	dropped  bool
}

// half is the settled or the open parts of a unit. Each half goes into loads of its own.
type half struct {
	of    *unitState
	kind  bool     // settled
	loads []uint64 // inserted and acknowledged; written under turn and mu
	load  uint64   // of the insert under way; under turn
}

func newUnitState(u call.Unit) *unitState {
	s := &unitState{unit: u}
	s.settled = half{of: s, kind: true}
	s.open = half{of: s}
	return s
}

func (s *unitState) half(settled bool) *half {
	if settled {
		return &s.settled
	}
	return &s.open
}

// loads are the ids of both halves and of the summary, sorted.
func (s *unitState) loads() []uint64 {
	all := slices.Concat(s.settled.loads, s.open.loads)
	if s.summary != 0 {
		all = append(all, s.summary)
	}
	slices.Sort(all)
	return all
}

// failing reports whether the unit ends without becoming visible.
func (s *unitState) failing() bool { return s.ending != nil && s.ending.State == ledger.Failed }

// dead reports whether the rows of the half are no longer needed. The settled rows of a
// failed unit are needed: the next run goes on from them.
func (h *half) dead() bool { return h.of.dropped || !h.kind && h.of.failing() }
