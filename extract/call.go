package extract

import (
	"context"
	"slices"
	"sync"
	"time"

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
	cause    string            // of the first of them
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
	switch {
	case len(c.failed) == 0:
	case c.onlyUnserved(): // the report says so already
		r.with(func(r *Report) { r.Incomplete++ })
	default:
		r.incomplete(Failure{CommID: due.CommID, RoomID: due.RoomID, What: "call", Reason: failedReason(c.failed), Cause: c.cause})
	}
	if lost := c.lostHead(due); lost != "" && due.known && !p.Again {
		r.lost(Failure{CommID: due.CommID, RoomID: due.RoomID, What: "call", Reason: lost})
	}
	if c.believed {
		r.believed(due.CommID)
	}
	if e.Waits() {
		r.waits(due.CommID)
	}
	c.counts.provisional = !e.State.Final()
	r.archivedCall(c.counts)
	return e.State.Final(), nil
}

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

// Waiting says whether the archive has something of the call to go on from.
func (d dueCall) Waiting() bool { return d.known && d.held.Waiting }

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

func (c *callPass) count(f func(*callCounts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.counts)
}
