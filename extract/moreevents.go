package extract

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

const (
	// fewerAtOnce is the number of archived calls that are read at once.
	fewerAtOnce = 10_000

	// judgedAtOnce is the number of calls of which one query says who had trouble.
	judgedAtOnce = 500

	// judgedLast is the time before the vendor begins to drop a call in which its users are
	// judged by what the archive has, even if the hours of its unusual events are not final.
	judgedLast = 48 * time.Hour
)

// users are the users whose events a call is asked for.
type users struct {
	some  bool // only names
	names map[string]bool
}

func only(names []string) users {
	u := users{some: true, names: map[string]bool{}}
	for _, name := range names {
		u.names[name] = true
	}
	return u
}

func (u users) nobody() bool { return u.some && len(u.names) == 0 }

// of returns the sessions of the users.
func (u users) of(all []call.Session) []call.Session {
	if !u.some {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(s call.Session) bool { return !u.names[s.UserID] })
}

// whose returns whose events are asked for while the call is archived, or compared.
func (c *callPass) whose(ctx context.Context) (users, error) {
	p := c.pass
	switch {
	case p.Compare != nil && p.EventUsers != nil:
		names, some, err := p.EventUsers(ctx, c.unit.Key)
		if err != nil || !some {
			return users{}, archived(err)
		}
		return only(names), nil
	case c.call.EventsOf == ledger.EventsOfAll:
		return users{}, nil
	case c.call.Judged(): // some of their events failed
		troubled, err := p.Archive.Troubled(ctx, p.App, []call.Room{c.call.Room})
		return only(troubled[c.unit.Key]), archived(err)
	}
	return only(nil), nil
}

// completesEvents reports whether the pass asks for events of calls that are archived.
func (p *Pass) completesEvents() bool {
	return p.Archive != nil && p.Compare == nil && p.Calls == nil && p.Only == nil && !p.Skip.Calls && p.EventsOf != ledger.EventsOfNobody
}

// moreEvents asks for the events of users of archived calls that were not asked for when
// the calls were archived: of users who had trouble, or of all users if the setting has
// changed.
func (p *Pass) moreEvents(ctx context.Context, r *report) error {
	if err := p.Archive.Flush(ctx); err != nil {
		return archived(err)
	}
	q := FewerEvents{App: p.App, Than: p.eventsOf(), Privacy: p.Privacy, Now: p.Now(), Most: fewerAtOnce}
	for {
		calls, err := p.Archive.Fewer(ctx, q)
		if err != nil || len(calls) == 0 {
			return archived(err)
		}
		last := calls[len(calls)-1].Entry
		q.After = &last
		wanted, err := p.judgeable(ctx, slices.DeleteFunc(calls, func(c Archived) bool { return c.Room.CommID == "" || !p.wants(c.Room) }))
		if err != nil {
			return err
		}
		for some := range slices.Chunk(wanted, judgedAtOnce) {
			if err := p.moreEventsOf(ctx, r, some); err != nil || p.noEvents.Load() {
				return err
			}
		}
	}
}

func (p *Pass) eventsOf() ledger.EventsOf {
	if p.EventsOf == "" {
		return ledger.EventsOfAll
	}
	return p.EventsOf
}

// wants reports whether a narrowed pass looks at a call.
func (p *Pass) wants(r call.Room) bool {
	if p.Known != nil {
		if _, ok := p.Known(r); !ok {
			return false
		}
	}
	end := decide.Destroyed(r)
	return (p.RoomID == "" || r.RoomID == p.RoomID) && (p.From.IsZero() || !end.Before(p.From)) && (p.To.IsZero() || !r.CreatedAt.After(p.To))
}

// judgeable returns the calls of which all is known that says who had trouble: the hours of
// unusual events in which they were alive are final. So it does not matter when a pass
// looks, unless the vendor drops the call soon.
func (p *Pass) judgeable(ctx context.Context, calls []Archived) ([]Archived, error) {
	if p.eventsOf() == ledger.EventsOfAll || p.Skip.UnusualEvents || p.noUnusual.Load() || len(calls) == 0 {
		return calls, nil
	}
	first := call.Window{Start: calls[0].Room.CreatedAt, End: calls[0].Room.CreatedAt}
	for _, c := range calls {
		first.Start, first.End = decide.Earlier(first.Start, c.Room.CreatedAt), decide.Later(first.End, decide.Destroyed(c.Room))
	}
	first.Start = decide.Later(first.Start, p.oldest())
	var keys []string
	for _, h := range plan.Hours(first.Start.Truncate(time.Hour), first.End.Add(time.Hour)) {
		keys = append(keys, unitKey(h.Start))
	}
	hours, err := p.Ledger.Entries(ctx, p.App, call.UnitUnusual, keys)
	if err != nil {
		return nil, archived(err)
	}
	return slices.DeleteFunc(calls, func(c Archived) bool {
		if p.deadline(c.Room.CreatedAt).Before(p.Now().Add(judgedLast)) {
			return false
		}
		for h := c.Room.CreatedAt.Truncate(time.Hour); !h.After(decide.Destroyed(c.Room)); h = h.Add(time.Hour) {
			if !hours[unitKey(h)].State.Final() {
				return true
			}
		}
		return false
	}), nil
}

// moreEventsOf asks for events of some archived calls.
func (p *Pass) moreEventsOf(ctx context.Context, r *report, calls []Archived) error {
	var troubled map[string][]string
	if p.eventsOf() == ledger.EventsOfTroubled {
		rooms := make([]call.Room, len(calls))
		for i, c := range calls {
			rooms[i] = c.Room
		}
		var err error
		if troubled, err = p.Archive.Troubled(ctx, p.App, rooms); err != nil {
			return archived(err)
		}
	}
	var mu sync.Mutex
	var untroubled []ledger.Row
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	for _, c := range calls {
		whose := users{}
		if troubled != nil {
			whose = only(troubled[c.Room.CommID])
		}
		if whose.nobody() {
			c.Row.EventsOf = p.eventsOf()
			untroubled = append(untroubled, c.Row)
			continue
		}
		g.Go(func() error {
			same, err := p.complete(gctx, r, c, whose)
			if same != nil {
				mu.Lock()
				defer mu.Unlock()
				untroubled = append(untroubled, *same)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return archived(p.Archive.Correct(ctx, untroubled))
}

// complete asks for the events of users of an archived call, and adds them to it. It returns
// the call's entry if there is nothing to ask for.
func (p *Pass) complete(ctx context.Context, r *report, a Archived, whose users) (same *ledger.Row, err error) {
	if p.oldest().After(decide.Destroyed(a.Room)) { // nothing is left to ask for
		return nil, nil
	}
	c := p.begin(r, dueCall{Listed: decide.Listed{Room: a.Room}, held: a.Row, known: true, adds: true})
	if c.call.Held, err = p.Archive.Resume(ctx, c.unit); err != nil {
		return nil, archived(err)
	}
	c.call.Completes(p.eventsOf())
	all := c.call.Held.Sessions
	c.call.TakeUsers(&decide.UserList{})
	c.call.SetPresence(all, nil)
	c.call.Widen(all, p.oldest())
	theirs := whose.of(all)
	if !c.call.Ended || c.call.Replaces || len(c.call.EventUsers(theirs)) == 0 {
		p.Archive.Abandon(c.unit)
		if !c.call.Ended || c.call.Replaces { // it is not as the archive says: a later pass looks again
			return nil, nil
		}
		a.Row.EventsOf = p.eventsOf()
		return &a.Row, nil
	}
	err = c.askEvents(ctx, theirs)
	if err != nil || p.noEvents.Load() {
		p.Archive.Abandon(c.unit)
		return nil, err
	}
	_, err = c.end(ctx)
	return nil, err
}
