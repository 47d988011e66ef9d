package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/ledger"
)

// eventMixes are the mixes of calls whose requests for events are counted.
var eventMixes = []struct {
	mix   simulator.Mix
	calls int
}{{simulator.MixOneToOne, 400}, {simulator.MixMeetings, 12}, {simulator.MixWebinars, 3}}

// eventWays are the ways to ask for them.
var eventWays = []struct {
	name      string
	of        ledger.EventsOf
	everybody simulator.Everybody
}{
	{"`all`, each user", ledger.EventsOfAll, simulator.EverybodyRefused},
	{"`all`, all users at once", ledger.EventsOfAll, simulator.EverybodyWhole},
	{"`troubled`, each user", ledger.EventsOfTroubled, simulator.EverybodyRefused},
	{"`troubled`, all users at once", ledger.EventsOfTroubled, simulator.EverybodyWhole},
	{"`off`", ledger.EventsOfNobody, simulator.EverybodyRefused},
}

// events counts what events cost, in each way.
func (b *bench) events(ctx context.Context, t *text) error {
	t.f("## Requests for events\n\nFirst passes over calls of the simulated vendor, in which nearly half of the users have trouble.\nBefore, each user was a request. *All users at once* is an account that answers such a\nquestion; the others refuse it. The time is that of the action that takes longest, at 20\nrequests a second.\n\n")
	rows := [][]string{{"calls", "way", "for user events", "of before", "for series", "in all", "time at 20/s"}}
	for _, m := range eventMixes {
		before := 0
		for i, way := range eventWays {
			asked, _, err := b.countEvents(ctx, m.mix, m.calls, way.of, way.everybody)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", m.mix, way.name, err)
			}
			d := trtc.Current()
			if i == 0 {
				before = asked[d.UserEvents] - 1 // the question that was refused
				rows = append(rows, eventRow(fmt.Sprintf("%d, %s", m.calls, m.mix), "before", before, before, asked))
			}
			rows = append(rows, eventRow("", way.name, asked[d.UserEvents], before, asked))
			b.log("%v", rows[len(rows)-1])
		}
	}
	t.table(rows)
	b.crowds(t)
	return nil
}

func eventRow(calls, way string, events, before int, asked map[string]int) []string {
	d := trtc.Current()
	total, longest := 0, 0
	for action, n := range asked {
		if action == d.UserEvents {
			n = events
		}
		total, longest = total+n, max(longest, n)
	}
	took := time.Duration(float64(longest) / 20 * float64(time.Second)).Round(100 * time.Millisecond)
	return []string{calls, way, words.Comma(events), fmt.Sprintf("%.0f %%", 100*float64(events)/float64(max(before, 1))), words.Comma(asked[d.Series]), words.Comma(total), took.String()}
}

// countEvents makes a pass and counts its requests by action; least is what it needs.
func (b *bench) countEvents(ctx context.Context, mix simulator.Mix, calls int, of ledger.EventsOf, everybody simulator.Everybody) (asked map[string]int, least simulator.Requests, err error) {
	now := time.Now().UTC().Truncate(24 * time.Hour) // the same calls at each hour of a day
	vendor, err := simulator.New(simulator.Options{Seed: 7, Calls: calls, Mix: mix, Everybody: everybody, Now: func() time.Time { return now }, QPS: -1, Current: true})
	if err != nil {
		return nil, least, err
	}
	server := httptest.NewServer(vendor)
	defer server.Close()
	if err := b.empty(ctx); err != nil {
		return nil, least, err
	}
	account := config.Account{
		SecretID: vendor.SecretID(), SecretKey: config.Secret(vendor.SecretKey()), Region: "ap-singapore", Endpoint: server.URL, API: "current",
		Apps: []config.AppID{config.AppID(simulator.DefaultApp)}, Retention: config.Duration(14 * 24 * time.Hour), QPS: 1e6,
	}
	options := archive.Options{Memory: config.DefaultMemory.Shares(), Settle: 15 * time.Minute, Lease: 30 * time.Second, Events: of}
	run, err := archive.New(options, archive.Scope{Accounts: []config.Account{account}}, runs.Origin{})
	if err != nil {
		return nil, least, err
	}
	run.Now = func() time.Time { return now }
	if _, err := run.Do(ctx, b.store, extract.NoProgress{}); err != nil {
		return nil, least, err
	}
	asked = map[string]int{}
	for action, n := range vendor.Stats().Requests {
		asked[action] = int(n)
	}
	return asked, vendor.Truth(now).Requests(), nil
}

// crowds counts the requests for unusual events of hours with more and more of them.
func (b *bench) crowds(t *text) {
	t.f("## Requests for unusual events\n\nRequests for an hour with so many experiences at random times, of which the vendor returns\n20. Before, a full span was halved. The number is expected within a third, as it is from the\nroom list and the other hours, or not, as in the first hours of a pass.\n\n")
	rows := [][]string{{"experiences in the hour", "before", "expected", "not expected"}}
	rng := rand.New(rand.NewPCG(7, 7))
	const hours = 500
	for _, n := range []int{5, 15, 30, 100, 300, 1000} {
		var halved, known, unknown int
		for range hours {
			times := make([]int64, n)
			for i := range times {
				times[i] = rng.Int64N(3600)
			}
			slices.Sort(times)
			h := &crowdedHour{times: times, rng: rng}
			h.halve(0, 3600)
			halved, h.asked = halved+h.asked, 0
			h.divide(plan.NewCrowd(0, 3600, trtc.MaxUnusualEvents, float64(n)*(0.67+0.66*rng.Float64()), nil))
			known, h.asked = known+h.asked, 0
			h.divide(plan.NewCrowd(0, 3600, trtc.MaxUnusualEvents, 0, nil))
			unknown += h.asked
		}
		each := func(n int) string { return fmt.Sprintf("%.1f", float64(n)/hours) }
		rows = append(rows, []string{words.Comma(n), each(halved), each(known), each(unknown)})
	}
	t.table(rows)
}

// crowdedHour answers like the vendor.
type crowdedHour struct {
	times []int64 // sorted
	rng   *rand.Rand
	asked int
}

func (h *crowdedHour) ask(from, to int64) []int64 {
	h.asked++
	i, _ := slices.BinarySearch(h.times, from)
	j, _ := slices.BinarySearch(h.times, to)
	found := slices.Clone(h.times[i:j])
	h.rng.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	return found[:min(len(found), trtc.MaxUnusualEvents)]
}

// halve is the way before.
func (h *crowdedHour) halve(from, to int64) {
	if len(h.ask(from, to)) == trtc.MaxUnusualEvents && to-from > 1 {
		middle := from + (to-from)/2
		h.halve(from, middle)
		h.halve(middle, to)
	}
}

// divide is the way of a pass.
func (h *crowdedHour) divide(c *plan.Crowd) (found int) {
	for {
		from, to, ok := c.Next()
		if !ok {
			return found
		}
		got := h.ask(from, to)
		n := len(got)
		if n == trtc.MaxUnusualEvents && to-from > 1 {
			n = h.divide(plan.NewCrowd(from, to, trtc.MaxUnusualEvents, 0, got))
		}
		c.Saw(n)
		found += n
	}
}
