package extract

import (
	"context"
	"errors"
	"slices"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// firstAnswer is the answer to the first question about a short call: the series and
// sessions of up to six users. For most calls it has everything.
type firstAnswer struct {
	seriesAnswer
	window   call.Window
	complete bool // it has all sessions of the call
	free     func()
}

// release notes that the answer is no longer in memory. It may be called again.
func (f *firstAnswer) release() {
	if f != nil {
		f.free()
	}
}

// askFirst asks for series without naming users. It returns nil if that is not worth a
// request, or if the question fails.
func (c *callPass) askFirst(ctx context.Context) (*firstAnswer, error) {
	w, ok := c.call.FirstWindow()
	if !ok {
		return nil, nil
	}
	first := &firstAnswer{seriesAnswer: seriesAnswer{lacks: decide.Lacks{}}}
	reading := &seriesReader{pass: c.pass}
	q, said := c.seriesQuestion(reading, plan.Request{Window: w}, 0)
	q.work = 2 * w.End.Sub(w.Start).Seconds() // most calls have two users
	build, decode := q.build, q.decode
	q.build = func(w call.Window) trtc.Request {
		first.window = w // the part that the vendor still keeps
		return build(w)
	}
	q.decode = func(body []byte) error {
		err := decode(body)
		if (err == nil || errors.Is(err, ask.ErrNull)) && len(reading.Sessions) == 0 && said.info.Users != transform.ListPresent {
			return c.errNull()
		}
		return err
	}
	r, err := c.askHolding(ctx, q)
	if err != nil {
		r.release()
		return nil, err
	}
	first.free, first.responses = r.release, r.responses()
	first.sessions, first.incomplete, first.samples = reading.Sessions, decide.IncompleteOf(said.info.Damage), reading.take()
	c.call.AddNulls(first.lacks, said.nulls)
	decide.AddDamage(first.lacks, c.call.Named(plan.Request{Window: first.window}, first.sessions, first.samples), said.info.Damage)
	first.complete = c.call.NamesAll(first.sessions, said.info.Info)
	return first, nil
}

// errNull returns the error of a null answer where data is due and without which nothing
// else can be asked for.
func (c *callPass) errNull() error {
	if c.call.AcceptsNull() {
		return ask.ErrNull
	}
	return ask.ErrNullDue
}

// whole returns the sessions that lack no value.
func (f *firstAnswer) whole() []call.Session {
	return slices.DeleteFunc(slices.Clone(f.sessions), func(s call.Session) bool { return slices.Contains(f.incomplete, s) })
}

// askUnnamed asks, without naming users, for the series of windows whose user list failed
// or has an unreadable user id. It archives these series, and adds the sessions of the
// answers to the list.
func (c *callPass) askUnnamed(ctx context.Context, list *decide.UserList) error {
	var sessions, incomplete []call.Session
	for _, w := range c.call.UnnamedWindows(list) {
		a, release, err := c.seriesPages(ctx, plan.Request{Window: w})
		if err == nil {
			sessions, incomplete = append(sessions, a.sessions...), append(incomplete, a.incomplete...)
			err = c.addUnnamed(ctx, w, a, c.call.PresenceWith(a.sessions))
		}
		release()
		if ask.Fatal(err) {
			return err
		}
		if err != nil {
			c.call.Miss(call.PartSeries, decide.WindowKey(w), w.Start, failureOf(err))
		}
	}
	list.Add(sessions, incomplete)
	return nil
}

// addUnnamed archives the series of an answer to a request that named no users. It takes
// the seconds that the archive lacks.
func (c *callPass) addUnnamed(ctx context.Context, w call.Window, a seriesAnswer, sessions decide.Presence) error {
	r := c.call.Named(plan.Request{Window: w}, a.sessions, a.samples)
	if len(r.Users) == 0 {
		return nil
	}
	c.pass.Progress.Add(StageSeries, 1)
	defer c.pass.Progress.Done(StageSeries, 1)
	whole, partial, reason := c.call.TakeUnnamed(r, a.lacks)
	return c.addAnswer(ctx, whole, partial, reason, a, sessions)
}
