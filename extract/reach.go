package extract

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
)

// margins are kept between the oldest second asked for and the oldest the
// vendor keeps: that moves on while a request is under way, and the clocks
// differ. A wider one is taken when the vendor finds a request too old.
var margins = []time.Duration{20 * time.Second, 2 * time.Minute, WidestMargin}

// WidestMargin is the most that a pass leaves unasked at the retention's edge.
const WidestMargin = 10 * time.Minute

// reach remembers which margin is in use.
type reach struct{ index atomic.Int32 }

func (r *reach) margin() time.Duration { return margins[r.index.Load()] }

// widen takes the next margin after the one that was found too small. It is
// false when there is none.
func (r *reach) widen(tooSmall time.Duration) bool {
	i := r.index.Load()
	if margins[i] > tooSmall {
		return true // another request has widened it already
	}
	if int(i)+1 == len(margins) {
		return false
	}
	r.index.CompareAndSwap(i, i+1)
	return true
}

// window is what of the retention the pass looks at, as of now.
func (p *Pass) window() call.Window {
	w := call.Window{Start: p.oldest(), End: p.now()}
	if p.From.After(w.Start) {
		w.Start = p.From
	}
	if !p.To.IsZero() && p.To.Before(w.End) {
		w.End = p.To
	}
	return w
}

// now is the current second, UTC.
func (p *Pass) now() time.Time { return p.Now().UTC().Truncate(time.Second) }

// oldest is the first second that may be asked for now.
func (p *Pass) oldest() time.Time { return p.now().Add(p.edge.margin() - p.Retention) }

// reach cuts w to what may be asked for now; it is false when nothing is left.
func (p *Pass) reach(w call.Window) (call.Window, bool) {
	if o := p.oldest(); w.Start.Before(o) {
		w.Start = o
	}
	return w, !w.End.Before(w.Start)
}

// errExpired says that the vendor keeps nothing of a window any more.
var errExpired = errors.New("expired before it was asked for")

// question is what to ask of a window, and how to read the answer. The request
// is built anew when the vendor finds that the window begins too early.
type question struct {
	window call.Window
	build  func(call.Window) trtc.Request
	decode func([]byte) error // repeatable
	work   float64            // what the answer's size is likely to be proportional to; 0: 100
	cut    func(at time.Time) // optional: told where the window begins if its beginning is out of reach
	// believed is optional: told that the answer was null where data may be due,
	// each time it was asked for.
	believed func()
}

// kept is a response in the archive.
type kept struct {
	id     uint64 // 0: none is kept
	reason string // why it could not be read whole; "": it could
}

// ids are those of responses that are kept: none or one.
func (k kept) ids() []uint64 {
	if k.id == 0 {
		return nil
	}
	return []uint64{k.id}
}

// ask asks for what of the window is in reach, and returns the response kept:
// with an *UnreadableError, too.
func (p *Pass) ask(ctx context.Context, w call.Window, build func(call.Window) trtc.Request, decode func([]byte) error) (kept, error) {
	k, release, err := p.askHolding(ctx, question{window: w, build: build, decode: decode})
	release()
	return k, err
}

// askHolding is ask for large answers: they count as being in memory until
// release, before which nothing more must be asked.
func (p *Pass) askHolding(ctx context.Context, q question) (k kept, release func(), err error) {
	for {
		margin := p.edge.margin()
		now, ok := p.reach(q.window)
		if !ok {
			return kept{}, func() {}, errExpired
		}
		if q.cut != nil && now.Start.After(q.window.Start) {
			q.cut(now.Start)
		}
		answer, err := p.Asker.ask(ctx, q.build(now), cmp.Or(q.work, 100), q.decode)
		if e, ok := errors.AsType[*trtc.Error](err); ok && e.Kind == trtc.Expired && p.edge.widen(margin) {
			continue
		}
		if e, ok := errors.AsType[*UnreadableError](err); ok {
			k, release, kerr := p.keep(ctx, e.answer)
			return k, release, cmp.Or(kerr, err)
		}
		if err != nil {
			return kept{}, func() {}, err
		}
		if answer.suspect && q.believed != nil {
			q.believed()
		}
		return p.keep(ctx, answer)
	}
}

// keep gives an answer to the archive.
func (p *Pass) keep(ctx context.Context, a Answer) (kept, func(), error) {
	id, err := p.Archive.Keep(ctx, p.App, a)
	if id != 0 || err != nil {
		a.Recycle = nil // the body is the archive's now
	}
	return kept{id, a.Reason}, a.Release, archived(err)
}

// tooLarge tells whether an error says to ask for less.
func tooLarge(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.TooLarge
}

// saysLess tells whether the vendor itself says to ask for less: then that is done
// until it is content. What is larger than is read, in halves as well, is a flood.
func saysLess(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.TooLarge && e.Code != trtc.CodeTooLarge
}

// expired tells whether an error says that the data is gone.
func expired(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return errors.Is(err, errExpired) || ok && e.Kind == trtc.Expired
}
