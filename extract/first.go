package extract

import (
	"context"
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
	window   call.Window
	sessions []call.Session
	samples  *call.Samples
	complete bool // the sessions are all of the call's
	response uint64

	due, settled []string // users of whom something is null though due, if only since data settles
	release      func()
}

// leaveSlack is how long after a call has ended its last user may be said to
// have left.
const leaveSlack = time.Minute

// askFirst asks for series without naming users. It returns nil where that is
// not worth a request: of a call that is longer than one window, or of which the
// archive holds something.
func (c *callPass) askFirst(ctx context.Context) (*firstAnswer, error) {
	w, ok := c.firstWindow()
	if !ok {
		return nil, nil
	}
	first := &firstAnswer{window: w}
	reader := &seriesReader{pass: c.Pass}
	var info transform.DetailInfo
	q := question{window: w, work: 2 * w.End.Sub(w.Start).Seconds()} // most calls have two users
	q.build = func(w call.Window) trtc.Request {
		first.window = w // as far as it is in reach
		return c.Asker.Dialect().SeriesOf(c.App, c.room.CommID, w, nil, 0)
	}
	q.decode = func(body []byte) (err error) {
		reader.Reset()
		info, err = reader.read(body, first.window, keepWindow(first.window))
		c.stays = byUser(reader.Sessions)
		switch {
		case err != nil:
			return err
		case len(reader.Sessions) == 0 && info.Users != transform.ListPresent:
			return c.null()
		}
		r, missing := requestOf(first.window, distinctUsers(reader.Sessions)), info.List != transform.ListPresent
		first.due = c.lacking(r, missing, info.NullSeries, r.Window)
		first.settled = c.lacking(r, missing, info.NullSeries, c.settledPart(r.Window))
		if len(first.due) > 0 {
			return errSuspect
		}
		return nil
	}
	var err error
	first.response, first.release, err = c.askHolding(ctx, q)
	if err != nil {
		return nil, err
	}
	first.samples, first.sessions = reader.take()
	rows, users := len(first.sessions), len(distinctUsers(first.sessions))
	first.complete = users > 0 && users < trtc.MaxSeriesUsers && rows != trtc.MaxSeriesUsers && info.HasTotal && info.Total <= rows
	return first, nil
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

// keepWindow keeps the seconds of a window, of every user.
func keepWindow(w call.Window) transform.Keep {
	from, to := uint32(w.Start.Unix()), uint32(w.End.Unix())
	return func(string) (uint32, uint32) { return from, to }
}

// request is what was asked, as if it had named the users that it brought.
func (f *firstAnswer) request() plan.Request {
	users := distinctUsers(f.sessions)
	for _, s := range f.samples.Series {
		if !slices.Contains(users, s.UserID) {
			users = append(users, s.UserID)
		}
	}
	slices.Sort(users)
	return requestOf(f.window, users)
}

// requestOf asks for all of some users in a window.
func requestOf(w call.Window, users []string) plan.Request {
	r := plan.Request{Window: w}
	for _, id := range users {
		r.Users = append(r.Users, plan.User{ID: id, From: uint32(w.Start.Unix()), To: uint32(w.End.Unix())})
	}
	return r
}

// addFirst archives the series of a first answer; the call is asked for what it
// does not hold.
func (c *callPass) addFirst(ctx context.Context, f *firstAnswer) error {
	r := f.request()
	if len(r.Users) == 0 {
		return nil
	}
	c.Progress.Add(StageSeries, 1)
	a := seriesAnswer{samples: f.samples, responses: []uint64{f.response}}
	a.doubt(c, f.due, f.settled)
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
