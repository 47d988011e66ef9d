package quota

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// tick is the shortest sleep. At more than a thousand requests a second several
// leave at each wake-up.
const tick = time.Millisecond

// turnstile lets the requests of one action leave in the order of arrival.
type turnstile struct {
	start   time.Time // the zero of the pace's and the rate's times
	waiting atomic.Int64

	// The first request in the queue has turn; only it has a timer. Those behind it are
	// blocked senders, which the runtime serves in order.
	turn chan struct{}

	mu   sync.Mutex
	rate rate
	pace pace
}

func newTurnstile(perSecond float64) *turnstile {
	return &turnstile{
		start: time.Now(),
		turn:  make(chan struct{}, 1),
		rate:  rate{full: perSecond},
		pace:  newPace(windowOf(perSecond)),
	}
}

// enter blocks until the caller may leave with bytes of the budget, and returns the number
// of the departure. A caller that gives up has no effect: the next in the queue takes its
// place.
func (t *turnstile) enter(ctx context.Context, b *Budget, bytes int64) (int64, error) {
	t.waiting.Add(1)
	defer t.waiting.Add(-1)
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	if err := t.untilDue(ctx); err != nil {
		return 0, err
	}
	if err := b.Acquire(ctx, bytes); err != nil {
		return 0, err
	}
	number, err := t.depart(ctx)
	if err != nil {
		b.Release(bytes)
	}
	return number, err
}

// depart notes a departure. The time of leaving counts, because the budget may have delayed
// the caller, or a refusal may have changed the rate.
func (t *turnstile) depart(ctx context.Context) (int64, error) {
	for {
		if number, ok := t.pass(); ok {
			return number, nil
		}
		if err := t.untilDue(ctx); err != nil {
			return 0, err
		}
	}
}

// untilDue sleeps until a departure is due, or ctx ends.
func (t *turnstile) untilDue(ctx context.Context) error {
	for ctx.Err() == nil {
		early := t.early()
		if early <= 0 {
			return nil
		}
		sleep(ctx, max(early, tick))
	}
	return context.Cause(ctx)
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// early returns how long it takes until a departure is due.
func (t *turnstile) early() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Since(t.start)
	return t.pace.due(now, windowOf(t.rate.at(now))) - now
}

func (t *turnstile) pass() (int64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Since(t.start)
	return t.pace.pass(now, windowOf(t.rate.at(now)))
}

func (t *turnstile) sent(number int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pace.sent(number, time.Since(t.start))
}

func (t *turnstile) refused() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Since(t.start)
	if t.rate.refused(now) {
		t.pace.slower(now, windowOf(t.rate.at(now)))
	}
}

func (t *turnstile) stats() ActionStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Since(t.start)
	span := windowOf(t.rate.full).length
	return ActionStats{
		Rate:       float64(t.pace.since(now-span)) / span.Seconds(),
		Allowed:    t.rate.at(now),
		Full:       t.rate.full,
		Departures: t.pace.left,
		Refusals:   t.rate.refusals,
		Waiting:    int(t.waiting.Load()),
	}
}
