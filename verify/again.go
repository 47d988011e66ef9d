package verify

import (
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
)

// Targets names units to ask for again.
type Targets struct {
	Calls []call.Room
	Hours []time.Time // their starts
	Days  bool        // all days of the daily scale

	Statistics bool // all of the vendor's statistics
}

// Empty reports whether there is nothing to ask for.
func (t Targets) Empty() bool {
	return len(t.Calls) == 0 && len(t.Hours) == 0 && !t.Days && !t.Statistics
}

// Passes returns the passes over the targets: one over the calls, one over each hour,
// one over the days and one over the statistics. If list is set, the pass reads the room list again to find the calls,
// so that its answers are kept with those of the calls.
func (t Targets) Passes(list bool, newPass func() *extract.Pass) []*extract.Pass {
	var all []*extract.Pass
	add := func() *extract.Pass {
		p := newPass()
		p.Again, p.From, p.To, p.RoomID, p.Statements = true, time.Time{}, time.Time{}, "", nil
		all = append(all, p)
		return p
	}
	if len(t.Calls) > 0 {
		p := add()
		p.Skip.UnusualEvents, p.Skip.DailyScale = true, true
		t.calls(p, list)
	}
	for _, h := range t.Hours {
		p := add()
		p.From, p.To, p.Skip.Calls, p.Skip.DailyScale = h, h.Add(time.Hour), true, true
	}
	if t.Days {
		p := add()
		p.Skip.Calls, p.Skip.UnusualEvents = true, true
	}
	if t.Statistics {
		p := add()
		p.Skip.Calls, p.Skip.UnusualEvents, p.Skip.DailyScale = true, true, true
		p.Statements = newPass().Statements
	}
	return all
}

// calls narrows p to the calls.
func (t Targets) calls(p *extract.Pass, list bool) {
	oldestFirst := slices.SortedFunc(slices.Values(t.Calls), func(a, b call.Room) int { return a.CreatedAt.Compare(b.CreatedAt) })
	if !list {
		p.Calls = oldestFirst
		return
	}
	wanted := map[string]bool{}
	p.From = oldestFirst[0].CreatedAt
	for _, r := range t.Calls {
		wanted[r.CommID] = true
		if end := r.DestroyedAt.Add(time.Second); end.After(p.To) {
			p.To = end
		}
	}
	if slices.ContainsFunc(t.Calls, func(r call.Room) bool { return !r.Finished }) {
		p.To = time.Time{}
	}
	p.Only = func(r call.Room) bool { return wanted[r.CommID] }
}

// AskAgain asks for the targets only.
func (c *Check) AskAgain(ctx context.Context, t Targets) error {
	if err := c.begin(ctx); err != nil {
		return err
	}
	c.rooms = t.Calls
	for _, p := range t.Passes(false, c.Pass) {
		if _, err := c.run(ctx, p); err != nil {
			return err
		}
	}
	return c.readHeld(ctx)
}
