package retry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/load/retry"
)

// TestPatience checks that a temporary error is retried for as long as a server takes
// to restart, and that any other error is not retried.
func TestPatience(t *testing.T) {
	const final = retry.Final("final")
	for _, c := range []struct {
		name  string
		err   error
		tries int
	}{
		{"connection", io.EOF, 10},
		{"too busy", &clickhouse.Exception{Code: 202}, 10},
		{"no such table", &clickhouse.Exception{Code: 60}, 1},
		{"final", final, 1},
		{"cancelled", context.Canceled, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			tries, began := 0, time.Now()
			err := retry.Patience{}.Do(t.Context(), func(context.Context) error {
				tries++
				return fmt.Errorf("do it: %w", c.err)
			})
			if !errors.Is(err, c.err) || tries != c.tries {
				t.Errorf("%s: %v after %d attempts, want %d", c.name, err, tries, c.tries)
			}
			if took := time.Since(began); c.tries > 1 && (took < 7*time.Second || took > 24*time.Second) {
				t.Errorf("%s: %s of patience", c.name, took)
			}
		})
	}
}

// TestPatienceEnds checks that Do ends with its context and returns its cause.
func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("lost")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		err := retry.Patience{Timeout: time.Minute}.Do(ctx, func(context.Context) error { return io.EOF })
		if err != cause {
			t.Errorf("got %v", err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		err = retry.Patience{}.Do(ctx, func(context.Context) error { return io.EOF })
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, io.EOF) {
			t.Errorf("got %v", err)
		}
	})
}
