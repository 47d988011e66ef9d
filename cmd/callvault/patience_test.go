package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/proxytest"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/schedules"
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
		{"an outage", fmt.Errorf("%w: %w", extract.ErrOutage, vendor(trtc.Retryable)), true},
		{"a fault with advice", accountError(config.Account{}, &trtc.Error{Code: trtc.CodeNetwork, Kind: trtc.Retryable}), true},
		{"denied", vendor(trtc.Denied), false},
		{"no plan", vendor(trtc.Unavailable), false},
		{"no such application", vendor(trtc.UnknownApp), false},
		{"wrong region", vendor(trtc.WrongRegion), false},
		{"ClickHouse is away", load.ErrUnreachable, true},
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
		{"wrong password", load.ErrAuth, false},
		{"no database", load.ErrDatabase, false},
		{"wrong DSN", config.Error{Setting: "CLICKHOUSE_DSN"}, false},
		{"wrong settings", config.Errors{{Setting: "CALLVAULT_QPS"}}, false},
		{"wrong usage", usageError{io.EOF}, false},
		{"newer schema", schema.ErrNewer, false},
		{"dirty schema", schema.ErrDirty, false},
		{"lease held", &lease.HeldError{}, false},
		{"lease lost", lease.ErrLost, false},
		{"lease lost, and nobody has it", freeError{lease.ErrLost}, true},
		{"partial", errPartial, false},
		{"partial, for want of the vendor", leftError{errPartial, vendor(trtc.Retryable)}, true},
		{"partial, as the vendor refuses", leftError{errPartial, vendor(trtc.Denied)}, false},
		{"interrupted", context.Canceled, false},
		{"something else", errors.New("something else"), false},
	} {
		if got := passing(c.err); got != c.want {
			t.Errorf("%s: passing %v", c.name, got)
		}
		if got := passing(fmt.Errorf("archive: %w", c.err)); c.err != nil && got != c.want {
			t.Errorf("%s, wrapped: passing %v", c.name, got)
		}
	}
}

// TestPatience makes attempts in virtual time.
func TestPatience(t *testing.T) {
	away := fmt.Errorf("%w: down", load.ErrUnreachable)
	final := errors.New("final")
	left := leftError{errPartial, away}
	type attempt struct {
		takes   time.Duration
		reached int
		err     error
	}
	for _, c := range []struct {
		name     string
		limit    time.Duration
		attempts []attempt // the last one again and again
		err      error
		made     int
		least    time.Duration // that it takes in all
		most     time.Duration
		said     int
	}{
		{"all is well", time.Hour, []attempt{{0, 0, nil}}, nil, 1, 0, 0, 0},
		{"none", 0, []attempt{{0, notStarted, away}}, away, 1, 0, 0, 0},
		{"final", time.Hour, []attempt{{0, notStarted, final}}, final, 1, 0, 0, 0},
		{"it passes", time.Hour, []attempt{{0, notStarted, away}, {0, notStarted, away}, {0, notStarted, away}, {}}, nil, 4, 56 * time.Second, 84 * time.Second, 1},
		{"it becomes final", time.Hour, []attempt{{0, notStarted, away}, {0, notStarted, final}}, final, 2, 8 * time.Second, 12 * time.Second, 1},
		{"too long", time.Hour, []attempt{{0, notStarted, away}}, away, 17, time.Hour, time.Hour, 1}, // and more or fewer by chance,
		{"the first attempt takes all of it", time.Minute, []attempt{{time.Minute, notStarted, away}}, away, 1, time.Minute, time.Minute, 0},
		{"a long pass that breaks off", time.Minute, []attempt{{time.Hour, 0, away}, {time.Hour, 7, nil}}, nil, 2, 2 * time.Hour, 2*time.Hour + 12*time.Second, 1},
		{"progress", time.Minute, []attempt{{time.Hour, 5, away}, {time.Hour, 6, away}, {time.Hour, 6, away}}, away, 3, 3 * time.Hour, 3*time.Hour + 24*time.Second, 2},
		{"one account is away", time.Minute, []attempt{{time.Hour, 5, leftError{errPartial, away}}, {time.Second, 6, left}, {time.Second, 7, left}, {time.Second, 8, left}, {time.Second, 9, left}}, left, 4, time.Hour + time.Minute, time.Hour + time.Minute + 2*time.Second, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, made, said := time.Now(), 0, 0
				p := newPatience(c.limit, extract.DefaultAttempts(), func(err error, until time.Time) { said++ })
				err := p.do(t.Context(), func(context.Context) (int, error) {
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
		p := newPatience(time.Hour, extract.DefaultAttempts(), func(error, time.Time) {})
		err := p.do(ctx, func(context.Context) (int, error) { return notStarted, io.EOF })
		if took := time.Since(began); took != time.Second || exitCode(ctx, err) != exitInterrupted {
			t.Errorf("%v after %s", err, took)
		}
	})
}

// TestTroubleAtTheStart has the vendor answer nothing properly at first, for
// longer than a request is asked for in the middle of a pass.
func TestTroubleAtTheStart(t *testing.T) {
	for _, kind := range []simulator.FaultKind{simulator.FaultHTML, simulator.FaultReset, simulator.FaultCut, simulator.FaultTruncated, simulator.FaultError, simulator.FaultLimit} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			in := install(t, simulator.Options{Seed: 31, Calls: 5, QPS: -1, Fault: func(a simulator.Asked) simulator.FaultKind {
				if a.Action == "DescribeRoomInfo" && a.N <= 25 {
					return kind
				}
				return simulator.NoFault
			}})
			code, _, errs := in.callvault(t.Context(), "archive", "--patience", "1m")
			if code != exitDone || strings.Count(errs, "; trying again until ") != 1 {
				t.Errorf("exit code %d\n%s", code, errs)
			}
			compare(t, in.store, in.truth)
			if all := in.runs(t, load.RunFilter{}); len(all) != 1 || all[0].Outcome != load.Done {
				t.Errorf("runs %+v", all)
			}
		})
	}
}

// TestTroubleIsQuiet where that is wanted, if it passes.
func TestTroubleIsQuiet(t *testing.T) {
	in := install(t, simulator.Options{Seed: 31, Calls: 2, QPS: -1, Fault: func(a simulator.Asked) simulator.FaultKind {
		if a.Action == "DescribeRoomInfo" && a.N <= 10 {
			return simulator.FaultHTML
		}
		return simulator.NoFault
	}})
	if code, out, errs := in.callvault(t.Context(), "archive", "--quiet", "--patience", "1m"); code != exitDone || out+errs != "" {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
}

// TestLongPassIsMadeAgain takes ClickHouse away in the middle of a pass, for so long
// that it loses its lease: when it is back, another pass goes on, and nobody is
// told of a failure.
func TestLongPassIsMadeAgain(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 31, Calls: 8, QPS: -1})
	u, err := url.Parse(in.dsn())
	if err != nil {
		t.Fatal(err)
	}
	real := u.Host
	toxic := proxytest.NewToxic(t, real)
	u.Host = toxic.Addr()
	var told atomic.Int32
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told.Add(1) }))
	defer hook.Close()
	in.env = append(in.env, "CLICKHOUSE_DSN="+u.String(), "CALLVAULT_LEASE=2s", "CALLVAULT_NOTIFY_URL="+hook.URL)
	in.vendor.at(10, func() { toxic.Move(t, "127.0.0.1:1") })
	var out, errs syncBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), &process{args: []string{"archive", "--json", "--patience", "2m"}, environ: in.env, stdout: &out, stderr: &errs, now: time.Now, attempts: impatient()})
	}()
	await(t, "the trouble to be told of", func() bool { return strings.Contains(errs.String(), "trying again until") })
	toxic.Move(t, real)
	if code := <-ended; code != exitDone || strings.Count(errs.String(), "trying again until") != 1 || told.Load() != 0 || !json.Valid([]byte(out.String())) {
		t.Errorf("exit code %d, told %d times\n%s%s", code, told.Load(), errs.String(), out.String())
	}
	compare(t, in.store, in.truth)
	if all := in.runs(t, load.RunFilter{}); len(all) < 2 || all[0].Outcome != load.Done || all[1].Outcome == load.Done {
		t.Errorf("runs %+v", all)
	}
}

// TestClickHouseAwayAtTheStart: the command is there before its ClickHouse.
func TestClickHouseAwayAtTheStart(t *testing.T) {
	in := install(t, simulator.Options{Seed: 3, Calls: 3, QPS: -1})
	u, err := url.Parse(in.dsn())
	if err != nil {
		t.Fatal(err)
	}
	real, later := u.Host, freeAddress(t)
	u.Host = later
	in.env = append(in.env, "CLICKHOUSE_DSN="+u.String(), "CALLVAULT_PATIENCE=1m")
	var out, errs syncBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), &process{args: []string{"archive"}, environ: in.env, stdout: &out, stderr: &errs, now: time.Now, attempts: impatient()})
	}()
	await(t, "the command to wait", func() bool { return strings.Contains(errs.String(), "ClickHouse cannot be reached") })
	forward(t, later, real)
	if code := <-ended; code != exitDone || strings.Count(errs.String(), "trying again until") != 1 {
		t.Errorf("exit code %d\n%s", code, errs.String())
	}
	compare(t, in.store, in.truth)
}

// TestOneAccountAway: an account that does not answer holds up the other one for
// a while, and is tried again when that is archived.
func TestOneAccountAway(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 9, Calls: 5, QPS: -1})
	file := filepath.Join(t.TempDir(), "callvault.yaml")
	text := fmt.Sprintf(`
patience: 1s
accounts:
  - name: away
    endpoint: http://127.0.0.1:1
    sdk_app_ids: [7]
  - name: good
    sdk_app_ids: [%d]
`, in.vendor.Apps()[0])
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	in.env = slices.DeleteFunc(in.env, func(v string) bool {
		return strings.HasPrefix(v, "CALLVAULT_PATIENCE=") || strings.HasPrefix(v, "CALLVAULT_SDK_APP_IDS=")
	})
	code, _, errs := in.callvault(t.Context(), "archive", "--config", file)
	if code != exitPartial || strings.Count(errs, "trying again until") != 1 || !strings.Contains(errs, "callvault: not archived: away: ") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	compare(t, in.store, in.truth)
	if all := in.runs(t, load.RunFilter{Outcomes: []load.Outcome{load.Partial}}); len(all) < 2 {
		t.Errorf("%d runs", len(all))
	}
}

// TestInterruptedWait ends a command that waits for the vendor, and one that
// waits for ClickHouse.
func TestInterruptedWait(t *testing.T) {
	in := install(t, simulator.Options{Seed: 3, Calls: 1})
	for _, env := range []string{"CALLVAULT_TRTC_ENDPOINT=http://127.0.0.1:1", "CLICKHOUSE_DSN=clickhouse://127.0.0.1:1/x"} {
		ctx, cancel := context.WithCancel(t.Context())
		var errs syncBuffer
		ended := make(chan int, 1)
		go func() {
			ended <- run(ctx, &process{args: []string{"archive", "--patience", "1h"}, environ: append(slices.Clone(in.env), env), stdout: io.Discard, stderr: &errs, now: time.Now, attempts: impatient()})
		}()
		await(t, "the command to wait", func() bool { return strings.Contains(errs.String(), "trying again until") })
		cancel()
		if code := <-ended; code != exitInterrupted {
			t.Errorf("%s: exit code %d\n%s", env, code, errs.String())
		}
	}
}

// TestAgain: passes alone are tried again.
func TestAgain(t *testing.T) {
	for _, c := range []struct {
		job  string
		err  error
		want bool
	}{{archiveJob, load.ErrUnreachable, true}, {archiveJob, errPartial, false}, {verifyJob, load.ErrUnreachable, false}} {
		if got := again(schedules.Run{Entry: schedules.Entry{Job: c.job}}, c.err); got != c.want {
			t.Errorf("%s: %v is tried again: %v", c.job, c.err, got)
		}
	}
}
