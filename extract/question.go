package extract

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
)

// errExpired says that the vendor keeps nothing of a window any more.
var errExpired = errors.New("expired before it was asked for")

// question is what to ask of a window, and how to read the answer. The request
// is built anew when the vendor finds that the window begins too early.
type question struct {
	window call.Window
	build  func(call.Window) trtc.Request
	decode func([]byte) error // repeatable
	work   float64            // what the answer's size is likely to be proportional to; 0: 100
}

// reply is what came of a question.
type reply struct {
	response uint64    // in the archive; 0: none is kept
	begins   time.Time // where the window begins, if the vendor has dropped what was before; zero: it has not
	null     bool      // null where data may be due, each time it was asked for
	release  func()    // says that the answer is out of memory; nothing more must be asked before
}

// responses are the ids of responses that are kept: none or one.
func (r reply) responses() []uint64 {
	if r.response == 0 {
		return nil
	}
	return []uint64{r.response}
}

// ask asks for what of the window is in reach, and keeps the response: where the
// error is an *UnreadableError, too.
func (p *Pass) ask(ctx context.Context, q question) (reply, error) {
	r, err := p.askHolding(ctx, q)
	r.release()
	return r, err
}

// askHolding is ask for large answers: release must be called in any case.
func (p *Pass) askHolding(ctx context.Context, q question) (reply, error) {
	r := reply{release: func() {}}
	for {
		margin := p.retentionEdge.margin()
		now, ok := p.inReach(q.window)
		if !ok {
			return r, errExpired
		}
		if now.Start.After(q.window.Start) {
			r.begins = now.Start
		}
		answer, err := p.Asker.Ask(ctx, q.build(now), cmp.Or(q.work, 100), q.decode)
		if e, ok := errors.AsType[*trtc.Error](err); ok && e.Kind == trtc.Expired && p.retentionEdge.widen(margin) {
			continue
		}
		if e, ok := errors.AsType[*ask.UnreadableError](err); ok {
			answer = e.Answer
		} else if err != nil {
			return r, err
		}
		r.null = answer.Null
		return r, cmp.Or(p.keep(ctx, answer, &r), err)
	}
}

// keep gives an answer to the archive.
func (p *Pass) keep(ctx context.Context, a ask.Answer, r *reply) (err error) {
	if p.Archive != nil && p.Compare == nil {
		r.response, err = p.Archive.Keep(ctx, p.App, a)
	}
	if r.response != 0 || err != nil {
		a.Recycle = nil // the body is the archive's now
	}
	r.release = a.Release
	return archived(err)
}

// expired tells whether an error says that the data is gone.
func expired(err error) bool { return errors.Is(err, errExpired) || ask.Expired(err) }
