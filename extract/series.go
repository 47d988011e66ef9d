package extract

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// seriesLimits are the vendor's for one request of metric series.
var seriesLimits = plan.Limits{Window: trtc.MaxSeriesWindow, Users: trtc.MaxSeriesUsers}

// askSeries asks for the metric series of a call that the archive does not hold
// for good and hands them to the archive request by request, so that a call's
// size does not matter.
func (c *callPass) askSeries(ctx context.Context, sessions []call.Session) error {
	requests := plan.Series(sessions, c.heldSeries(), c.alive, seriesLimits)
	c.Progress.Add(StageSeries, len(requests))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	for _, r := range requests {
		g.Go(func() error {
			err := c.seriesRequest(gctx, r)
			c.Progress.Done(StageSeries, 1)
			if err == nil || fatal(err) {
				return err
			}
			c.fail(call.PartSeries, seriesKey(r), err)
			return nil
		})
	}
	return g.Wait()
}

// heldSeries are the windows whose samples the archive holds for good.
func (c *callPass) heldSeries() plan.Held {
	held := plan.Held{}
	for _, p := range c.known.Parts {
		if p.Kind != call.PartSeries {
			continue
		}
		for _, o := range p.Owned {
			held[o.User] = append(held[o.User], call.Window{Start: second(o.From), End: second(o.To)})
		}
	}
	return held
}

func second(unix uint32) time.Time { return time.Unix(int64(unix), 0).UTC() }

// seriesKey names a request within its call: no user is in two of one window.
func seriesKey(r plan.Request) string {
	return fmt.Sprintf("%d-%d %s", r.Window.Start.Unix(), r.Window.End.Unix(), r.Users[0].ID)
}

// seriesRequest asks for one planned window and archives what belongs to it.
func (c *callPass) seriesRequest(ctx context.Context, r plan.Request) error {
	a, release, err := c.seriesPages(ctx, r)
	defer release()
	if err != nil {
		return err
	}
	return c.putAnswer(ctx, r, a)
}

// putAnswer archives what a request brought.
func (c *callPass) putAnswer(ctx context.Context, r plan.Request, a seriesAnswer) error {
	if len(a.lacking) == 0 {
		return c.putSeries(ctx, r, a.samples, a.responses)
	}
	return c.putPartly(ctx, r, a)
}

// putPartly archives what came where series of some users are lacking: what came
// of these users is shown until they are asked for again.
func (c *callPass) putPartly(ctx context.Context, r plan.Request, a seriesAnswer) error {
	had, lacking := a.divide(r)
	for _, u := range lacking.Users {
		if from := second(u.From); slices.Contains(a.wanting, u.ID) {
			c.want(call.PartSeries, seriesKey(plan.Request{Window: r.Window, Users: []plan.User{u}}), from)
		} else {
			c.holdBack(from)
		}
	}
	whole, partial := splitUsers(a.samples, a.lacking)
	if len(had.Users) > 0 {
		if err := c.putSeries(ctx, had, whole, a.responses); err != nil {
			return err
		}
	}
	if partial.Rows() == 0 {
		return nil
	}
	c.count(func(n *callCounts) { n.samples += partial.Rows() })
	c.Progress.Done(StageSamples, partial.Rows())
	part := c.part(call.PartSeries, seriesKey(lacking), r.Window)
	part.Owned, part.Responses = ownedBy(lacking), a.responses
	return archived(c.Archive.Add(ctx, c.unit, part, c.rows(call.Rows{Samples: partial})))
}

// putSeries archives the samples of one request, which are normal.
func (c *callPass) putSeries(ctx context.Context, r plan.Request, samples *call.Samples, responses []uint64) error {
	c.count(func(n *callCounts) { n.samples += samples.Rows(); n.nulls += samples.Nulls })
	c.Progress.Done(StageSamples, samples.Rows())
	return c.addSeries(ctx, r, samples, responses)
}

func (c *callPass) addSeries(ctx context.Context, r plan.Request, samples *call.Samples, responses []uint64) error {
	settled, open := c.splitSamples(samples)
	return c.addBoth(ctx, call.PartSeries, seriesKey(r), r.Window, responses, ownedBy(r),
		c.rows(call.Rows{Samples: settled}), c.rows(call.Rows{Samples: open}))
}

// ownedBy are the seconds of its users that are a request's.
func ownedBy(r plan.Request) []call.Owned {
	owned := make([]call.Owned, len(r.Users))
	for i, u := range r.Users {
		owned[i] = call.Owned{User: u.ID, From: u.From, To: u.To}
	}
	return owned
}

// seriesAnswer is what a request brought.
type seriesAnswer struct {
	samples   *call.Samples // normal
	responses []uint64
	lacking   []string // users of whom some series is null though it is due, and who are to be asked for again
	wanting   []string // those of them of whom that cannot be because it is late
}

// divide tells the users of whom all came from those who are lacking.
func (a *seriesAnswer) divide(r plan.Request) (had, lacking plan.Request) {
	had.Window, lacking.Window = r.Window, r.Window
	for _, u := range r.Users {
		if slices.Contains(a.lacking, u.ID) {
			lacking.Users = append(lacking.Users, u)
		} else {
			had.Users = append(had.Users, u)
		}
	}
	return had, lacking
}

// doubt adds the users of whom an answer is null where samples are due. What
// settles by the next pass may be late until then.
func (a *seriesAnswer) doubt(c *callPass, due, settled []string) {
	for _, user := range due {
		certain := slices.Contains(settled, user)
		if certain && c.believes() || !certain && c.cut == call.Forever {
			continue
		}
		a.lacking = append(a.lacking, user)
		if certain {
			a.wanting = append(a.wanting, user)
		}
	}
}

// seriesPages reads all pages of one window: the vendor pages over what it
// found of the users asked for, which may be several rows a user. A first page
// without a list of them does not say that there are no more. release must be
// called in any case.
func (c *callPass) seriesPages(ctx context.Context, r plan.Request) (all seriesAnswer, release func(), err error) {
	reader := &seriesReader{pass: c.Pass}
	for page, seen := 0, 0; ; page++ {
		var info transform.DetailInfo
		var due, settled []string // of whom something is null
		before := reader.Mark()
		q := question{window: r.Window, work: r.Seconds()}
		q.build = func(w call.Window) trtc.Request {
			return c.Asker.Dialect().SeriesOf(c.App, c.room.CommID, w, r.UserIDs(), page)
		}
		q.decode = func(body []byte) (err error) {
			reader.Cut(before)
			info, err = reader.read(body, r.Window, keepOwned(r))
			if err != nil {
				return err
			}
			missing := page == 0 && info.List != transform.ListPresent
			due = c.lacking(r, missing, info.NullSeries, r.Window)
			settled = c.lacking(r, missing, info.NullSeries, c.settledPart(r.Window))
			if len(due) > 0 {
				return errSuspect
			}
			return nil
		}
		id, done, err := c.askHolding(ctx, q)
		if err != nil {
			return seriesAnswer{}, done, err
		}
		all.responses = append(all.responses, id)
		all.doubt(c, due, settled)
		rows := len(reader.Sessions) - seen
		seen += rows
		if seen >= info.Total || rows == 0 && (page > 0 || info.Total <= trtc.MaxSeriesUsers) {
			all.samples, _ = reader.take()
			return all, done, nil
		}
		done()
	}
}

// lacking are the users of a request of whom samples are due within w, of an
// answer that has no series at all or has those that are null.
func (c *callPass) lacking(r plan.Request, none bool, null []call.Series, w call.Window) (users []string) {
	for _, u := range r.Users {
		owned := call.Window{Start: later(w.Start, second(u.From)), End: earlier(w.End, second(u.To))}
		due := func(s call.Series) bool { return s.UserID == u.ID && c.due(u.ID, s.PeerID, w) }
		if none && c.due(u.ID, "", owned) || slices.ContainsFunc(null, due) {
			users = append(users, u.ID)
		}
	}
	return users
}

// keepOwned keeps the seconds that the plan gave to this request.
func keepOwned(r plan.Request) transform.Keep {
	return func(userID string) (from, to uint32) {
		from, to, ok := r.Owned(userID)
		if !ok {
			return 1, 0
		}
		return from, to
	}
}

// splitSamples divides normal samples at the cut: those up to it, and those
// after it. Points without a value go with the former, or with the latter if
// there are no others. The result is s where that is not divided.
func (c *callPass) splitSamples(s *call.Samples) (upTo, after *call.Samples) {
	if c.cut == call.Forever {
		return s, &call.Samples{}
	}
	upTo, after = &call.Samples{Nulls: s.Nulls}, &call.Samples{}
	at := 0
	for _, series := range s.Series {
		n := at
		for n < at+series.Rows && s.Time[n] <= c.cut {
			n++
		}
		appendRun(upTo, series, s, at, n)
		appendRun(after, series, s, n, at+series.Rows)
		at += series.Rows
	}
	return upTo, after
}

// splitUsers divides normal samples by users: those of the users named, and
// those of the others.
func splitUsers(s *call.Samples, named []string) (others, theirs *call.Samples) {
	others, theirs = &call.Samples{Nulls: s.Nulls}, &call.Samples{}
	at := 0
	for _, series := range s.Series {
		dst := others
		if slices.Contains(named, series.UserID) {
			dst = theirs
		}
		appendRun(dst, series, s, at, at+series.Rows)
		at += series.Rows
	}
	return others, theirs
}

// appendRun appends the rows [from, to) of s, which are of one series.
func appendRun(dst *call.Samples, series call.Series, s *call.Samples, from, to int) {
	if from == to {
		return
	}
	series.Rows = to - from
	dst.Series = append(dst.Series, series)
	dst.Time = append(dst.Time, s.Time[from:to]...)
	dst.Value = append(dst.Value, s.Value[from:to]...)
}
