package verify

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/store"
)

// edgeSlack is the distance between the retention's edge and the first data that is
// compared: the edge moves on while the check runs.
const edgeSlack = ask.WidestMargin + 5*time.Minute

// Check compares one application. Call Look or AskAgain, then Ask any number of times, then
// Result. All exported fields must be set.
type Check struct {
	App       call.AppID
	Gone      *erased.Set // who was erased; nil: nobody
	Ledger    extract.Ledger
	Store     *store.Store
	Pass      func() *extract.Pass // makes a pass, narrowed as wanted
	Now       func() time.Time
	Retention time.Duration
	Settle    time.Duration
	Running   bool // another process is making a pass

	since    time.Time // earlier data is not compared
	until    time.Time // when the check began
	listedTo time.Time // when the archive last listed calls
	col      *collector
	rooms    []call.Room // calls to compare with the room list
	looked   bool        // whether rooms has all calls that the vendor lists
	noEvents bool        // whether the account lacks user events
	failures []extract.Failure
	privacy  string                // what passes keep of persons (extract.Pass)
	held     map[string]ledger.Row // of rooms
}

// begin sets the limits of the check.
func (c *Check) begin(ctx context.Context) (err error) {
	c.until = c.Now().UTC().Truncate(time.Second)
	c.since = c.until.Add(edgeSlack - c.Retention)
	c.col = newCollector(c.Ledger, c.Gone, c.since, func() time.Time { return c.Now().Add(ask.WidestMargin - c.Retention) })
	c.privacy = c.Pass().Privacy
	c.listedTo, err = c.Ledger.ListedUntil(ctx, c.App)
	return err
}

// Look lists the calls of the window in full and asks for the hours of unusual
// events and the daily scale, and for all calls if all is set.
func (c *Check) Look(ctx context.Context, all bool) error {
	if err := c.begin(ctx); err != nil {
		return err
	}
	p := c.Pass()
	var mu sync.Mutex
	p.Only = func(r call.Room) bool {
		if r.Finished && r.DestroyedAt.Before(c.since) {
			return false // too close to the edge
		}
		mu.Lock()
		defer mu.Unlock()
		c.rooms = append(c.rooms, r)
		return all
	}
	report, err := c.run(ctx, p)
	if err != nil {
		return err
	}
	c.looked = !report.Unlisted
	slices.SortFunc(c.rooms, func(a, b call.Room) int { return cmp.Compare(a.CommID, b.CommID) })
	return c.readHeld(ctx)
}

// run makes a pass that keeps checksums.
func (c *Check) run(ctx context.Context, p *extract.Pass) (extract.Report, error) {
	p.Ledger, p.Compare, p.EventUsers = c.col, c.col, c.eventUsers
	p.Statements = slices.DeleteFunc(slices.Clone(p.Statements), func(s call.Statement) bool { return s.Kind == call.UnitRealtime }) // they go too soon
	if p.EventsOf == ledger.EventsOfNobody {
		p.EventUsers = func(context.Context, string) ([]string, bool, error) { return nil, true, nil }
	}
	r, err := p.Run(ctx)
	c.failures = append(c.failures, r.Failures...)
	c.noEvents = c.noEvents || p.EventsOf == ledger.EventsOfNobody ||
		slices.ContainsFunc(r.Failures, func(f extract.Failure) bool { return f.What == "user_events" })
	return r, err
}

// eventUsers returns the users whose events the archive has asked for. A call that the
// archive lacks is compared with all events.
func (c *Check) eventUsers(ctx context.Context, commID string) (users []string, some bool, err error) {
	held, err := c.Ledger.Entries(ctx, c.App, call.UnitCall, []string{commID})
	e, known := held[commID]
	if err != nil || !known || e.EventsOf == ledger.EventsOfAll || e.EventsOf == "" {
		return nil, false, err
	}
	var parts []call.Part
	err = c.Store.Retry(ctx, func(ctx context.Context) (err error) {
		parts, err = ledger.Of(c.Store).VisibleParts(ctx, e.Unit)
		return err
	})
	for _, p := range parts {
		for _, o := range p.Owned {
			if p.Kind == call.PartEvents {
				users = append(users, o.User)
			}
		}
	}
	return users, true, err
}

// readHeld reads the ledger's entries of the calls.
func (c *Check) readHeld(ctx context.Context) (err error) {
	keys := make([]string, len(c.rooms))
	for i, r := range c.rooms {
		keys[i] = r.CommID
	}
	c.held, err = c.Ledger.Entries(ctx, c.App, call.UnitCall, keys)
	return err
}

// Candidates returns the listed calls that Ask can compare.
func (c *Check) Candidates() []call.Room {
	return slices.DeleteFunc(slices.Clone(c.rooms), func(r call.Room) bool { return c.verdict(r) != comparable })
}

// Ask asks for these calls, oldest first.
func (c *Check) Ask(ctx context.Context, rooms []call.Room) error {
	for _, p := range (Targets{Calls: rooms}).Passes(false, c.Pass) {
		if _, err := c.run(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// Sample chooses n of the calls. The same seed chooses the same calls.
func Sample(rooms []call.Room, n int, seed uint64) []call.Room {
	all := slices.SortedFunc(slices.Values(rooms), func(a, b call.Room) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.CommID, b.CommID))
	})
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(n, len(all))]
}
