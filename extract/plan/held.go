package plan

import (
	"cmp"
	"slices"

	"github.com/callvault/callvault/internal/call"
)

// Held lists the samples that the archive has and that can no longer change: the windows of
// each user, both ends included, in any order. A plan does not ask for them.
type Held map[string][]call.Window

// piece is the rest of a stay. split means that the archive has seconds between this piece
// and the one before: no request may own both.
type piece struct {
	span
	split bool
}

// without returns the parts of the stays that lie in no window. The stays are in the order
// of time.
func without(stays []span, windows []call.Window) []piece {
	var rest []piece
	held, split := joined(windows), false
	keep := func(s span) {
		if s.from <= s.to {
			rest = append(rest, piece{s, split})
			split = false
		}
	}
	for _, s := range stays {
		for ; len(held) > 0 && held[0].to < s.from; held = held[1:] {
			split = true
		}
		for ; len(held) > 0 && held[0].to <= s.to; held = held[1:] {
			keep(span{s.from, held[0].from - 1})
			split, s.from = true, held[0].to+1
		}
		if len(held) > 0 && held[0].from <= s.to {
			keep(span{s.from, held[0].from - 1})
			continue // the archive has the rest of the stay
		}
		keep(s)
	}
	return rest
}

// joined returns the windows in the order of time, with overlapping windows joined into
// one.
func joined(windows []call.Window) []span {
	all := make([]span, 0, len(windows))
	for _, w := range windows {
		if s := seconds(w); s.from <= s.to {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	apart := all[:0]
	for _, s := range all {
		apart = joinTo(apart, 0, s)
	}
	return apart
}
