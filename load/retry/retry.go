// Package retry tries again what ClickHouse could not do: it was restarted, it
// was too busy, or the connection broke. Of the latter the outcome is unknown, so
// whoever uses it must be able to repeat what they do, whatever came of it.
package retry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/cenkalti/backoff/v5"
)

// Patience says how often something is tried, and when; the zero value waits for
// about a quarter of a minute in all, in which a server restarts.
type Patience struct {
	Attempts int           // (10)
	Pause    time.Duration // after the first failure; it grows by half, with jitter, up to 20 s (200 ms)
	Timeout  time.Duration // of one attempt (none)
	// OnRetry is called before each pause; optional.
	OnRetry func(error, time.Duration)
}

const (
	defaultAttempts = 10
	defaultPause    = 200 * time.Millisecond
	longestPause    = 20 * time.Second
)

// Final is an error that no other attempt mends.
type Final string

func (f Final) Error() string { return string(f) }

// Do calls f until it succeeds, fails for good, or has failed too often, or ctx
// ends: then the error is its cause, with f's own where time was up. What f reads it
// must read anew.
func (p Patience) Do(ctx context.Context, f func(context.Context) error) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = or(p.Pause, defaultPause), longestPause
	tries := 0
	var last error
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		tries++
		err := p.attempt(ctx, f)
		if last = err; err != nil && (ctx.Err() != nil || !Helps(err)) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(uint(or(p.Attempts, defaultAttempts))), backoff.WithMaxElapsedTime(0), backoff.WithNotify(p.OnRetry))
	switch {
	case err == nil:
		return nil
	case ctx.Err() == context.DeadlineExceeded && last != nil && !errors.Is(last, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", context.Cause(ctx), last)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case tries > 1:
		return fmt.Errorf("%w (after %d attempts)", err, tries)
	}
	return err
}

func (p Patience) attempt(ctx context.Context, f func(context.Context) error) error {
	if p.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.Timeout)
		defer cancel()
	}
	return f(ctx)
}

func or[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// OneLine is an error without its line breaks; the server's may have many.
type OneLine struct{ Err error }

func (e OneLine) Error() string { return strings.Join(strings.Fields(e.Err.Error()), " ") }
func (e OneLine) Unwrap() error { return e.Err }

// Code is that of the server's exception in err, or 0.
func Code(err error) int32 {
	if e, ok := errors.AsType[*clickhouse.Exception](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*ch.Exception](err); ok {
		return int32(e.Code)
	}
	return 0
}

// Helps says whether trying again can help. An error that is not the server's own
// word, nor Final, is about the connection.
func Helps(err error) bool {
	if _, final := errors.AsType[Final](err); final || errors.Is(err, context.Canceled) {
		return false
	}
	switch Code(err) {
	case 0:
		return true
	case 32, 33, 101, 102, // stream ended or damaged
		159, 160, // timeout, too slow
		202, 203, // too many queries, no free connection
		209, 210, // socket timeout, network
		225, 999, // no Keeper, Keeper error
		236,      // aborted
		241,      // memory limit
		242,      // replica is read-only for now
		252,      // too many parts
		285, 319, // too few live replicas, unknown status of insert
		394,      // query was cancelled
		668,      // a table in Keeper has not reached it yet
		439, 745: // cannot schedule a task, server overloaded
		return true
	}
	return false
}
