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

// Passing says that a run failed for a cause that time mends: the vendor or
// ClickHouse does not answer, or is too busy. What somebody has to mend is not
// passing, nor what another process does.
func Passing(err error) bool {
	if err == nil || holds[config.Errors](err) || holds[config.Error](err) {
		return false
	}
	if e, ok := errors.AsType[leftError](err); ok {
		return Passing(e.cause)
	}
	switch {
	case holds[runs.FreeError](err):
		return true
	case holds[retry.Final](err), holds[runs.Incomplete](err),
		errors.Is(err, store.ErrAuth), errors.Is(err, store.ErrDatabase), errors.Is(err, store.ErrNoDatabase), errors.Is(err, store.ErrDSN), errors.Is(err, context.Canceled):
		return false
	case ask.Passing(err), errors.Is(err, store.ErrUnreachable):
		return true
	case retry.Code(err) != 0:
		return retry.Helps(err)
	}
	return retry.Broken(err)
}

// leftError is the end of a pass that had to leave an account or an application
// early, for a cause.
type leftError struct {
	error
	cause error
}

func (e leftError) Unwrap() error { return e.error }

// Patience is how long a command goes on where the vendor or ClickHouse does not
// answer. It begins anew with each trouble, and after progress.
type Patience struct {
	limit       time.Duration // zero: it gives up at once
	Unreached   time.Duration // the same where nothing has been reached yet: then an address is likely to be wrong
	least, most time.Duration // pauses between attempts, growing
	// say is told of each trouble once, and until when there is patience.
	say func(err error, until time.Time)

	mu    sync.Mutex
	began time.Time // of the trouble; zero: there is none
	said  bool
	best  int  // how far an attempt has come
	left  bool // an attempt has come to its end but for an application or an account
}

// pausesOfRequests is how many times as long a Patience pauses between attempts as one
// request does: from 10 s to 5 min by default.
const pausesOfRequests = 20

// NewPatience makes a Patience that lasts for limit. say is called once for each trouble,
// with the time at which the Patience ends.
func NewPatience(limit time.Duration, a ask.Attempts, say func(error, time.Time)) *Patience {
	return &Patience{limit: limit, Unreached: unreachedFor(limit), least: pausesOfRequests * a.Least, most: pausesOfRequests * a.Most, say: say, best: NotStarted}
}

// unreachedFor is how long is waited for what not even a connection comes about to,
// unless somebody has set a patience.
func unreachedFor(limit time.Duration) time.Duration {
	if limit == config.DefaultPatience {
		return 30 * time.Second
	}
	return limit
}

// unconnected says that an address may be wrong.
func unconnected(err error) bool {
	return ask.Unconnected(err) || errors.Is(err, store.ErrUnreachable)
}

// NotStarted is how far an attempt has come that has not begun its work.
const NotStarted = -1

// Do makes attempts until one ends well or in a way that another one does not
// mend, or the patience is over. An attempt tells how far it has come.
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

// progress says whether an attempt has come further than any before; the trouble
// that was is over then. Where all is archived but for what does not answer, it
// counts once: others always come further.
func (p *Patience) progress(reached int, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if holds[leftError](err) {
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

// Trouble notes one that began at a time, unless there is one already, and
// returns until when there is patience.
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

// Rest is how much patience there is.
func (p *Patience) Rest() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.began.IsZero() {
		return p.limit
	}
	return max(0, time.Until(p.began.Add(p.limit)))
}

// untilText is until when something is tried again, for people.
func untilText(until time.Time) string {
	layout := "15:04:05Z"
	if time.Until(until) > 12*time.Hour {
		layout = time.RFC3339
	}
	return until.UTC().Format(layout)
}

// TryingAgain is what is said of a trouble.
func TryingAgain(err error, until time.Time) string {
	return fmt.Sprintf("%s; trying again until %s, --patience 0 gives up at once", words.OneLine(err), untilText(until))
}

// holds says whether an error of a type is in the chain of err.
func holds[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
