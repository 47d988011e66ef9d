package extract

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// A call is stuck of which all that is lacking was answered, more than once, in a
// way that cannot be read: asking for it again each night would cost as much as the
// first time and bring the same. The answers are kept, for a version that can read
// them. Some of the stuck calls are asked for in each pass; as soon as one of them
// can be had, all are, and so is each before the vendor drops it.
const (
	// stuckAfter is in how many passes a call must have lacked something.
	stuckAfter = 2

	// stuckProbes is how many of the stuck calls a pass asks for to find out.
	stuckProbes = 20

	// stuckLast is how long before its deadline a call is asked for in any case.
	stuckLast = 48 * time.Hour

	// mostStuck bounds those that are held back.
	mostStuck = 20_000
)

// stuck says that asking for the call again is likely to bring nothing.
func (p *Pass) stuck(c dueCall) bool {
	if !c.known || !c.Finished || !c.held.Lacks() || c.held.Attempts < stuckAfter || p.Again || p.RoomID != "" {
		return false
	}
	for _, f := range c.held.Failed {
		if !f.Gone() && !f.Kept {
			return false
		}
	}
	return p.urgency(c).After(p.Now().Add(stuckLast))
}

// withoutStuck holds back the stuck ones of the calls, and returns the others.
func (p *Pass) withoutStuck(due []dueCall) (others []dueCall) {
	for _, c := range due {
		if len(p.stuckCalls) < mostStuck && p.stuck(c) {
			p.stuckCalls = append(p.stuckCalls, c)
		} else {
			others = append(others, c)
		}
	}
	return others
}

// sendStuck sends some of the calls that were held back, chosen by chance, and the
// others if one of these could be had.
func (p *Pass) sendStuck(ctx context.Context, r *report, list *listing, queue chan<- dueCall) error {
	all := p.stuckCalls
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	probes := all[:min(stuckProbes, len(all))]
	rest := all[len(probes):]
	ends := make(chan bool, len(probes))
	for i := range probes {
		probes[i].ended = func(final bool) { ends <- final }
	}
	if err := p.enqueue(ctx, probes, queue); err != nil || len(rest) == 0 {
		return err
	}
	had := false
	for range probes {
		select {
		case final := <-ends:
			had = had || final
		case <-ctx.Done():
			return ended(ctx)
		}
	}
	if had {
		return p.enqueue(ctx, rest, queue)
	}
	p.leaveStuck(r, list, rest)
	return nil
}

// leaveStuck notes the calls that are not asked for in this pass.
func (p *Pass) leaveStuck(r *report, list *listing, rest []dueCall) {
	for _, c := range rest {
		p.open.add(call.Unit{App: p.App, Kind: call.UnitCall, Key: c.CommID})
		list.unfinished(c.Room)
	}
	r.with(func(r *Report) { r.Incomplete += len(rest) })
	r.failed(Failure{What: fmt.Sprintf("%d calls", len(rest)), Reason: fmt.Sprintf(
		"what they lack is kept as the vendor answered it, and can still not be read: %d others were asked for, and are as before; callvault status names them", stuckProbes)})
}
