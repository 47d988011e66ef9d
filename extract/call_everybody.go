package extract

import (
	"context"
	"fmt"
	"sync"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// mostEverybody is the most users of a call whose events are asked for in one question.
const mostEverybody = 1000

// everybody is the answer to a question for the events of all users of a call.
type everybody struct {
	window   call.Window
	response []uint64
	logs     map[string][]call.Event // by user: of whom the answer tells when each session began and ended
	extent   ask.Extent
	believed bool

	done  func()
	mu    sync.Mutex
	named map[string][]call.Event // by user: what came when the user was named
}

// release lets other calls compare.
func (e *everybody) release() {
	if e != nil && e.done != nil {
		e.done()
		e.done = nil
	}
}

// log returns what is believed of a user.
func (e *everybody) log(user string) ([]call.Event, bool) {
	if e == nil || !e.believed {
		return nil, false
	}
	events, ok := e.logs[user]
	return events, ok
}

// came notes the whole log of a user who was named.
func (e *everybody) came(user string, events []call.Event) {
	if e == nil || e.believed {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.named == nil {
		e.named = map[string][]call.Event{}
	}
	e.named[user] = events
}

// askEverybody asks for the events of all users of an ended call at once, where that may save
// requests. It returns nil if there is no answer that can be used. The caller must call release after
// judge.
func (c *callPass) askEverybody(ctx context.Context, users []string) (*everybody, error) {
	known := c.pass.Asker.Everybody()
	if c.pass.Compare != nil || !c.call.Ended || len(users) < 2 || len(users) > mostEverybody || !known.Asks() {
		return nil, nil
	}
	w, ok := c.oneWindow(users)
	if !ok {
		return nil, nil
	}
	e := &everybody{window: w}
	if !known.Known() {
		var err error
		if e.done, err = known.Turn(ctx); err != nil {
			return nil, err
		}
		if !known.Asks() {
			e.release()
			return nil, nil
		}
		if known.Known() {
			e.release()
		}
	}
	err := c.everybodysLogs(ctx, e, users)
	if err == nil && len(e.logs) > 1 {
		return e, nil
	}
	e.release()
	switch {
	case ask.Fatal(err):
		return nil, err
	case ask.Refuses(err):
		known.Refused()
	case err == nil || !unavailable(err):
		known.Useless()
	}
	return nil, nil
}

// oneWindow returns the window of events of all users, or false if they have not the same.
func (c *callPass) oneWindow(users []string) (w call.Window, ok bool) {
	now := c.pass.now()
	for i, user := range users {
		x, ok := c.call.EventWindow(user, now)
		if !ok || i > 0 && x != w {
			return w, false
		}
		w = x
	}
	seen, ok := c.pass.inReach(w)
	return w, ok && seen == w
}

// everybodysLogs asks, and reads what the answer has of the users. It says whether the
// answer is believed; otherwise it holds the right to compare it.
func (c *callPass) everybodysLogs(ctx context.Context, e *everybody, users []string) error {
	p, room := c.pass, c.call.Room
	var events []call.Event
	answer, err := p.Asker.Try(ctx, p.Asker.Dialect().EventsOfAll(p.App, room.CommID, room.RoomID, e.window), 100, func(body []byte) (err error) {
		var d transform.Decoder
		var info transform.Info
		var nameless int
		events, nameless, info, err = d.EventsOfAll(body, room.RoomID, nil)
		switch {
		case err != nil:
			return err
		case info.List != transform.ListPresent, nameless > 0:
			return ask.ErrNullDue
		}
		return ask.Damaged(info.Damage)
	})
	if err != nil {
		return err
	}
	r := reply{release: answer.Release}
	defer func() { r.release() }()
	if !c.sortLogs(e, users, events) {
		return nil
	}
	known := p.Asker.Everybody()
	if e.believed = known.Believes(e.extent); !e.believed {
		if e.done != nil {
			return nil
		}
		r.release() // whoever compares needs memory, so nobody waits with some
		if e.done, err = known.Turn(ctx); err != nil || !known.Covers(e.extent) {
			return err
		}
		return c.everybodysLogs(ctx, e, users) // another call has proven it meanwhile, and the answer is gone
	}
	e.release()
	err = p.keep(ctx, answer, &r)
	e.response = r.responses()
	return err
}

// sortLogs sorts the events by user, and keeps those of users whose sessions they cover. It
// returns false if the answer names somebody who was not in the call.
func (c *callPass) sortLogs(e *everybody, users []string, events []call.Event) bool {
	of := map[string][]call.Event{}
	for _, x := range events {
		if of[x.UserID] = append(of[x.UserID], x); len(c.call.Sessions[x.UserID]) == 0 {
			return false
		}
	}
	e.logs = map[string][]call.Event{}
	e.extent = ask.Extent{Events: len(events), Seconds: int64(e.window.End.Sub(e.window.Start).Seconds())}
	for _, log := range of {
		e.extent.Most = max(e.extent.Most, len(log))
	}
	for _, user := range users {
		log, damage := decide.PlausibleEvents(of[user], e.window)
		if len(damage) == 0 && c.call.Covered(user, e.window, log) {
			e.logs[user] = log
		}
	}
	return true
}

// judge compares an answer that is not believed with those about each user.
func (c *callPass) judge(e *everybody) {
	if e == nil || e.believed {
		return
	}
	known, compared := c.pass.Asker.Everybody(), 0
	for user, log := range e.logs {
		named, ok := e.named[user]
		if !ok {
			continue
		}
		if compared++; c.call.SameEvents(log, named) {
			continue
		}
		if n := known.Wrong(); n > 0 {
			c.rep.failed(Failure{What: "user events", Reason: fmt.Sprintf(
				"an answer about all users of a call lacks events that the answers about each user have: up to %d calls of this run may lack some; callvault verify --all --repair finds them", n)})
		}
		return
	}
	if compared == len(e.logs) && compared > 0 {
		known.Proven(e.extent)
	}
}
