package extract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/span"
)

// leftFor is how long after a call has ended its users are taken to have left,
// whatever the vendor says of them.
const leftFor = 24 * time.Hour

// callPass is the archiving of one call in one pass.
type callPass struct {
	*Pass
	rep      *report
	room     call.Room
	listed   uint64 // response that listed it
	odd      string // why the row that listed it is not whole; "": it is
	unborn   bool   // that row does not tell when the room was created
	unit     call.Unit
	attempts int         // passes in which something was null before
	asked    time.Time   // no answer is older
	visible  bool        // the archive may show something that it does not hold for good
	alive    call.Window // in which the call can have data, as far as it is in reach
	cut      uint32      // answers about the seconds up to it no longer change
	known    call.Known
	stays    map[string][]call.Session // all sessions, by user
	there    map[string][]call.Session // those, and when users were there whose stay cannot be read

	openOnce sync.Once
	openOf   []call.Part
	openErr  error

	mu       sync.Mutex
	counts   callCounts
	failed   []call.FailedPart // set aside: asked for again by later passes
	wanting  []call.FailedPart // null where data is due: asked for again as well
	back     time.Time         // from when on something was null and is asked for again; zero: nothing
	believed bool              // null where data is due, after so many passes
	cutAt    time.Time         // what was before had expired when it was asked for; zero: nothing
}

// callCounts is what was found of one call.
type callCounts struct {
	sessions, users, samples, events, nulls int
	provisional                             bool
}

// archiveCall fetches what the archive does not hold of one call and ends it.
// A failure that concerns only this call is reported and is no error.
func (p *Pass) archiveCall(ctx context.Context, r *report, due dueCall) (final bool, err error) {
	c := p.begin(r, due)
	ctx, s := span.Begin(ctx, "call", attrApp.Int64(int64(p.App)), attrRoom.String(due.RoomID), attrCall.String(due.CommID))
	defer func() { c.endSpan(s, err) }()
	replaces := due.known && c.inReach() && (p.Again || c.moved(due))
	if !replaces && c.moved(due) {
		c.room.CreatedAt = due.held.StartsAt
	}
	if due.Waiting() && !replaces {
		if c.known, err = p.Archive.Resume(ctx, c.unit); err != nil {
			return false, archiveError{err}
		}
	}
	ended, err := c.fetch(ctx)
	p.Progress.Done(StageCalls, 1)
	if fatal(err) {
		p.Archive.Abandon(c.unit)
		return false, err
	}
	if err != nil {
		c.setAside(call.PartRoom, "", c.room.CreatedAt, err)
	}
	if (replaces || due.held.State.Final()) && (c.partial() || !c.cutAt.IsZero()) {
		return c.leave(due), nil
	}
	e := c.entry(due, ended)
	if !e.State.Final() {
		p.open.add(c.unit)
	}
	if err := p.Archive.End(ctx, e); err != nil {
		return false, archiveError{err}
	}
	if len(c.failed) > 0 {
		r.incomplete(Failure{CommID: due.CommID, RoomID: due.RoomID, What: "call", Reason: failedReason(c.failed), Cause: c.failed[0].Reason})
	}
	if lost := c.lostHead(due); lost != "" && due.known && !p.Again {
		r.lost(Failure{CommID: due.CommID, RoomID: due.RoomID, What: "call", Reason: lost})
	}
	if c.believed {
		r.believed(due.CommID)
	}
	if len(c.wanting) > 0 {
		r.waits(due.CommID)
	}
	c.counts.provisional = !e.State.Final()
	r.archivedCall(c.counts)
	return e.State.Final(), nil
}

// partial says that something of the call could not be had.
func (c *callPass) partial() bool { return len(c.failed)+len(c.wanting) > 0 }

// leave keeps what the archive has of a call: asked for again, it could not be
// had whole.
func (c *callPass) leave(due dueCall) (final bool) {
	reason := "its beginning has expired"
	if c.partial() {
		reason = failedReason(slices.Concat(c.failed, c.wanting))
	}
	c.Archive.Abandon(c.unit)
	c.rep.failed(Failure{CommID: due.CommID, RoomID: due.RoomID, What: "call", Reason: reason + "; it stays as it was"})
	if !due.held.State.Final() {
		c.open.add(c.unit)
	}
	return due.held.State.Final()
}

// ask and askHolding are the pass's, and note what the vendor no longer had.
func (c *callPass) ask(ctx context.Context, w call.Window, build func(call.Window) trtc.Request, decode func([]byte) error) (kept, error) {
	k, release, err := c.askHolding(ctx, question{window: w, build: build, decode: decode})
	release()
	return k, err
}

func (c *callPass) askHolding(ctx context.Context, q question) (k kept, release func(), err error) {
	q.cut = func(at time.Time) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.cutAt = later(c.cutAt, at)
	}
	q.believed = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.believed = c.believed || c.attempts >= BelieveAfter
	}
	return c.Pass.askHolding(ctx, q)
}

// inReach says whether the vendor still has the whole call: one that it has not
// must not be replaced.
func (c *callPass) inReach() bool { return !c.alive.Start.After(c.room.CreatedAt) }

// moved says whether the vendor tells another beginning of the call than it has
// told before. All rows of a call name one.
func (c *callPass) moved(due dueCall) bool {
	return due.known && !due.held.StartsAt.Equal(c.room.CreatedAt)
}

// begin prepares the archiving of one call.
func (p *Pass) begin(r *report, due dueCall) *callPass {
	c := &callPass{
		Pass: p, rep: r, room: due.Room, listed: due.Response, odd: due.Reason, unborn: due.Unborn, asked: p.now(),
		unit: call.Unit{App: p.App, Kind: call.UnitCall, Key: due.CommID}, attempts: nullAttempts(due.held.Entry),
		visible: due.known && due.held.State != call.Pending,
	}
	if c.unborn && due.known {
		c.room.CreatedAt = due.held.StartsAt
	}
	c.alive = c.lifetime()
	return c
}

// nullAttempts is in how many passes something of a unit was null where data is
// due. A unit of which nothing is wanting keeps what has come to be believed.
func nullAttempts(e call.Entry) int {
	if !e.Lacks() || e.Waits() {
		return e.Attempts
	}
	most := 0
	for _, f := range e.Failed {
		if f.Null() {
			most = max(most, f.Attempts)
		}
	}
	return most
}

// Waiting says whether the archive has something of the call to go on from.
func (d dueCall) Waiting() bool { return d.known && d.held.Waiting }

// entry is what the ledger shall say of the call: it is archived if all of it came
// and can no longer change, and provisional otherwise, with the parts that are set
// aside.
func (c *callPass) entry(due dueCall, ended bool) call.Entry {
	e := call.Entry{Unit: c.unit, StartsAt: c.room.CreatedAt, Failed: triedAgain(slices.Concat(c.failed, c.wanting), due.held.Failed)}
	if c.partial() {
		e.Reason, e.Attempts = failedReason(e.Failed), due.held.Attempts+1
	}
	e.State, e.HeldUntil = call.Archived, c.alive.End
	if !ended || c.partial() {
		e.State, e.HeldUntil = call.Provisional, earlier(c.settledUntil(c.asked), c.alive.End)
		if !c.back.IsZero() {
			e.HeldUntil = earlier(e.HeldUntil, c.back.Add(-time.Second))
		}
	}
	if due.held.Attempts >= BelieveAfter {
		e.Attempts = max(e.Attempts, due.held.Attempts) // what was believed stays believed
	}
	e.Deadline = c.deadline(later(e.StartsAt, e.HeldUntil))
	heads := c.lostHeads(due)
	if len(heads) > 0 && len(c.failed) == 0 {
		e.Reason = heads[len(heads)-1].Reason
	}
	if c.believed && len(c.failed) == 0 {
		e.Reason = fmt.Sprintf("%v, in %d passes: taken for an answer", errWanting, e.Attempts+1)
	}
	e.Failed = slices.Concat(e.Failed, heads)
	return e
}

// lostHeads are the parts of the call that are lost for good: those that the
// ledger has, and what is lost since.
func (c *callPass) lostHeads(due dueCall) []call.FailedPart {
	heads := slices.DeleteFunc(slices.Clone(due.held.Failed), func(f call.FailedPart) bool { return !f.Gone() })
	if lost := c.lostHead(due); lost != "" {
		heads = append(heads, call.FailedPart{Kind: call.PartSeries, Key: call.BeforeKey + c.alive.Start.Format(time.RFC3339), Reason: lost})
	}
	return heads
}

func failedReason(failed []call.FailedPart) string {
	f := failed[0]
	what := string(f.Kind)
	if f.Key != "" {
		what += " " + f.Key
	}
	if n := len(failed) - 1; n > 0 {
		return fmt.Sprintf("%s: %s (and %d more parts)", what, f.Reason, n)
	}
	return what + ": " + f.Reason
}

// lostHead says what of the call the vendor had dropped before the archive had
// any of it.
func (c *callPass) lostHead(due dueCall) string {
	held, had := later(c.room.CreatedAt, due.held.HeldUntil), later(c.alive.Start, c.cutAt)
	if !had.After(held) {
		return ""
	}
	return fmt.Sprintf("the vendor no longer had what came between %s and %s", held.UTC().Format(time.RFC3339), had.UTC().Format(time.RFC3339))
}

// lifetime is the span in which the call can have data, as far as it is in
// reach, but for what its sessions may add.
func (c *callPass) lifetime() call.Window {
	w := call.Window{Start: c.room.CreatedAt, End: c.asked}
	if c.room.Finished || c.odd != "" && !c.room.DestroyedAt.IsZero() {
		w.End = earlier(destroyed(c.room), c.asked)
	}
	w, _ = c.reach(w)
	if !w.Start.Before(w.End) {
		w.End = w.Start.Add(time.Second)
	}
	return w
}

// fetch asks for the parts of the call; ended says that none of them can change
// any more. What cannot be had is set aside; the error is what makes all further
// work pointless.
func (c *callPass) fetch(ctx context.Context) (ended bool, err error) {
	first, err := c.askFirst(ctx)
	if fatal(err) {
		return false, err
	}
	users, err := c.usersAfter(ctx, first)
	if err != nil {
		return false, err
	}
	ended = c.ended(mergeSessions(c.known.Sessions, users.sessions), users.strangers)
	c.nameRoom(users.sessions)
	if len(users.strangers) > 0 { // they are asked for page by page, the users of the first answer among them
		first = nil
		more, kept, err := c.askUnnamed(ctx, users.strangers)
		if err != nil {
			return ended, err
		}
		users.sessions, users.kept = mergeSessions(users.sessions, more), append(users.kept, kept...)
		users.mend()
	}
	all := mergeSessions(c.known.Sessions, users.sessions)
	c.stays, c.there = byUser(all), byUser(slices.Concat(all, users.ghosts))
	c.counts.sessions, c.counts.users = len(all), len(c.stays)
	if err := c.addKnown(ctx, ended, users, first); err != nil {
		return ended, err
	}
	c.widen(all)
	return ended, c.fetchOf(ctx, slices.Concat(all, users.ghosts))
}

// nameRoom finds the room's id among the sessions where the list does not tell it.
// Where nobody does, no row of the call is held for good, as each has it.
func (c *callPass) nameRoom(sessions []call.Session) {
	if c.odd == "" || c.room.RoomID != "" {
		return
	}
	for _, s := range sessions {
		if c.room.RoomID = s.RoomID; s.RoomID != "" {
			return
		}
	}
	c.cut = 0
}

// fetchOf asks for the series and the events of those who were there.
func (c *callPass) fetchOf(ctx context.Context, all []call.Session) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return span.Do(gctx, "series", func(ctx context.Context) error { return c.askSeries(ctx, all) })
	})
	if !c.Skip("user_events") && !c.noEvents.Load() {
		g.Go(func() error {
			return span.Do(gctx, "events", func(ctx context.Context) error { return c.askEvents(ctx, all) })
		})
	}
	return g.Wait()
}

// usersAfter is the list of users: that of the first answer if it is complete.
func (c *callPass) usersAfter(ctx context.Context, first *firstAnswer) (userList, error) {
	if first != nil && first.complete {
		var all sessionSet
		all.add(first.sessions)
		return userList{window: first.window, sessions: all.list(), responses: first.responses}, nil
	}
	if first == nil {
		return c.askUsers(ctx, nil)
	}
	first.release()
	return c.askUsers(ctx, first.whole())
}

// ended says whether no answer about the call can change any more, and sets the
// cut by it.
func (c *callPass) ended(all []call.Session, strangers []call.Window) bool {
	over := c.odd == "" && c.room.Finished && c.room.DestroyedAt.Before(c.settledUntil(c.asked))
	left := len(strangers) == 0 && allLeft(all)
	ended := over && (left || c.room.DestroyedAt.Add(leftFor).Before(c.asked))
	c.cut = call.Forever
	if !ended {
		c.cut = uint32(c.settledUntil(c.asked).Unix())
	}
	return ended
}

// addKnown adds what has come before series and events are asked for.
func (c *callPass) addKnown(ctx context.Context, ended bool, users userList, first *firstAnswer) error {
	if first != nil {
		defer first.release()
	}
	if err := c.addRoom(ctx, ended); err != nil {
		return err
	}
	if err := c.addUsers(ctx, users); err != nil || first == nil {
		return err
	}
	return c.addFirst(ctx, first.window, first.seriesAnswer)
}

// widen adds to the lifetime what the sessions say, as far as it is in reach.
func (c *callPass) widen(sessions []call.Session) {
	for _, s := range sessions {
		if s.JoinedAt.Before(c.alive.Start) {
			c.alive.Start = s.JoinedAt
		}
		c.alive.End = later(c.alive.End, s.LeftAt)
	}
	c.alive, _ = c.reach(c.alive)
}

// addRoom adds what the room list said. It stays only when the call has ended. A
// row that does not tell when the room was created is none: what was visible of
// the room stays so.
func (c *callPass) addRoom(ctx context.Context, ended bool) error {
	for _, p := range c.known.Parts {
		if p.Kind == call.PartRoom {
			return nil
		}
	}
	part := c.part(call.PartRoom, "", call.Window{Start: c.room.CreatedAt, End: c.alive.End})
	part.Settled, part.Reason = ended && c.odd == "", c.odd
	part.Owned, part.Responses = []call.Owned{{To: call.Forever}}, []uint64{c.listed}
	room := c.room
	if !room.Finished { // it may be that it is not known
		room.DestroyedAt = time.Time{}
	}
	rows := call.Rows{Room: &room}
	if c.odd != "" {
		c.setAside(call.PartRoom, "", c.room.CreatedAt, oddError{problem: c.odd})
		shown, before, err := c.showing(ctx, call.PartRoom, part.Owned)
		if err != nil {
			return err
		}
		switch {
		case shown.Room != nil:
			rows.Room, part.Responses = shown.Room, before
		case c.unborn:
			rows.Room = nil
		}
	}
	return archived(c.Archive.Add(ctx, c.unit, part, c.rows(rows)))
}

// showing is what the archive shows of seconds of a kind of part and does not hold
// for good, and the responses it is of: it must not give way to an answer that has
// less.
func (c *callPass) showing(ctx context.Context, kind call.PartKind, owned []call.Owned) (rows call.Rows, responses []uint64, err error) {
	open, err := c.openParts(ctx)
	if err != nil {
		return rows, nil, err
	}
	found := false
	for _, p := range open {
		if p.Kind == kind && slices.ContainsFunc(p.Owned, func(o call.Owned) bool { return touches(o, owned) }) {
			found, responses = true, append(responses, p.Responses...)
		}
	}
	if found {
		rows, err = c.Archive.OpenRows(ctx, c.unit, kind, owned)
	}
	return rows, responses, archived(err)
}

// touches says whether some second of o is among others.
func touches(o call.Owned, others []call.Owned) bool {
	return slices.ContainsFunc(others, func(x call.Owned) bool { return x.User == o.User && o.From <= x.To && x.From <= o.To })
}

// openParts are read once, when something is lacking.
func (c *callPass) openParts(ctx context.Context) ([]call.Part, error) {
	if !c.visible {
		return nil, nil
	}
	c.openOnce.Do(func() { c.openOf, c.openErr = c.Archive.OpenParts(ctx, c.unit) })
	return c.openOf, archived(c.openErr)
}

// rows are r with what rows of the call have in common.
func (c *callPass) rows(r call.Rows) call.Rows {
	r.RoomID, r.CreatedAt, r.Stays = c.room.RoomID, c.room.CreatedAt, c.stays
	return r
}

func (c *callPass) part(kind call.PartKind, key string, w call.Window) call.Part {
	return call.Part{Kind: kind, Key: key, RoomID: c.room.RoomID, Window: w, Asked: c.asked, Deadline: c.deadline(w.Start)}
}

// setAside notes a part that could not be had, or not whole, and from when on it is
// wanting. The other parts go on.
func (c *callPass) setAside(kind call.PartKind, key string, from time.Time, err error) {
	c.holdBack(from)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = withPart(c.failed, kind, key, err)
}

// holdBack notes from when on something is to be asked for again because it was
// null.
func (c *callPass) holdBack(from time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.back.IsZero() || from.Before(c.back) {
		c.back = from
	}
}

// want notes a part that was null where data is due for certain, from a second on.
func (c *callPass) want(kind call.PartKind, key string, from time.Time) {
	c.holdBack(from)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanting = withPart(c.wanting, kind, key, errWanting)
}

// withPart adds a part to those that are named, each once, no more than a ledger's
// row is to hold.
func withPart(parts []call.FailedPart, kind call.PartKind, key string, err error) []call.FailedPart {
	const most = 50
	same := func(f call.FailedPart) bool { return f.Kind == kind && f.Key == key }
	if len(parts) < most && !slices.ContainsFunc(parts, same) {
		parts = append(parts, call.FailedPart{Kind: kind, Key: key, Reason: err.Error(), Attempts: 1, Kept: answered(err)})
	}
	return parts
}

// answered says that something is set aside because of what the vendor answered,
// which is kept.
func answered(err error) bool {
	_, unreadable := errors.AsType[*UnreadableError](err)
	return unreadable || isOdd(err)
}

func (c *callPass) count(f func(*callCounts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.counts)
}

// heldUntil is the last second of a user's that the archive holds for good in
// parts of a kind, 0 if none.
func (c *callPass) heldUntil(kind call.PartKind, user string) uint32 {
	until := uint32(0)
	for _, p := range c.known.Parts {
		if p.Kind != kind {
			continue
		}
		for _, o := range p.Owned {
			if o.User == user {
				until = max(until, o.To)
			}
		}
	}
	return until
}
