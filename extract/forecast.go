package extract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
)

// Forecast is what a pass over one application would ask.
type Forecast struct {
	App   call.AppID
	Calls int // in the window, as far as it had to be listed
	Due   int // of these, calls to archive
	// Waiting is how many of these are visible and have parts that were null
	// where data is due.
	Waiting int
	Notes   []string // what the user should know
	// Requests are those of the pass, by action.
	Requests map[string]int
	// Asked is what it took to know, by action.
	Asked map[string]int
	// Exact says that every call was looked at; otherwise the sessions of
	// Sampled calls were asked for, the longest and some of the others.
	Exact   bool
	Sampled int
	// Expiring are due calls that the vendor begins to drop before their turn.
	Expiring      int
	FirstExpiring time.Time // when the first of them does
	// Deadline is when the vendor begins to drop the most urgent due call.
	Deadline time.Time
}

// callCost is what one call costs, in requests.
type callCost struct{ users, series, events int }

// Forecast finds out what a pass would ask. It lists the calls, as the pass will,
// and asks for the sessions of some of those that are due; it writes nothing.
func (p *Pass) Forecast(ctx context.Context, rate func(action string) float64) (Forecast, error) {
	f := Forecast{App: p.App, Requests: map[string]int{}, Asked: map[string]int{}}
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
	d := p.Asker.Dialect()
	f.Requests[d.RoomList] = p.since(before, d.RoomList)
	longest, others, err := p.costs(ctx, sample)
	if err != nil {
		return f, err
	}
	total := sample.estimate(longest, others)
	f.Exact, f.Sampled = sample.exact(), len(longest)+len(others)
	f.Requests[d.Users] += total.users
	f.Requests[d.Series] += total.series
	if total.events > 0 {
		f.Requests[d.UserEvents] += total.events
	}
	if err := p.forecastRest(ctx, &f, list); err != nil {
		return f, err
	}
	for action, n := range p.Asker.Stats().Requests {
		if more := n - before.Requests[action]; more > 0 {
			f.Asked[action] = more
		}
	}
	f.expiry(sample, p.now(), f.Duration(rate))
	return f, nil
}

// since is how many requests of an action have been made since a count.
func (p *Pass) since(before ask.Counts, action string) int {
	return p.Asker.Stats().Requests[action] - before.Requests[action]
}

// sampleDue lists the calls and chooses those to look at.
func (p *Pass) sampleDue(ctx context.Context, f *Forecast) (*dueSample, *listing, error) {
	sample := newDueSample()
	list := newListing()
	defer list.end()
	r := newReport(p.App, p.Now())
	err := p.eachSlice(ctx, r, list, func(s slice, rooms []decide.Listed) error {
		rooms = list.add(s, rooms)
		f.Calls += len(rooms)
		due, err := p.unfinished(ctx, rooms)
		for _, c := range due {
			sample.add(c, p.urgency(c))
			if c.held.Lacks() {
				f.Waiting++
			}
		}
		return err
	})
	if report := r.snapshot(p.Now()); report.Unlisted && err == nil {
		err = fmt.Errorf("list calls: %s", report.Failures[0].Reason)
	}
	f.Due, f.Deadline = sample.seen, sample.first()
	return sample, list, err
}

// costs finds out what the calls of a sample cost.
func (p *Pass) costs(ctx context.Context, s *dueSample) (longest, others []callCost, err error) {
	longest, others = make([]callCost, len(s.longest)), make([]callCost, len(s.others))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	look := func(due []weighed, into []callCost) {
		for i, c := range due {
			g.Go(func() (err error) {
				into[i], err = p.callCost(gctx, c.dueCall)
				return err
			})
		}
	}
	look(s.longest, longest)
	look(s.others, others)
	return longest, others, g.Wait()
}

// callCost asks for the sessions of a call and plans it as a pass would.
func (p *Pass) callCost(ctx context.Context, due dueCall) (callCost, error) {
	c := p.begin(newReport(p.App, p.Now()), due)
	if held := due.held.HeldUntil; due.known && !p.Again && held.After(due.CreatedAt) {
		part := call.Part{Kind: call.PartUsers, Owned: []call.Owned{{To: uint32(held.Unix())}}}
		c.call.Held.Parts = append(c.call.Held.Parts, part)
	}
	users, err := c.askUsers(ctx, nil)
	if err != nil {
		if ask.Fatal(err) {
			return callCost{}, err
		}
		return callCost{users: 1, series: 1}, nil // the pass will say what is wrong with it
	}
	cost := callCost{users: len(users.Responses)}
	held := c.firstCost(&cost, users.Sessions)
	w := c.call.Alive
	if until := due.held.HeldUntil; due.known && until.After(w.Start) {
		w.Start = until.Add(time.Second)
	}
	c.call.Widen(users.Sessions, p.oldest())
	w = call.Window{Start: decide.Later(w.Start, c.call.Alive.Start), End: c.call.Alive.End}
	cost.series += len(plan.Series(users.Sessions, held, w, seriesLimits))
	if !p.Skip.UserEvents {
		cost.events = len(c.call.EventUsers(users.Sessions))
	}
	return cost, nil
}

// firstCost counts the first question about a short call, and returns what that
// will hold.
func (c *callPass) firstCost(cost *callCost, sessions []call.Session) plan.Held {
	w, ok := c.call.FirstWindow()
	if !ok {
		return nil
	}
	cost.series = 1
	users := decide.DistinctUsers(sessions)
	if len(users) < trtc.MaxSeriesUsers && len(sessions) != trtc.MaxSeriesUsers {
		cost.users = 0
	}
	held := plan.Held{}
	for _, u := range users[:min(len(users), trtc.MaxSeriesUsers)] {
		held[u] = []call.Window{w}
	}
	return held
}

// hoursLookedAt is how many hours of unusual events are asked for to know what
// they cost: all that the usual retention touches, for an hour costs one request, three or
// dozens, which samples do not tell. Of a slow action it is a tenth.
const hoursLookedAt = 14*24 + 1

// forecastRest adds the hours of unusual events and the daily scale.
func (p *Pass) forecastRest(ctx context.Context, f *Forecast, list *listing) error {
	d := p.Asker.Dialect()
	if p.RoomID != "" {
		return nil
	}
	if !p.Skip.DailyScale {
		f.Requests[d.Scale]++
	}
	if p.Skip.UnusualEvents {
		return nil
	}
	hours, err := p.dueHours(ctx)
	if err != nil || len(hours) == 0 {
		return err
	}
	look := hoursLookedAt
	if d.MinInterval(d.Unusual) > 0 {
		look /= 10
	}
	chosen := everyNth(hours, look)
	before := p.Asker.Stats()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	for _, h := range chosen {
		g.Go(func() error {
			due, err := list.alive(gctx, h.Start.Truncate(time.Hour))
			if err != nil {
				return err
			}
			n := unusualSearch{pass: p, rep: newReport(p.App, p.Now()), due: due}
			if err := n.search(gctx, &unusualSpan{from: h.Start.Unix(), to: h.End.Unix()}); ask.Fatal(err) {
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	f.Requests[d.Unusual] += (p.since(before, d.Unusual)*len(hours) + len(chosen) - 1) / len(chosen)
	return nil
}

// everyNth chooses at most n, evenly.
func everyNth[T any](all []T, n int) []T {
	if len(all) <= n {
		return all
	}
	var some []T
	for i := range n {
		some = append(some, all[i*len(all)/n])
	}
	return some
}

// Duration is how long the requests take at the rates of their actions, which
// flow at the same time.
func (f *Forecast) Duration(rate func(action string) float64) time.Duration {
	longest := 0.0
	for action, n := range f.Requests {
		longest = max(longest, float64(n)/rate(action))
	}
	return time.Duration(longest * float64(time.Second)).Round(100 * time.Millisecond)
}

// expiry finds out which due calls expire before their turn, if the most urgent
// come first and all take their share of the time.
func (f *Forecast) expiry(s *dueSample, now time.Time, takes time.Duration) {
	done := 0
	for _, hour := range slices.SortedFunc(s.hours(), func(a, b time.Time) int { return cmp.Compare(a.Unix(), b.Unix()) }) {
		n := s.deadlines[hour]
		turn := now.Add(time.Duration(float64(takes) * float64(done+n) / float64(max(s.seen, 1))))
		if turn.After(hour.Add(time.Hour)) {
			if f.Expiring == 0 {
				f.FirstExpiring = hour
			}
			f.Expiring += n
		}
		done += n
	}
}
