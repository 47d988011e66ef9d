package extract_test

import (
	"context"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// again sometimes makes a second pass at once. Nothing has changed, so it must ask for
// little.
func (n *nights) again(ctx context.Context, p *pass) {
	if n.vendor.poison.Load() || p.report.FailureCount > 0 || n.chance.IntN(4) > 0 {
		return
	}
	second, err := n.pass(ctx, 0)
	if err != nil {
		n.Errorf("%s: the second pass: %v", p.at.UTC(), err)
		return
	}
	p.again = second.requests
	n.truth.check(&second)
	if p.report.Waiting > 0 || len(n.truth.muted()) > 0 {
		return // it asks for everything that is missing
	}
	if most := fewRequests * (2 + n.unfinished()); second.requests > most {
		n.Errorf("%s: %d requests though nothing has changed, want at most %d", p.at.UTC(), second.requests, most)
	}
}

// fewRequests is enough for one question about data that may have changed, including
// repeated questions after null and faults.
const fewRequests = 12

// unfinished returns the number of calls that are not final.
func (n *nights) unfinished() (calls int) {
	for u, e := range n.vault.ledger {
		if u.Kind == call.UnitCall && !e.State.Final() {
			calls++
		}
	}
	return calls
}

func (n *nights) redundant() (total int) {
	for _, k := range n.vendor.sim.Stats().Redundant {
		total += int(k)
	}
	return total
}

func (n *nights) requests() (total int) {
	for _, k := range n.vendor.sim.Stats().Requests {
		total += int(k)
	}
	return total
}

// summary logs the cost of the nights, and checks that it does not grow with the archive.
func (n *nights) summary() {
	first, last := n.passes[0], n.passes[len(n.passes)-1]
	var whole []int // requests of each whole pass, after the first two
	var again, redundant int
	for _, p := range n.passes {
		if p.whole {
			whole = append(whole, p.requests)
		}
		again, redundant = max(again, p.again), redundant+p.redundant
		n.Logf("%s: whole %v, %d requests, %d redundant, again %d, %d calls, %d failures, %s", p.at.UTC().Format(time.RFC3339), p.whole,
			p.requests, p.redundant, p.again, p.report.Archived, p.report.FailureCount, p.took.Round(time.Second))
	}
	n.Logf("%d passes in %d days, %d of them whole; %d requests, %d of them redundant; at most %d where nothing had changed",
		len(n.passes), int(last.at.Sub(first.at)/(24*time.Hour)), len(whole), n.requests(), redundant, again)
	third := len(whole) / 3
	if early, late := median(whole[2:2+third]), median(whole[len(whole)-third:]); late > 2*early {
		n.Errorf("%d requests a night in the end, %d in the beginning", late, early)
	}
}

func median(all []int) int {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}
