package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
)

func TestPassing(t *testing.T) {
	vendor := func(kind trtc.Kind) error { return &trtc.Error{Action: "DescribeRoomInfo", Kind: kind} }
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"none", nil, false},
		{"the vendor's fault", vendor(trtc.Retryable), true},
		{"quota", vendor(trtc.Quota), true},
		{"an outage", fmt.Errorf("%w: %w", ask.ErrOutage, vendor(trtc.Retryable)), true},
		{"a fault with advice", accountError(config.Account{}, &trtc.Error{Code: trtc.CodeNetwork, Kind: trtc.Retryable}), true},
		{"denied", vendor(trtc.Denied), false},
		{"no plan", vendor(trtc.Unavailable), false},
		{"no such application", vendor(trtc.UnknownApp), false},
		{"wrong region", vendor(trtc.WrongRegion), false},
		{"ClickHouse is away", store.ErrUnreachable, true},
		{"connection refused", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, true},
		{"connection reset", syscall.ECONNRESET, true},
		{"connection cut", io.EOF, true},
		{"no answer in time", context.DeadlineExceeded, true},
		{"no name server", &net.DNSError{}, true},
		{"all connections taken", clickhouse.ErrAcquireConnTimeout, true},
		{"overloaded", &clickhouse.Exception{Code: 202}, true},
		{"out of memory", &clickhouse.Exception{Code: 241}, true},
		{"no such table", &clickhouse.Exception{Code: 60}, false},
		{"no room on the disk", &clickhouse.Exception{Code: 243}, false},
		{"no room here", &os.PathError{Op: "write", Err: syscall.ENOSPC}, false},
		{"wrong password", store.ErrAuth, false},
		{"no database", store.ErrDatabase, false},
		{"wrong DSN", config.Error{Setting: "CLICKHOUSE_DSN"}, false},
		{"wrong settings", config.Errors{{Setting: "CALLVAULT_QPS"}}, false},
		{"newer schema", schema.ErrNewer, false},
		{"dirty schema", schema.ErrDirty, false},
		{"lease held", &lease.HeldError{}, false},
		{"lease lost", lease.ErrLost, false},
		{"lease lost, and nobody has it", runs.FreeError{Err: lease.ErrLost}, true},
		{"partial", ErrPartial, false},
		{"partial, for want of the vendor", leftError{error: ErrPartial, cause: vendor(trtc.Retryable)}, true},
		{"partial, as the vendor refuses", leftError{error: ErrPartial, cause: vendor(trtc.Denied)}, false},
		{"interrupted", context.Canceled, false},
		{"something else", errors.New("something else"), false},
	} {
		if got := Passing(c.err); got != c.want {
			t.Errorf("%s: passing %v", c.name, got)
		}
		if got := Passing(fmt.Errorf("archive: %w", c.err)); c.err != nil && got != c.want {
			t.Errorf("%s, wrapped: passing %v", c.name, got)
		}
	}
}

// TestPatience makes attempts in virtual time.
func TestPatience(t *testing.T) {
	away := fmt.Errorf("%w: down", store.ErrUnreachable)
	final := errors.New("final")
	left := leftError{error: ErrPartial, cause: away}
	type attempt struct {
		takes   time.Duration
		reached int
		err     error
	}
	for _, c := range []struct {
		name     string
		limit    time.Duration
		attempts []attempt // the last one repeats
		err      error
		made     int
		least    time.Duration // the least time of all attempts
		most     time.Duration
		said     int
	}{
		{"all is well", time.Hour, []attempt{{0, 0, nil}}, nil, 1, 0, 0, 0},
		{"none", 0, []attempt{{0, NotStarted, away}}, away, 1, 0, 0, 0},
		{"final", time.Hour, []attempt{{0, NotStarted, final}}, final, 1, 0, 0, 0},
		{"it passes", time.Hour, []attempt{{0, NotStarted, away}, {0, NotStarted, away}, {0, NotStarted, away}, {}}, nil, 4, 56 * time.Second, 84 * time.Second, 1},
		{"it becomes final", time.Hour, []attempt{{0, NotStarted, away}, {0, NotStarted, final}}, final, 2, 8 * time.Second, 12 * time.Second, 1},
		{"too long", time.Hour, []attempt{{0, NotStarted, away}}, away, 17, time.Hour, time.Hour, 1}, // and more or fewer by chance,
		{"the first attempt takes all of it", time.Minute, []attempt{{time.Minute, NotStarted, away}}, away, 1, time.Minute, time.Minute, 0},
		{"a long pass that breaks off", time.Minute, []attempt{{time.Hour, 0, away}, {time.Hour, 7, nil}}, nil, 2, 2 * time.Hour, 2*time.Hour + 12*time.Second, 1},
		{"progress", time.Minute, []attempt{{time.Hour, 5, away}, {time.Hour, 6, away}, {time.Hour, 6, away}}, away, 3, 3 * time.Hour, 3*time.Hour + 24*time.Second, 2},
		{"one account is away", time.Minute, []attempt{{time.Hour, 5, leftError{error: ErrPartial, cause: away}}, {time.Second, 6, left}, {time.Second, 7, left}, {time.Second, 8, left}, {time.Second, 9, left}}, left, 4, time.Hour + time.Minute, time.Hour + time.Minute + 2*time.Second, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, made, said := time.Now(), 0, 0
				p := NewPatience(c.limit, ask.DefaultAttempts(), func(err error, until time.Time) { said++ })
				err := p.Do(t.Context(), func(context.Context) (int, error) {
					a := c.attempts[min(made, len(c.attempts)-1)]
					made++
					time.Sleep(a.takes)
					return a.reached, a.err
				})
				took := time.Since(began)
				chance := 0
				if c.made > 10 {
					chance = 4
				}
				if err != c.err || made < c.made-chance || made > c.made+chance || took < c.least || took > c.most || said != c.said {
					t.Errorf("%v after %d attempts in %s, said %d times", err, made, took, said)
				}
			})
		})
	}
}

func TestPatienceIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		p := NewPatience(time.Hour, ask.DefaultAttempts(), func(error, time.Time) {})
		err := p.Do(ctx, func(context.Context) (int, error) { return NotStarted, io.EOF })
		if took := time.Since(began); took != time.Second || !errors.Is(err, context.Canceled) {
			t.Errorf("%v after %s", err, took)
		}
	})
}
