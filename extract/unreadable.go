package extract

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
)

// A call is unreadable if the vendor has answered for everything that is missing, in
// several passes, and no answer could be read. Asking again every night would cost as much
// as the first time and bring the same answers. The archive keeps the answers for a version
// that can read them. Each pass asks for some of the unreadable calls. As soon as one of
// them can be read, it asks for all. Every such call is asked for once more before the
// vendor drops it.
const (
	// unreadableAfter is the number of passes in which something of a call must have been
	// missing.
	unreadableAfter = 2

	// unreadableProbes is the number of unreadable calls that a pass asks for.
	unreadableProbes = 20

	// unreadableLast is the time before its deadline in which an unreadable call is always
	// asked for.
	unreadableLast = 48 * time.Hour

	// mostUnreadable bounds the number of calls that are kept waiting.
	mostUnreadable = 20_000
)

// isUnreadable reports whether asking for the call again is unlikely to bring anything.
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

// withoutUnreadable keeps the unreadable calls waiting, and returns the others.
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

// sendUnreadable sends some of the waiting calls, chosen at random. If one of them could be
// read, it sends the others, too.
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

// leaveUnreadable notes the calls that this pass does not ask for.
func (p *Pass) leaveUnreadable(r *report, list *listing, rest []dueCall) {
	for _, c := range rest {
		p.notFinal.Store(call.Unit{App: p.App, Kind: call.UnitCall, Key: c.CommID}, nil)
		list.unfinished(c.Room)
	}
	r.with(func(r *Report) { r.Incomplete += len(rest) })
	r.failed(Failure{What: fmt.Sprintf("%d calls", len(rest)), Reason: fmt.Sprintf(
		"the vendor's answers about them still cannot be read, and are kept: %d others were asked for again without success; callvault status names them", unreadableProbes)})
}
