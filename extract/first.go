package extract

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// firstAnswer is what one question brings of a short call: the series of up to
// six users, and the sessions with them. For most calls that is all there is.
type firstAnswer struct {
	seriesAnswer
	window   call.Window
	complete bool // the sessions are all of the call's
	release  func()
}

// leaveSlack is how long after a call has ended its last user may be said to
// have left.
const leaveSlack = time.Minute

// askFirst asks for series without naming users. It returns nil where that is
// not worth a request: of a call that is longer than one window, or of which the
// archive holds something. So it does where the answer cannot be had.
func (c *callPass) askFirst(ctx context.Context) (*firstAnswer, error) {
	w, ok := c.firstWindow()
	if !ok {
		return nil, nil
	}
	first := &firstAnswer{}
	reader := &seriesReader{pass: c.Pass}
	q, said := c.seriesQuestion(reader, plan.Request{Window: w}, 0)
	q.work = 2 * w.End.Sub(w.Start).Seconds() // most calls have two users
	build, decode := q.build, q.decode
	q.build = func(w call.Window) trtc.Request {
		first.window = w // as far as it is in reach
		return build(w)
	}
	q.decode = func(body []byte) error {
		err := decode(body)
		if (err == nil || errors.Is(err, errSuspect)) && len(reader.Sessions) == 0 && said.info.Users != transform.ListPresent {
			return c.null()
		}
		return err
	}
	k, release, err := c.askHolding(ctx, q)
	if err != nil {
		release()
		return nil, err
	}
	first.release, first.responses = release, k.ids()
	first.samples, first.sessions = reader.take()
	first.doubt(c, said.due, said.settled)
	first.damage(c.named(plan.Request{Window: first.window}, first.seriesAnswer), said.info.Damage)
	first.kept = keptOf(said.info.Damage)
	rows, users := len(first.sessions), len(distinctUsers(first.sessions))
	first.complete = users > 0 && users < trtc.MaxSeriesUsers && rows != trtc.MaxSeriesUsers && said.info.HasTotal && said.info.Total <= rows &&
		!slices.ContainsFunc(said.info.Damage, func(d transform.Damage) bool { return d.What == "session" || d.What == "total" }) && !c.Otherwise
	return first, nil
}

// keptOf are the sessions of an answer that are there without some value.
func keptOf(all []transform.Damage) (kept []call.Session) {
	for _, d := range all {
		if d.Kept && d.Session != nil {
			kept = append(kept, *d.Session)
		}
	}
	return kept
}

// whole are the sessions that lack nothing.
func (f *firstAnswer) whole() []call.Session {
	return slices.DeleteFunc(slices.Clone(f.sessions), func(s call.Session) bool { return slices.Contains(f.kept, s) })
}

// firstWindow is what a first question asks of, if it is worth asking.
func (c *callPass) firstWindow() (w call.Window, ok bool) {
	if len(c.known.Parts) > 0 || c.alive.End.Sub(c.alive.Start) > trtc.MaxSeriesWindow {
		return w, false
	}
	w = c.alive
	w.End = earlier(w.End.Add(leaveSlack), later(c.asked, w.End))
	w.End = earlier(w.End, w.Start.Add(trtc.MaxSeriesWindow))
	return w, true
}

// unheld are the seconds of a window of which the archive does not hold the series
// of a user for good; from is after to if it holds all.
func (c *callPass) unheld(w call.Window, user string) (from, to uint32) {
	from, to = uint32(w.Start.Unix()), uint32(w.End.Unix())
	if held := c.heldUntil(call.PartSeries, user); held >= from {
		from = max(from, min(held, call.Forever-1)+1)
	}
	return from, to
}

// requestOf asks for all of some users in a window.
func requestOf(w call.Window, users []string) plan.Request {
	r := plan.Request{Window: w}
	for _, id := range users {
		r.Users = append(r.Users, plan.User{ID: id, From: uint32(w.Start.Unix()), To: uint32(w.End.Unix())})
	}
	return r
}

// addFirst archives the series of an answer that has named its users; the call is
// asked for what it does not hold.
func (c *callPass) addFirst(ctx context.Context, w call.Window, a seriesAnswer) error {
	r := c.named(plan.Request{Window: w}, a)
	if len(r.Users) == 0 {
		return nil
	}
	c.Progress.Add(StageSeries, 1)
	if err := c.putAnswer(ctx, r, a); err != nil {
		return err
	}
	c.Progress.Done(StageSeries, 1)
	held := call.Part{Kind: call.PartSeries}
	for _, u := range r.Users {
		held.Owned = append(held.Owned, call.Owned{User: u.ID, From: u.From, To: u.To})
	}
	c.known.Parts = append(c.known.Parts, held)
	return nil
}

// askUnnamed asks for the series of windows of which the user list cannot be had,
// or has somebody whose id cannot be read: what is measured of them is archived all
// the same, and the sessions beside it tell who was there.
func (c *callPass) askUnnamed(ctx context.Context, windows []call.Window) (sessions, kept []call.Session, err error) {
	next := time.Time{} // what is before has been asked for: no second has two owners
	for _, long := range windows {
		for start := later(long.Start, next); start.Before(long.End); start = next {
			w := call.Window{Start: start, End: earlier(start.Add(trtc.MaxSeriesWindow), long.End)}
			next = w.End.Add(time.Second)
			a, release, err := c.seriesPages(ctx, plan.Request{Window: w})
			if err == nil {
				sessions, kept = append(sessions, a.sessions...), append(kept, a.kept...)
				err = c.addUnnamed(ctx, w, a)
			}
			release()
			if fatal(err) {
				return sessions, kept, err
			}
			if err != nil {
				c.setAside(call.PartSeries, windowKey(w), w.Start, err)
			}
		}
	}
	return sessions, kept, nil
}

// addUnnamed archives what a question that named nobody has brought.
func (c *callPass) addUnnamed(ctx context.Context, w call.Window, a seriesAnswer) error {
	if len(a.sessions) == 0 && a.samples.Rows() == 0 {
		return nil
	}
	return c.addFirst(ctx, w, a)
}
