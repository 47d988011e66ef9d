package lease

import (
	"context"
	"fmt"
	"time"
)

// keep renews the claim until Release. The lease is valid for ttl from the
// start of the last renewal that succeeded, by the monotonic clock: the server
// stamped that renewal later, so nobody else can have seen it expire before.
func (l *Lease) keep(renewed time.Time) {
	defer close(l.stopped)
	expiry := time.NewTimer(time.Until(renewed.Add(l.ttl)))
	defer expiry.Stop()
	result := make(chan time.Time, 1) // start of a renewal that succeeded, or zero
	pause := time.After(l.ttl / 3)
	for {
		select {
		case <-l.stop:
			return
		case <-expiry.C:
			l.lose(fmt.Errorf("renew lease %s: %w: not renewed within %s", l.name, ErrLost, l.ttl))
			return
		case <-pause:
			go func() { result <- l.renew() }()
		case started := <-result:
			pause = time.After(l.ttl / 10)
			if !started.IsZero() {
				expiry.Reset(time.Until(started.Add(l.ttl)))
				pause = time.After(l.ttl / 3)
			}
		}
	}
}

// renew renews the claim wherever it is kept, once, and returns when that began,
// or zero on an error.
func (l *Lease) renew() time.Time {
	ctx, cancel := context.WithTimeout(l.ctx, l.ttl/2)
	defer cancel()
	started := time.Now()
	for _, p := range l.places {
		if p.renew(ctx, l.claim) != nil {
			return time.Time{}
		}
	}
	return started
}

// Lost is closed when the lease is lost or released.
func (l *Lease) Lost() <-chan struct{} { return l.ctx.Done() }

// Err is nil while the lease is held, and then the cause: it matches ErrLost
// when the lease was lost, and context.Canceled when it was released.
func (l *Lease) Err() error { return context.Cause(l.ctx) }

// Context is parent, cancelled with the cause when the lease is lost or
// released. What writes under the lease must use it.
func (l *Lease) Context(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	unhook := context.AfterFunc(l.ctx, func() { cancel(context.Cause(l.ctx)) })
	return ctx, func() { unhook(); cancel(context.Canceled) }
}

// Release gives the lease up, so that the next one need not wait for it to
// expire. It works with a cancelled ctx, and again.
func (l *Lease) Release(ctx context.Context) error {
	var err error
	l.once.Do(func() {
		close(l.stop)
		<-l.stopped
		l.lose(context.Canceled)
		err = l.withdraw(ctx)
	})
	return err
}
