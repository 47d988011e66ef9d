package decide

import (
	"slices"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
)

// heldUntil returns the last second of a user that settled parts of a kind have, or 0.
func (c *Call) heldUntil(kind call.PartKind, user string) uint32 {
	until := uint32(0)
	for _, p := range c.Held.Parts {
		if p.Kind != kind {
			continue
		}
		for _, o := range p.Owned {
			if o.User == user {
				until = max(until, o.To)
			}
		}
	}
	return until
}

// heldSeries returns, by user, the windows whose samples need not be asked for.
func (c *Call) heldSeries() plan.Held {
	held := plan.Held{}
	for _, p := range c.Held.Parts {
		if p.Kind != call.PartSeries {
			continue
		}
		for _, o := range p.Owned {
			held[o.User] = append(held[o.User], call.Window{Start: second(o.From), End: second(o.To)})
		}
	}
	return held
}

// HoldsRoom reports whether the archive's row of the room is settled.
func (c *Call) HoldsRoom() bool {
	return slices.ContainsFunc(c.Held.Parts, func(p call.Part) bool { return p.Kind == call.PartRoom })
}

// Unheld returns the seconds of a window of which the user's series are not settled; from
// is after to if all are settled.
func (c *Call) Unheld(w call.Window, user string) (from, to uint32) {
	from, to = uint32(w.Start.Unix()), uint32(w.End.Unix())
	if held := c.heldUntil(call.PartSeries, user); held >= from {
		from = max(from, after(held))
	}
	return from, to
}

// answered notes that a request has been answered. It is not asked again.
func (c *Call) answered(r plan.Request) {
	c.Held.Parts = append(c.Held.Parts, call.Part{Kind: call.PartSeries, Owned: Owned(r)})
}

// Owned returns the seconds of its users that belong to a request.
func Owned(r plan.Request) []call.Owned {
	owned := make([]call.Owned, len(r.Users))
	for i, u := range r.Users {
		owned[i] = call.Owned{User: u.ID, From: u.From, To: u.To}
	}
	return owned
}

// after returns the next second.
func after(second uint32) uint32 { return min(second, call.Forever-1) + 1 }
