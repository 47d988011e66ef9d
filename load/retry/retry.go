// Package retry repeats an operation when ClickHouse restarts, is too busy, or the
// connection breaks. The outcome of a broken attempt is unknown, so an operation
// must be safe to repeat.
package retry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/cenkalti/backoff/v5"
)

// Patience says how often and how long to retry. The zero value waits about 15 s in
// all: long enough for a server to restart.
type Patience struct {
	Attempts int           // (10)
	Pause    time.Duration // after the first failure; it grows by half, with jitter, up to 20 s (200 ms)
	Timeout  time.Duration // of one attempt (none)
	// OnRetry is called before each pause. It may be nil.
	OnRetry func(error, time.Duration)
}

const (
	defaultAttempts = 10
	defaultPause    = 200 * time.Millisecond
	longestPause    = 20 * time.Second
)

// Final is an error that is not retried.
type Final string

func (f Final) Error() string { return string(f) }

// Do calls f until it succeeds, fails for good, has failed p.Attempts times, or ctx
// ends. When ctx ends, the error is its cause; after a deadline it also has the last
// error of f. An f that reads must begin its result anew in each attempt.
func (p Patience) Do(ctx context.Context, f func(context.Context) error) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = cmp.Or(p.Pause, defaultPause), longestPause
	tries := 0
	var last error
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		tries++
		err := p.attempt(ctx, f)
		if last = err; err != nil && (ctx.Err() != nil || !Helps(err)) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(uint(cmp.Or(p.Attempts, defaultAttempts))), backoff.WithMaxElapsedTime(0), backoff.WithNotify(p.OnRetry))
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

// OneLine is an error without line breaks. The server's exceptions may have many.
type OneLine struct{ Err error }

func (e OneLine) Error() string { return strings.Join(strings.Fields(e.Err.Error()), " ") }
func (e OneLine) Unwrap() error { return e.Err }

// Code returns the code of the server's exception in err, or 0.
func Code(err error) int32 {
	if e, ok := errors.AsType[*clickhouse.Exception](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*ch.Exception](err); ok {
		return int32(e.Code)
	}
	return 0
}

// Helps reports whether a retry can help. An error that is neither an exception of
// the server nor Final is taken for a broken connection.
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
		279,      // no replica of a shard answers
		285, 319, // too few live replicas, unknown status of insert
		395,      // this replica must not answer (load/cluster), another one may
		394,      // query was cancelled
		668,      // a table in Keeper has not reached it yet
		439, 745: // cannot schedule a task, server overloaded
		return true
	}
	return false
}

// Broken reports whether an error is one of a connection.
func Broken(err error) bool {
	for _, e := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, clickhouse.ErrAcquireConnTimeout, context.DeadlineExceeded,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.ETIMEDOUT,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	_, network := errors.AsType[*net.OpError](err)
	_, name := errors.AsType[*net.DNSError](err)
	return network || name
}
