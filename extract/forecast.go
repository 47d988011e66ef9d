package extract

import (
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/forecast"
	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// Forecast returns what a pass will ask. It lists the calls, as the pass will, and asks for
// the sessions of some due calls and for some hours of unusual events. It writes nothing.
// rate returns how many requests of an action leave in a second.
func (p *Pass) Forecast(ctx context.Context, rate func(action string) float64) (forecast.Forecast, error) {
	f := forecast.Forecast{App: p.App, Requests: map[string]int{}, Asked: map[string]int{}, Daily: map[string]int{}}
	before := p.Asker.Stats()
	r := newReport(p.App, p.Now())
	if err := p.fitRetention(ctx, r); err != nil {
		return f, err
	}
	f.Notes = r.snapshot(p.Now()).Notes
	sample, list, err := p.sampleDue(ctx, &f)
	if err != nil {
		return f, err
	}
	f.Requests[p.Asker.Dialect().RoomList] = p.since(before, p.Asker.Dialect().RoomList)
	if err := p.forecastCalls(ctx, &f, sample); err != nil {
		return f, err
	}
	if err := p.forecastRest(ctx, &f, list); err != nil {
		return f, err
	}
	for action, n := range p.Asker.Stats().Requests {
		if more := n - before.Requests[action]; more > 0 {
			f.Asked[action] = more
		}
	}
	f.Expiring, f.FirstExpiring = sample.Expiring(p.now(), f.Duration(rate))
	return f, nil
}

// since returns the number of requests of an action since an earlier count.
func (p *Pass) since(before ask.Counts, action string) int {
	return p.Asker.Stats().Requests[action] - before.Requests[action]
}

// sampleDue lists the calls and chooses those whose cost is found out.
func (p *Pass) sampleDue(ctx context.Context, f *forecast.Forecast) (*forecast.Sample[dueCall], *listing, error) {
	sample := forecast.NewSample[dueCall]()
	list := newListing()
	defer list.end()
	r := newReport(p.App, p.Now())
	err := p.eachSlice(ctx, r, list, func(s slice, rooms []decide.Listed) error {
		rooms = list.add(s, rooms)
		f.Calls += len(rooms)
		f.Listed += s.End.Sub(s.Start)
		due, err := p.unfinished(ctx, rooms)
		for _, c := range due {
			length := forecast.Running
			if c.Finished {
				length = c.DestroyedAt.Sub(c.CreatedAt)
			}
			sample.Add(c, c.CommID, length, p.urgency(c))
			if c.held.Lacks() {
				f.Waiting++
			}
		}
		return err
	})
	if report := r.snapshot(p.Now()); report.Unlisted && err == nil {
		err = fmt.Errorf("list calls: %s", report.Failures[0].Reason)
	}
	f.Due, f.Deadline, f.Exact = sample.Seen(), sample.Deadline(), sample.Exact()
	return sample, list, err
}

// forecastCalls adds the requests for the due calls.
func (p *Pass) forecastCalls(ctx context.Context, f *forecast.Forecast, s *forecast.Sample[dueCall]) error {
	longest, others := make([]forecast.Cost, len(s.Longest())), make([]forecast.Cost, len(s.Others()))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	findOut := func(due []dueCall, costs []forecast.Cost) {
		for i, c := range due {
			g.Go(func() (err error) {
				costs[i], err = p.cost(gctx, c)
				return err
			})
		}
	}
	findOut(s.Longest(), longest)
	findOut(s.Others(), others)
	if err := g.Wait(); err != nil {
		return err
	}
	f.Sampled = len(longest) + len(others)
	total, d := s.Estimate(longest, others), p.Asker.Dialect()
	f.Requests[d.Users] += total.Users
	f.Requests[d.Series] += total.Series
	all := total.Events
	total.Events = p.wantedEvents(all)
	if p.Fewer != nil {
		var err error
		if f.Fewer, f.FewerUsers, err = p.Fewer(ctx, p.eventsOf(), p.Now()); err != nil {
			return err
		}
	}
	if events := total.Events + p.wantedEvents(f.FewerUsers); events > 0 {
		f.Requests[d.UserEvents] += events
	}
	if f.Due == 0 || f.Listed <= 0 {
		return nil
	}
	for action, n := range map[string]int{d.Series: total.Series, d.UserEvents: total.Events} {
		f.Daily[action] += daily(n, f)
	}
	f.Daily[d.Users] += daily(total.Users, f) // the same action, in one dialect
	return nil
}

// daily returns what the calls of a day take, of requests for the due calls.
func daily(requests int, f *forecast.Forecast) int {
	return int(float64(requests) / float64(f.Due) * float64(f.Calls) * float64(24*time.Hour) / float64(f.Listed))
}

// wantedEvents returns of how many users events are asked for, of so many.
func (p *Pass) wantedEvents(users int) int {
	switch p.eventsOf() {
	case ledger.EventsOfNobody:
		return 0
	case ledger.EventsOfTroubled:
		if p.Trouble > 0 {
			return int(math.Ceil(p.Trouble * float64(users)))
		}
	}
	return users
}

// cost asks for the sessions of a call and plans the call as a pass would.
func (p *Pass) cost(ctx context.Context, due dueCall) (forecast.Cost, error) {
	c := p.begin(newReport(p.App, p.Now()), due)
	if held := due.held.HeldUntil; due.known && !p.Again && held.After(due.CreatedAt) {
		part := call.Part{Kind: call.PartUsers, Owned: []call.Owned{{To: uint32(held.Unix())}}}
		c.call.Held.Parts = append(c.call.Held.Parts, part)
	}
	users, err := c.askUsers(ctx, nil)
	if err != nil {
		if ask.Fatal(err) {
			return forecast.Cost{}, err
		}
		return forecast.Cost{Users: 1, Series: 1}, nil // the pass will report what is wrong with it
	}
	cost := forecast.Cost{Users: len(users.Responses)}
	held := c.firstCost(&cost, users.Sessions)
	w := c.call.Alive
	if until := due.held.HeldUntil; due.known && until.After(w.Start) {
		w.Start = until.Add(time.Second)
	}
	c.call.Widen(users.Sessions, p.oldest())
	w = call.Window{Start: decide.Later(w.Start, c.call.Alive.Start), End: c.call.Alive.End}
	cost.Series += len(plan.Series(users.Sessions, held, w, seriesLimits))
	cost.Events = len(c.call.EventUsers(users.Sessions))
	return cost, nil
}

// firstCost counts the first question about a short call, and returns the windows that
// its answer covers.
func (c *callPass) firstCost(cost *forecast.Cost, sessions []call.Session) plan.Held {
	w, ok := c.call.FirstWindow()
	if !ok {
		return nil
	}
	cost.Series = 1
	users := decide.DistinctUsers(sessions)
	if len(users) < trtc.MaxSeriesUsers && len(sessions) != trtc.MaxSeriesUsers {
		cost.Users = 0
	}
	held := plan.Held{}
	for _, u := range users[:min(len(users), trtc.MaxSeriesUsers)] {
		held[u] = []call.Window{w}
	}
	return held
}

// hoursAsked is the number of hours of unusual events that a forecast asks for. It is all
// hours of the usual retention, because an hour costs one request, or three, or dozens,
// and the cost of some hours does not show that of the others. Of a slow action a tenth
// is asked for.
const hoursAsked = 14*24 + 1

// forecastRest adds the requests for unusual events, the daily scale and statistics.
func (p *Pass) forecastRest(ctx context.Context, f *forecast.Forecast, list *listing) error {
	d := p.Asker.Dialect()
	if p.RoomID != "" {
		return nil
	}
	if !p.Skip.DailyScale {
		f.Requests[d.Scale]++
	}
	if err := p.forecastStatistics(ctx, f); err != nil {
		return err
	}
	if p.Skip.UnusualEvents {
		return nil
	}
	hours, err := p.dueHours(ctx)
	if err != nil || len(hours) == 0 {
		return err
	}
	most := hoursAsked
	if d.MinInterval(d.Unusual) > 0 {
		most /= 10
	}
	some, before := forecast.Evenly(hours, most), p.Asker.Stats()
	if err := p.searchHours(ctx, some, list); err != nil {
		return err
	}
	asked := p.since(before, d.Unusual)
	f.Requests[d.Unusual] += forecast.Scale(asked, len(some), len(hours))
	f.Daily[d.Unusual] += forecast.Scale(asked, len(some), 24)
	return nil
}

// forecastStatistics adds the requests for the vendor's statistics, as if the account had all.
func (p *Pass) forecastStatistics(ctx context.Context, f *forecast.Forecast) error {
	if !p.Asker.Dialect().HasStatistics() {
		return nil
	}
	for _, s := range p.Statements {
		windows, err := (&statement{Pass: p, Statement: s}).windows(ctx)
		if err != nil {
			return err
		}
		f.Requests[s.Action] += len(windows)
	}
	return nil
}

// searchHours asks for hours of unusual events, to count the requests that they take.
func (p *Pass) searchHours(ctx context.Context, hours []call.Window, list *listing) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(hoursAtOnce)
	for _, h := range hours {
		g.Go(func() error {
			due, alive, err := list.alive(gctx, h.Start.Truncate(time.Hour))
			if err != nil {
				return err
			}
			n := unusualSearch{pass: p, rep: newReport(p.App, p.Now()), due: due, expected: p.crowds.expected(alive)}
			if err := n.hour(gctx, h.Start.Unix(), h.End.Unix()); ask.Fatal(err) {
				return err
			} else if err == nil {
				p.crowds.saw(n.found, alive)
			}
			return nil
		})
	}
	return g.Wait()
}
