package lease

import (
	"context"
	"fmt"
	"time"
)

// keep renews the claim until Release. The lease is valid for ttl from the start of
// the last successful renewal, by the monotonic clock. The server stamps a renewal
// later than that, so no other process can see the lease expire earlier.
func (l *Lease) keep(renewed time.Time) {
	defer close(l.stopped)
	expiry := time.NewTimer(time.Until(renewed.Add(l.ttl)))
	defer expiry.Stop()
	result := make(chan time.Time, 1) // start of a successful renewal, or zero
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

// renew renews the claim once, in all places. It returns the time at which it began,
// or zero after an error.
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

// Err is nil while the lease is held. It is ErrLost when the lease is lost and
// context.Canceled when it is released.
func (l *Lease) Err() error { return context.Cause(l.ctx) }

// Context derives a context from parent that is cancelled, with Err as its cause,
// when the lease is lost or released. Writes under the lease must use it.
func (l *Lease) Context(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	unhook := context.AfterFunc(l.ctx, func() { cancel(context.Cause(l.ctx)) })
	return ctx, func() { unhook(); cancel(context.Canceled) }
}

// While calls do with a Context of the lease, and releases the lease.
func (l *Lease) While(ctx context.Context, do func(context.Context) error) error {
	defer l.Release(context.WithoutCancel(ctx))
	under, cancel := l.Context(ctx)
	defer cancel()
	return do(under)
}

// Release gives up the lease, so that the next process need not wait for it to
// expire. It works with a cancelled ctx and may be called more than once.
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
