package extract

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
)

// A call is unreadable of which all that is missing was answered, more than once, in a
// way that cannot be read: asking for it again each night would cost as much as the
// first time and bring the same. The answers are kept, for a version that can read
// them. Some of the unreadable calls are asked for in each pass; as soon as one of them
// can be had, all are, and so is each before the vendor drops it.
const (
	// unreadableAfter is in how many passes something of a call must have been missing.
	unreadableAfter = 2

	// unreadableProbes is how many of the unreadable calls a pass asks for to find out.
	unreadableProbes = 20

	// unreadableLast is how long before its deadline a call is asked for in any case.
	unreadableLast = 48 * time.Hour

	// mostUnreadable bounds those that are held back.
	mostUnreadable = 20_000
)

// isUnreadable says that asking for the call again is likely to bring nothing.
func (p *Pass) isUnreadable(c dueCall) bool {
	if !c.known || !c.Finished || !c.held.Lacks() || c.held.Attempts < unreadableAfter || p.again() || p.RoomID != "" {
		return false
	}
	for _, f := range c.held.Failed {
		if !f.Gone() && !f.Kept {
			return false
		}
	}
	return p.urgency(c).After(p.Now().Add(unreadableLast))
}

// withoutUnreadable holds back the unreadable ones of the calls, and returns the others.
func (p *Pass) withoutUnreadable(due []dueCall) (others []dueCall) {
	for _, c := range due {
		if len(p.unreadable) < mostUnreadable && p.isUnreadable(c) {
			p.unreadable = append(p.unreadable, c)
		} else {
			others = append(others, c)
		}
	}
	return others
}

// sendUnreadable sends some of the calls that were held back, chosen by chance, and the
// others if one of these could be had.
func (p *Pass) sendUnreadable(ctx context.Context, r *report, list *listing, queue chan<- dueCall) error {
	all := p.unreadable
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	probes := all[:min(unreadableProbes, len(all))]
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
			return ask.Ended(ctx)
		}
	}
	if had {
		return p.enqueue(ctx, rest, queue)
	}
	p.leaveUnreadable(r, list, rest)
	return nil
}

// leaveUnreadable notes the calls that are not asked for in this pass.
func (p *Pass) leaveUnreadable(r *report, list *listing, rest []dueCall) {
	for _, c := range rest {
		p.notFinal.Store(call.Unit{App: p.App, Kind: call.UnitCall, Key: c.CommID}, nil)
		list.unfinished(c.Room)
	}
	r.with(func(r *Report) { r.Incomplete += len(rest) })
	r.failed(Failure{What: fmt.Sprintf("%d calls", len(rest)), Reason: fmt.Sprintf(
		"what they lack is kept as the vendor answered it, and can still not be read: %d others were asked for, and are as before; callvault status names them", unreadableProbes)})
}
