package ask

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/callvault/callvault/extract/trtc"
)

const (
	// hangsAfter is the number of requests of an action in a row that must time out before
	// the action is given up for a while.
	hangsAfter = 3

	// probeEvery is the pause between requests to an action that hangs.
	probeEvery = time.Minute

	// failsAfter is how long every request of an action must have failed, or been refused
	// because of the quota, before the action is given up for a while.
	failsAfter = 5 * time.Minute
)

// hanging knows the actions that do not answer while others do, or that always fail. Asking
// them for the rest of a pass would delay all other data. One request in probeEvery finds
// out when an action answers again. hanging is safe for concurrent use.
type hanging struct {
	mu      sync.Mutex
	actions map[string]*hangs
	others  time.Time // when any action last answered
}

// hangs is the state of one action.
type hangs struct {
	timeouts int             // timeouts since the last answer
	since    time.Time       // when the first of them was sent
	probe    time.Time       // when the next request may leave; zero: the action does not hang
	failing  time.Time       // since when every request has failed; zero: not every one has
	reason   error           // why the action is given up
	served   context.Context // ends when the action is given up
	giveUp   context.CancelCauseFunc
}

func (x *hangs) begin() { x.served, x.giveUp = context.WithCancelCause(context.Background()) }

// end gives the action up.
func (x *hangs) end(reason error) {
	x.probe, x.reason = time.Now().Add(probeEvery), reason
	x.giveUp(reason)
}

func newHanging() *hanging { return &hanging{actions: map[string]*hangs{}} }

// One of these errors ends the requests that are under way when an action is given up.
var (
	errHangs   = errors.New("the action does not answer while others do")
	errRefused = errors.New("the action is refused again and again because the quota is used up")
	errFails   = errors.New("the action fails, again and again")
)

// enter begins a request; the caller must call done at its end. The context ends when the
// action is given up, with the reason as its cause. enter fails while the action is given
// up, unless this request is the one that finds out whether it answers again.
func (h *hanging) enter(ctx context.Context, action string) (_ context.Context, done func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x := h.of(action)
	if !x.probe.IsZero() {
		if time.Now().Before(x.probe) {
			return ctx, nil, hangError(action, x.reason)
		}
		x.probe = time.Now().Add(probeEvery)
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(x.served, func() { cancel(context.Cause(x.served)) })
	return ctx, func() { stop(); cancel(context.Canceled) }, nil
}

// of returns the state of an action, and creates it if there is none. The caller holds mu.
func (h *hanging) of(action string) *hangs {
	x := h.actions[action]
	if x == nil {
		x = &hangs{}
		x.begin()
		h.actions[action] = x
	}
	return x
}

// answered notes that the action has answered, or failed with an error that would not
// change.
func (h *hanging) answered(action string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.others = time.Now()
	x := h.of(action)
	x.timeouts, x.failing = 0, time.Time{}
	if !x.probe.IsZero() {
		x.probe = time.Time{}
		x.begin()
	}
}

// fails notes that the action has failed for one of the reasons above.
func (h *hanging) fails(action string, reason error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x := h.of(action)
	switch {
	case x.failing.IsZero():
		x.failing = time.Now()
	case x.probe.IsZero() && time.Since(x.failing) > failsAfter:
		x.end(reason)
	}
}

// timedOut notes that a request was not answered in time. left is when it was sent. The
// action hangs if another action has answered since the first of its timeouts was sent.
func (h *hanging) timedOut(action string, left time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x := h.of(action)
	if x.timeouts++; x.timeouts == 1 {
		x.since = left
	}
	if x.timeouts >= hangsAfter && x.probe.IsZero() && h.others.After(x.since) {
		x.end(errHangs)
	}
}

func hangError(action string, reason error) error {
	return &trtc.Error{Action: action, Code: trtc.CodeNetwork, Message: fmt.Sprint(reason, "; a later pass asks again"), Kind: trtc.Permanent, Cause: reason}
}

// hung returns err, or the reason why the action was given up if that has ended ctx.
func hung(ctx context.Context, action string, err error) error {
	if cause := context.Cause(ctx); err != nil && (cause == errHangs || cause == errRefused || cause == errFails) {
		return hangError(action, cause)
	}
	return err
}

// timedOut reports whether no answer came in time.
func timedOut(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Timeout
}
