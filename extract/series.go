package extract

import (
	"context"
	"fmt"
	"math"
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
			defer c.Progress.Done(StageSeries, 1)
			return c.narrowSeries(gctx, r, c.oneSeries(gctx, r))
		})
	}
	return g.Wait()
}

// leastSeries is the smallest window that a request of series is divided into.
const leastSeries = 5 * time.Minute

// narrowSeries looks at what came of a request. Where it could not be had, it is
// asked for by halves, as long as one of two can be had or the answers are too
// large; the least of what cannot be had is set aside. The error is what makes all
// further work pointless.
func (c *callPass) narrowSeries(ctx context.Context, r plan.Request, o outcome) error {
	switch {
	case o.err == nil:
		return nil
	case fatal(o.err):
		return o.err
	}
	a, b, ok := halves(r)
	if !ok || !divisible(o.err) {
		return c.missSeries(ctx, r, o)
	}
	oa, ob := c.oneSeries(ctx, a), c.oneSeries(ctx, b)
	if oa.err != nil && ob.err != nil && !saysLess(o.err) && !fatal(oa.err) && !fatal(ob.err) {
		return c.missSeries(ctx, r, o)
	}
	if err := c.narrowSeries(ctx, a, oa); err != nil {
		return err
	}
	return c.narrowSeries(ctx, b, ob)
}

// halves divides a request by users or, where there is one, the seconds that are
// this user's by time.
func halves(r plan.Request) (a, b plan.Request, ok bool) {
	a, b = r, r
	if n := len(r.Users) / 2; n > 0 {
		a.Users, b.Users = r.Users[:n:n], r.Users[n:]
		return a, b, true
	}
	u := r.Users[0]
	from, to := max(u.From, uint32(r.Window.Start.Unix())), min(u.To, uint32(r.Window.End.Unix()))
	if r.Window.End.Sub(r.Window.Start) < 2*leastSeries || from >= to {
		return a, b, false
	}
	at := from + (to-from)/2
	a.Window, b.Window = call.Window{Start: second(from), End: second(at)}, call.Window{Start: second(at), End: second(to)}
	a.Users, b.Users = []plan.User{{ID: u.ID, From: u.From, To: at}}, []plan.User{{ID: u.ID, From: at + 1, To: u.To}}
	return a, b, true
}

// missSeries sets a request aside. What of it was visible stays so.
func (c *callPass) missSeries(ctx context.Context, r plan.Request, o outcome) error {
	c.setAside(call.PartSeries, seriesKey(r), r.Window.Start, o.err)
	return c.putOpen(ctx, r, &call.Samples{}, o.responses, o.err.Error())
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

// outcome is what became of a request that could not be had.
type outcome struct {
	err       error
	responses []uint64 // that came and could not be read
}

// oneSeries asks for one window and archives what belongs to it.
func (c *callPass) oneSeries(ctx context.Context, r plan.Request) outcome {
	a, release, err := c.seriesPages(ctx, r)
	defer release()
	if err == nil {
		err = c.putAnswer(ctx, r, a)
	}
	return outcome{err, a.responses}
}

// putAnswer archives what a request brought.
func (c *callPass) putAnswer(ctx context.Context, r plan.Request, a seriesAnswer) error {
	if len(a.lacking) == 0 {
		return c.putSeries(ctx, r, a.samples, a.responses)
	}
	return c.putPartly(ctx, r, a)
}

// putPartly archives what came where something of some users is lacking: what
// came of these users is shown until they are asked for again.
func (c *callPass) putPartly(ctx context.Context, r plan.Request, a seriesAnswer) error {
	had, lacking := a.divide(r)
	reason := ""
	for _, u := range lacking.Users {
		from, key := second(u.From), seriesKey(plan.Request{Window: r.Window, Users: []plan.User{u}})
		switch damage := a.damaged[u.ID]; {
		case damage.problem != "":
			reason = damage.problem
			c.setAside(call.PartSeries, key, from, damage)
		case slices.Contains(a.wanting, u.ID):
			c.want(call.PartSeries, key, from)
		default:
			c.holdBack(from)
		}
	}
	whole, partial := splitUsers(a.samples, a.lacking)
	if len(had.Users) > 0 {
		if err := c.putSeries(ctx, had, whole, a.responses); err != nil {
			return err
		}
	}
	return c.putOpen(ctx, lacking, partial, a.responses, reason)
}

// putOpen archives what there is of users of whom something is lacking, for the
// reason given unless that is null: what came, and what has been visible besides.
func (c *callPass) putOpen(ctx context.Context, r plan.Request, came *call.Samples, responses []uint64, reason string) error {
	owned := ownedBy(r)
	shown, before, err := c.showing(ctx, call.PartSeries, owned)
	if err != nil {
		return err
	}
	responses = slices.Concat(before, responses)
	if shown.Samples != nil && shown.Samples.Rows() > 0 {
		came = c.merged(shown.Samples, came)
	}
	if came.Rows() == 0 && (reason == "" || len(responses) == 0) {
		return nil
	}
	c.count(func(n *callCounts) { n.samples += came.Rows(); n.nulls += came.Nulls })
	c.Progress.Done(StageSamples, came.Rows())
	part := c.part(call.PartSeries, seriesKey(r), r.Window)
	part.Owned, part.Responses, part.Reason = owned, responses, reason
	return archived(c.Archive.Add(ctx, c.unit, part, c.rows(call.Rows{Samples: came})))
}

// merged are the samples of both, those of b where both have one of a second.
func (c *callPass) merged(a, b *call.Samples) *call.Samples {
	a.Series, a.Time, a.Value = append(a.Series, b.Series...), append(a.Time, b.Time...), append(a.Value, b.Value...)
	a.Nulls = b.Nulls
	t := c.lend()
	defer c.giveBack(t)
	t.normaliser.Normalise(a)
	return a
}

// putSeries archives the samples of one request, which are normal.
func (c *callPass) putSeries(ctx context.Context, r plan.Request, samples *call.Samples, responses []uint64) error {
	c.count(func(n *callCounts) { n.samples += samples.Rows(); n.nulls += samples.Nulls })
	c.Progress.Done(StageSamples, samples.Rows())
	return c.addSeries(ctx, r, samples, responses)
}

func (c *callPass) addSeries(ctx context.Context, r plan.Request, samples *call.Samples, responses []uint64) error {
	settled, open := c.splitSamples(samples)
	a := addition{kind: call.PartSeries, key: seriesKey(r), window: r.Window, responses: responses, cut: c.cut}
	return c.addBoth(ctx, a, ownedBy(r), c.rows(call.Rows{Samples: settled}), c.rows(call.Rows{Samples: open}))
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
	sessions  []call.Session
	kept      []call.Session // of these, those that lack something
	responses []uint64
	lacking   []string            // users of whom something is lacking, and who are to be asked for again
	wanting   []string            // those of them of whom some series is null though it is due, and not because it is late
	damaged   map[string]oddError // those of them of whom something is damaged, and what
}

// damage adds the users of whom something in an answer is damaged: where that is
// not known, all of them.
func (a *seriesAnswer) damage(r plan.Request, all []transform.Damage) {
	for _, d := range all {
		if d.What == "total" || d.What == "session" {
			continue // the user list tells
		}
		for _, u := range r.Users {
			if d.User != "" && d.User != u.ID {
				continue
			}
			if a.damaged == nil {
				a.damaged = map[string]oddError{}
			}
			if a.damaged[u.ID] = oddPiece(d); !slices.Contains(a.lacking, u.ID) {
				a.lacking = append(a.lacking, u.ID)
			}
		}
	}
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
		if !slices.Contains(a.lacking, user) {
			a.lacking = append(a.lacking, user)
		}
		if certain {
			a.wanting = append(a.wanting, user)
		}
	}
}

// mostSeriesPages bounds the pages of one window of series.
const mostSeriesPages = 200

// seriesPages reads all pages of one window: the vendor pages over what it
// found of the users asked for, which may be several rows a user. A first page
// without a list of them does not say that there are no more. A request without
// users asks for all of them. release must be called in any case; the responses
// are told with an error, too.
func (c *callPass) seriesPages(ctx context.Context, r plan.Request) (all seriesAnswer, release func(), err error) {
	reader := &seriesReader{pass: c.Pass}
	var damage []transform.Damage
	action := c.Asker.Dialect().Series
	readings, start := 1, 0 // of the pages; the sessions of this one begin at start
	for page := 0; page < c.Asker.listLength(action, mostSeriesPages); page++ {
		seen := len(reader.Sessions)
		q, said := c.seriesQuestion(reader, r, page)
		k, done, err := c.askHolding(ctx, q)
		all.responses = append(all.responses, k.ids()...)
		if err != nil {
			return all, done, err
		}
		all.doubt(c, said.due, said.settled)
		damage = append(damage, said.info.Damage...)
		c.rep.repeated(said.info.Repeated)
		if !lastSeries(r, reader.Sessions[start:], len(reader.Sessions)-seen, page, said.info) {
			done()
			continue
		}
		missing := c.unseen(r, reader, &all, damage)
		if len(missing) > 0 && readings < suspectAttempts { // pages may have come in another order each
			readings, start, page = readings+1, len(reader.Sessions), -1
			done()
			continue
		}
		all.sessions, all.kept = slices.Clone(reader.Sessions), keptOf(damage)
		all.samples, _ = reader.take()
		all.damage(c.named(r, all), append(damage, missing...))
		return all, done, nil
	}
	c.Asker.foundEndless(action)
	return all, func() {}, fmt.Errorf("%w: too many pages of series have come", errEndless)
}

// unseen are the users of a request who were there, and of whom pages that name
// others say nothing at all.
func (c *callPass) unseen(r plan.Request, reader *seriesReader, all *seriesAnswer, damage []transform.Damage) (missing []transform.Damage) {
	if len(reader.Sessions) == 0 {
		return nil
	}
	users := map[string]bool{}
	for _, s := range reader.Sessions {
		users[s.UserID] = true
	}
	for _, s := range reader.Samples.Series {
		users[s.UserID] = true
	}
	for _, d := range damage {
		users[d.User] = true
	}
	for _, u := range r.Users {
		owned := call.Window{Start: later(r.Window.Start, second(u.From)), End: earlier(r.Window.End, second(u.To))}
		if !users[u.ID] && !users[""] && !slices.Contains(all.lacking, u.ID) && c.due(u.ID, "", owned) {
			missing = append(missing, transform.Damage{What: "samples", User: u.ID, Problem: "the pages do not name the user", Count: 1})
		}
	}
	return missing
}

// named is a request as if it had named the users that it brought, where it
// names none.
func (c *callPass) named(r plan.Request, a seriesAnswer) plan.Request {
	if len(r.Users) > 0 {
		return r
	}
	users := distinctUsers(a.sessions)
	for _, s := range a.samples.Series {
		if !slices.Contains(users, s.UserID) {
			users = append(users, s.UserID)
		}
	}
	slices.Sort(users)
	for _, id := range users {
		if from, to := c.unheld(r.Window, id); from <= to {
			r.Users = append(r.Users, plan.User{ID: id, From: from, To: to})
		}
	}
	return r
}

// seriesPage is what a page of series says.
type seriesPage struct {
	info         transform.DetailInfo
	due, settled []string // users of whom something is null
}

// seriesQuestion is the question for a page, and what its answer says once it has come.
func (c *callPass) seriesQuestion(reader *seriesReader, r plan.Request, page int) (question, *seriesPage) {
	said, before, fewest := &seriesPage{}, reader.Mark(), math.MaxInt
	q := question{window: r.Window, work: r.Seconds()}
	q.build = func(w call.Window) trtc.Request {
		return c.Asker.Dialect().SeriesOf(c.App, c.room.CommID, w, r.UserIDs(), page)
	}
	keep := keepOwned(r)
	if len(r.Users) == 0 {
		keep = func(user string) (from, to uint32) { return c.unheld(r.Window, user) }
		q.work = trtc.MaxSeriesUsers * r.Window.End.Sub(r.Window.Start).Seconds()
	}
	q.decode = func(body []byte) (err error) {
		reader.Cut(before)
		said.info, err = reader.read(body, r.Window, keep)
		switch {
		case err != nil:
			return err
		case said.info.List == transform.ListAbsent || said.info.List == transform.ListWrong:
			return noList("Data", said.info.Info)
		}
		asked := r
		if len(r.Users) == 0 { // what it brings of sessions is all that is known of them
			c.stays = byUser(mergeSessions(c.known.Sessions, reader.Sessions))
			c.there = c.stays
			asked = requestOf(r.Window, distinctUsers(reader.Sessions))
		}
		missing := page == 0 && said.info.List != transform.ListPresent
		said.due = c.lacking(asked, missing, said.info.NullSeries, r.Window)
		said.settled = c.lacking(asked, missing, said.info.NullSeries, c.settledPart(r.Window))
		if len(said.due) > fewest { // the answer before had more
			return &trtc.Error{Action: c.Asker.Dialect().Series, Code: trtc.CodeHTTP, Message: "null where it was not null before", Kind: trtc.Retryable}
		}
		if fewest = len(said.due); fewest > 0 {
			return errSuspect
		}
		return damaged(said.info.Damage)
	}
	return q, said
}

// lastSeries says that no further page is to be expected: as many rows as the
// vendor counts have come, and all users that were asked for.
func lastSeries(r plan.Request, seen []call.Session, rows, page int, info transform.DetailInfo) bool {
	if rows == 0 {
		return page > 0 || info.Total <= trtc.MaxSeriesUsers
	}
	if len(seen) < info.Total || rows < trtc.MaxSeriesUsers {
		return len(seen) >= info.Total
	}
	users := distinctUsers(seen)
	missing := func(u plan.User) bool { return !slices.Contains(users, u.ID) }
	return len(r.Users) > 0 && (len(users) >= info.Total || !slices.ContainsFunc(r.Users, missing))
}

// lacking are the users of a request of whom samples are due within w, of an
// answer that has those series that are null. If it has no series at all, though
// some are due, nothing is known of the other users either.
func (c *callPass) lacking(r plan.Request, none bool, null []call.Series, w call.Window) (users []string) {
	for _, u := range r.Users {
		owned := call.Window{Start: later(w.Start, second(u.From)), End: earlier(w.End, second(u.To))}
		due := func(s call.Series) bool { return s.UserID == u.ID && c.due(u.ID, s.PeerID, w) }
		switch {
		case none && c.due(u.ID, "", owned):
			return r.UserIDs()
		case slices.ContainsFunc(null, due):
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
