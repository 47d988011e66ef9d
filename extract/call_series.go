package extract

import (
	"context"
	"fmt"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// mostSeriesPages bounds the number of pages of one window of series.
const mostSeriesPages = 200

// askSeries asks for the metric series that the archive lacks of a call. It passes them on
// request by request, so the size of a call does not matter.
func (c *callPass) askSeries(ctx context.Context, sessions []call.Session) error {
	requests := c.call.SeriesRequests(sessions)
	c.pass.Progress.Add(StageSeries, len(requests))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	for _, r := range requests {
		g.Go(func() error {
			defer c.pass.Progress.Done(StageSeries, 1)
			return c.seriesOf(gctx, r)
		})
	}
	return g.Wait()
}

// seriesRequest is a request for series with the responses that came.
type seriesRequest struct {
	plan.Request
	responses []uint64 // ids
}

// seriesOf asks for a request, and for its halves if it fails. The smallest pieces that
// fail are noted as missing. Rows of them that were visible stay visible.
func (c *callPass) seriesOf(ctx context.Context, r plan.Request) error {
	halves := func(r *seriesRequest) (a, b *seriesRequest, ok bool) {
		x, y, ok := decide.Halves(r.Request)
		return &seriesRequest{Request: x}, &seriesRequest{Request: y}, ok
	}
	gaps, err := ask.Divide(&seriesRequest{Request: r}, halves, func(r *seriesRequest) error { return c.askRequest(ctx, r) })
	if err != nil {
		return err
	}
	for _, gap := range gaps {
		c.decide(func(d *decide.Call) { d.MissSeries(gap.Of.Request, failureOf(gap.Err)) })
		if err := c.addOpen(ctx, gap.Of.Request, &call.Samples{}, gap.Of.responses, gap.Err.Error(), c.call.Sessions); err != nil {
			return err
		}
	}
	return nil
}

// askRequest asks for one request and archives the seconds that it owns.
func (c *callPass) askRequest(ctx context.Context, r *seriesRequest) error {
	a, release, err := c.seriesPages(ctx, r.Request)
	defer release()
	if r.responses = a.responses; err != nil {
		return err
	}
	var whole, partial plan.Request
	var reason string
	c.decide(func(d *decide.Call) { whole, partial, reason = d.TakeSeries(r.Request, a.lacks) })
	return c.addAnswer(ctx, whole, partial, reason, a, c.call.Sessions)
}

// addAnswer archives the answer to a request. Rows of users who lack something are open: a
// later pass asks for these users again.
func (c *callPass) addAnswer(ctx context.Context, whole, partial plan.Request, reason string, a seriesAnswer, sessions decide.Presence) error {
	samples := a.samples
	if len(partial.Users) == 0 {
		return c.addWhole(ctx, whole, samples, a.responses, sessions)
	}
	others, theirs := decide.SplitUsers(samples, partial.UserIDs())
	if len(whole.Users) > 0 {
		if err := c.addWhole(ctx, whole, others, a.responses, sessions); err != nil {
			return err
		}
	}
	return c.addOpen(ctx, partial, theirs, a.responses, reason, sessions)
}

// addWhole archives the samples of users who lack nothing.
func (c *callPass) addWhole(ctx context.Context, r plan.Request, samples *call.Samples, responses []uint64, sessions decide.Presence) error {
	c.countSamples(samples)
	settled, open := decide.SplitSamples(samples, c.call.SettledTo)
	return c.add(ctx, c.seriesPart(r, responses, ""), c.call.SettledTo,
		c.rows(call.Rows{Samples: settled, SessionsOf: sessions}), c.rows(call.Rows{Samples: open, SessionsOf: sessions}))
}

// addOpen archives the samples of users who lack something: those that came, and those that
// were visible before. reason says what is wrong; it is "" if something was null.
func (c *callPass) addOpen(ctx context.Context, r plan.Request, came *call.Samples, responses []uint64, reason string, sessions decide.Presence) error {
	part := c.seriesPart(r, responses, reason)
	visible, before, err := c.visible(ctx, call.PartSeries, part.Owned)
	if err != nil {
		return err
	}
	part.Responses = slices.Concat(before, responses)
	if visible.Samples != nil && visible.Samples.Rows() > 0 {
		came = c.merged(visible.Samples, came)
	}
	if came.Rows() == 0 && (reason == "" || len(part.Responses) == 0) {
		return nil
	}
	c.countSamples(came)
	return archived(c.pass.taker().Add(ctx, c.unit, part, c.rows(call.Rows{Samples: came, SessionsOf: sessions})))
}

func (c *callPass) seriesPart(r plan.Request, responses []uint64, reason string) call.Part {
	p := c.call.Part(call.PartSeries, decide.SeriesKey(r), r.Window)
	p.Owned, p.Responses, p.Reason = decide.Owned(r), responses, reason
	return p
}

func (c *callPass) countSamples(s *call.Samples) {
	c.decide(func(*decide.Call) { c.counts.samples += s.Rows(); c.counts.nulls += s.Nulls })
	c.pass.Progress.Done(StageSamples, s.Rows())
}

// merged returns the samples of a and b. Where both have the same second, b counts.
func (c *callPass) merged(a, b *call.Samples) *call.Samples {
	a.Series, a.Time, a.Value = append(a.Series, b.Series...), append(a.Time, b.Time...), append(a.Value, b.Value...)
	a.Nulls = b.Nulls
	c.pass.normalise(a)
	return a
}

// seriesAnswer is the answer to a request for series.
type seriesAnswer struct {
	samples    *call.Samples // normal
	sessions   []call.Session
	incomplete []call.Session // those of sessions that lack a value
	responses  []uint64
	lacks      decide.Lacks
}

// seriesPages reads all pages of one window. The vendor pages over what it found of the
// users, which may be several rows a user. A first page without a list of users does not
// mean that there are no more pages. A request without users asks for all of them. The
// caller must call release in any case. The responses are returned with an error, too.
func (c *callPass) seriesPages(ctx context.Context, r plan.Request) (all seriesAnswer, release func(), err error) {
	reading := &seriesReader{pass: c.pass}
	all.lacks = decide.Lacks{}
	var damage []transform.Damage
	asker, action := c.pass.Asker, c.pass.Asker.Dialect().Series
	readings, start := 1, 0 // readings of the pages; the sessions of this reading begin at start
	for page := 0; page < asker.MostPages(action, mostSeriesPages); page++ {
		before := len(reading.Sessions)
		q, said := c.seriesQuestion(reading, r, page)
		answer, err := c.askHolding(ctx, q)
		all.responses = append(all.responses, answer.responses()...)
		if err != nil {
			return all, answer.release, err
		}
		c.call.AddNulls(all.lacks, said.nulls)
		damage = append(damage, said.info.Damage...)
		c.rep.repeated(said.info.Repeated)
		if !c.call.LastPage(r, reading.Sessions[start:], len(reading.Sessions)-before, page, said.info.Total) {
			answer.release()
			continue
		}
		missing := c.call.Unnamed(r, reading.Sessions, &reading.Samples, all.lacks, damage)
		if len(missing) > 0 && readings < ask.NullAttempts { // each reading may have the pages in another order
			readings, start, page = readings+1, len(reading.Sessions), -1
			answer.release()
			continue
		}
		all.sessions, all.incomplete, all.samples = reading.Sessions, decide.IncompleteOf(damage), reading.take()
		decide.AddDamage(all.lacks, c.call.Named(r, all.sessions, all.samples), append(damage, missing...))
		return all, answer.release, nil
	}
	asker.FoundEndless(action)
	return all, func() {}, fmt.Errorf("%w: there are too many pages of series", ask.ErrEndless)
}

// seriesPage is the information of a page of series.
type seriesPage struct {
	info  transform.DetailInfo
	nulls decide.Nulls
}

// seriesQuestion returns the question for a page, and the information that its answer sets.
func (c *callPass) seriesQuestion(reading *seriesReader, r plan.Request, page int) (question, *seriesPage) {
	said, before, fewest := &seriesPage{}, reading.Mark(), math.MaxInt
	q := question{window: r.Window, work: r.Seconds()}
	q.build = func(w call.Window) trtc.Request {
		return c.pass.Asker.Dialect().SeriesOf(c.pass.App, c.unit.Key, w, r.UserIDs(), page)
	}
	keep := keepOwned(r)
	if len(r.Users) == 0 {
		keep = func(user string) (from, to uint32) { return c.call.Unheld(r.Window, user) }
		q.work = trtc.MaxSeriesUsers * r.Window.End.Sub(r.Window.Start).Seconds()
	}
	q.decode = func(body []byte) (err error) {
		reading.Cut(before)
		if said.info, err = reading.read(body, r.Window, keep); err != nil {
			return err
		}
		if err := ask.NoList("Data", said.info.Info); err != nil {
			return err
		}
		said.nulls = c.call.SeriesNulls(r, reading.Sessions, page == 0 && said.info.List != transform.ListPresent, said.info.NullSeries)
		n := len(said.nulls.Due)
		if n > fewest { // an earlier answer had more
			return &trtc.Error{Action: c.pass.Asker.Dialect().Series, Code: trtc.CodeHTTP, Message: "null where it was not null before", Kind: trtc.Retryable}
		}
		if fewest = n; n > 0 {
			return ask.ErrNull
		}
		return ask.Damaged(said.info.Damage)
	}
	return q, said
}

// keepOwned keeps the seconds that the plan assigned to this request.
func keepOwned(r plan.Request) transform.Keep {
	return func(userID string) (from, to uint32) {
		from, to, ok := r.Owned(userID)
		if !ok {
			return 1, 0
		}
		return from, to
	}
}
