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

// errExpired is returned when the vendor no longer keeps anything of a window.
var errExpired = errors.New("expired before it was asked for")

// question asks about a window and reads the answer. The request is built again if the
// vendor reports that the window begins too early.
type question struct {
	window call.Window
	build  func(call.Window) trtc.Request
	decode func([]byte) error // may run several times
	work   float64            // a number to which the answer's size is roughly proportional; 0: 100
}

// reply is the result of a question.
type reply struct {
	response uint64    // id in the archive; 0: not kept
	begins   time.Time // the first second that the vendor still has, if it has dropped the beginning; zero: it has not
	null     bool      // null where data may be due, at every attempt
	release  func()    // notes that the answer is no longer in memory; must be called before the next question
}

// responses returns the ids of kept responses: none or one.
func (r reply) responses() []uint64 {
	if r.response == 0 {
		return nil
	}
	return []uint64{r.response}
}

// ask asks for the part of the window that the vendor still keeps, and keeps the response,
// even if the error is an *UnreadableError.
func (p *Pass) ask(ctx context.Context, q question) (reply, error) {
	r, err := p.askHolding(ctx, q)
	r.release()
	return r, err
}

// askHolding is ask for large answers. The caller must call release in any case.
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

// keep passes an answer to the archive.
func (p *Pass) keep(ctx context.Context, a ask.Answer, r *reply) (err error) {
	if p.Archive != nil && p.Compare == nil {
		r.response, err = p.Archive.Keep(ctx, p.App, a)
	}
	if r.response != 0 || err != nil {
		a.Recycle = nil // the body now belongs to the archive
	}
	r.release = a.Release
	return archived(err)
}

// expired reports whether an error says that the data is gone.
func expired(err error) bool { return errors.Is(err, errExpired) || ask.Expired(err) }
