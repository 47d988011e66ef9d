package archive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/retry"
	"github.com/callvault/callvault/load/store"
)

// Passing reports whether a run failed for a cause that passes by itself: the vendor or
// ClickHouse does not answer, or is too busy. A fault that a person must mend is not
// passing, and neither is a lease that another process holds.
func Passing(err error) bool {
	if err == nil || wraps[config.Errors](err) || wraps[config.Error](err) {
		return false
	}
	if e, ok := errors.AsType[leftError](err); ok {
		return Passing(e.cause)
	}
	switch {
	case wraps[runs.FreeError](err):
		return true
	case wraps[retry.Final](err), wraps[runs.Incomplete](err),
		errors.Is(err, store.ErrAuth), errors.Is(err, store.ErrDatabase), errors.Is(err, store.ErrNoDatabase), errors.Is(err, store.ErrDSN), errors.Is(err, context.Canceled):
		return false
	case ask.Passing(err), errors.Is(err, store.ErrUnreachable):
		return true
	case retry.Code(err) != 0:
		return retry.Helps(err)
	}
	return retry.Broken(err)
}

// leftError is returned when a pass left an account or an application early, with the
// cause.
type leftError struct {
	error
	cause error
}

func (e leftError) Unwrap() error { return e.error }

// Patience limits how long a command goes on while the vendor or ClickHouse does not
// answer. It begins anew with each trouble, and after progress.
type Patience struct {
	limit       time.Duration // zero: give up at once
	Unreached   time.Duration // the limit before anything was reached: then an address is likely to be wrong
	least, most time.Duration // pauses between attempts, growing
	// say is called once for each trouble, with the time at which the patience ends.
	say func(err error, until time.Time)

	mu    sync.Mutex
	began time.Time // when the trouble began; zero: there is none
	said  bool
	best  int  // the best progress of an attempt
	left  bool // whether an attempt completed everything except an application or an account
}

// pausesOfRequests is the ratio of a Patience's pauses between attempts to the pauses of
// one request: from 10 s to 5 min by default.
const pausesOfRequests = 20

// NewPatience returns a Patience that lasts for limit. say is called once for each trouble,
// with the time at which the Patience ends.
func NewPatience(limit time.Duration, a ask.Attempts, say func(error, time.Time)) *Patience {
	return &Patience{limit: limit, Unreached: unreachedFor(limit), least: pausesOfRequests * a.Least, most: pausesOfRequests * a.Most, say: say, best: NotStarted}
}

// unreachedFor returns how long a command waits if no connection can be made, unless the
// settings name a patience.
func unreachedFor(limit time.Duration) time.Duration {
	if limit == config.DefaultPatience {
		return 30 * time.Second
	}
	return limit
}

// unconnected reports whether no connection could be made: the address may be wrong.
func unconnected(err error) bool {
	return ask.Unconnected(err) || errors.Is(err, store.ErrUnreachable)
}

// NotStarted is the progress of an attempt that has not begun its work.
const NotStarted = -1

// Do makes attempts until one succeeds, one fails in a way that another attempt would not
// mend, or the patience is over. An attempt returns its progress.
func (p *Patience) Do(ctx context.Context, attempt func(context.Context) (reached int, err error)) error {
	pause := backoff.ExponentialBackOff{InitialInterval: p.least, MaxInterval: p.most, Multiplier: 2, RandomizationFactor: 0.2}
	for {
		began := time.Now()
		reached, err := attempt(ctx)
		if err == nil || ctx.Err() != nil || p.limit <= 0 || !Passing(err) {
			return err
		}
		if p.progress(reached, err) {
			began = time.Now()
			pause.Reset()
		}
		left := time.Until(p.Trouble(err, began))
		if left <= 0 {
			return err
		}
		select {
		case <-time.After(min(pause.NextBackOff(), left)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// progress reports whether an attempt has come further than any before; then the trouble
// is over. An attempt that completed everything except an account or an application that
// does not answer counts as progress only once.
func (p *Patience) progress(reached int, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wraps[leftError](err) {
		first := !p.left
		if p.left = true; first {
			p.began = time.Time{}
		}
		return first
	}
	if reached <= p.best {
		return false
	}
	p.best, p.began, p.said = reached, time.Time{}, false
	return true
}

// Trouble notes a trouble that began at a time, unless there is one already. It returns
// when the patience ends.
func (p *Patience) Trouble(err error, began time.Time) (until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.began.IsZero() {
		p.began = began
	}
	until = p.began.Add(p.limit)
	if p.best == NotStarted && unconnected(err) {
		until = p.began.Add(min(p.limit, p.Unreached))
	}
	if !p.said && time.Now().Before(until) {
		p.said = true
		p.say(err, until)
	}
	return until
}

// Rest returns how much patience is left.
func (p *Patience) Rest() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.began.IsZero() {
		return p.limit
	}
	return max(0, time.Until(p.began.Add(p.limit)))
}

// untilText says, for people, how long something is tried again.
func untilText(until time.Time) string {
	layout := "15:04:05Z"
	if time.Until(until) > 12*time.Hour {
		layout = time.RFC3339
	}
	return until.UTC().Format(layout)
}

// TryingAgain returns the line that reports a trouble.
func TryingAgain(err error, until time.Time) string {
	return fmt.Sprintf("%s; trying again until %s, --patience 0 gives up at once", words.OneLine(err), untilText(until))
}

// wraps reports whether err is, or wraps, an error of a type.
func wraps[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
