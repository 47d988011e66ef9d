package ledger

import (
	"context"
	"slices"
)

// EventsOf says whose events were asked for of a call. Events that were not asked for are
// neither missing nor lost.
type EventsOf string

const (
	EventsOfAll      EventsOf = "all"
	EventsOfTroubled EventsOf = "troubled" // only users who had trouble; see package load/visible
	EventsOfNobody   EventsOf = "off"      // also of a call of which nothing has been asked for yet: then it is ""
)

// inOrder has the values, the fewest users first.
var inOrder = []EventsOf{EventsOfNobody, EventsOfTroubled, EventsOfAll}

// Below returns the values with fewer users.
func (e EventsOf) Below() []EventsOf { return inOrder[:max(slices.Index(inOrder, e), 0)] }

// Less reports whether e has fewer users than o.
func (e EventsOf) Less(o EventsOf) bool { return slices.Index(inOrder, e) < slices.Index(inOrder, o) }

// EventsOf counts the calls that are archived for good, by whose events were asked for.
func (l Ledger) EventsOf(ctx context.Context) (map[EventsOf]uint64, error) {
	const q = "SELECT toString(events_of), count() FROM ledger_units FINAL WHERE kind = 'call' AND state IN ('archived', 'empty') GROUP BY events_of"
	calls := map[EventsOf]uint64{}
	var of string
	var n uint64
	err := l.read(ctx, q, nil, func() { calls[EventsOf(of)] = n }, &of, &n)
	return calls, err
}
