package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/test/proxytest"
)

// TestTroubleAtTheStart lets the vendor fail at first, for longer than a pass repeats one
// request.
func TestTroubleAtTheStart(t *testing.T) {
	for _, kind := range []simulator.FaultKind{simulator.FaultHTML, simulator.FaultReset, simulator.FaultLimit} {
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
			if all := in.runs(t, runs.Filter{}); len(all) != 1 || all[0].Outcome != runs.Done {
				t.Errorf("runs %+v", all)
			}
		})
	}
}

// TestTroubleIsQuiet checks that --quiet prints nothing about a trouble that passes.
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

// TestLongPassIsMadeAgain takes ClickHouse away in the middle of a pass until the pass loses
// its lease. When ClickHouse is back, another pass goes on, and no failure is notified.
func TestLongPassIsMadeAgain(t *testing.T) {
	t.Parallel()
	var away atomic.Pointer[func()]
	in := install(t, simulator.Options{Seed: 31, Calls: 8, QPS: -1, Fault: func(a simulator.Asked) simulator.FaultKind {
		if a.Action == "DescribeCallDetailInfo" { // then the history has the run
			if take := away.Swap(nil); take != nil {
				(*take)()
			}
		}
		return simulator.NoFault
	}})
	u, err := url.Parse(in.dsn())
	if err != nil {
		t.Fatal(err)
	}
	real := u.Host
	toxic := proxytest.NewToxic(t, real)
	u.Host = toxic.Addr()
	take := func() { toxic.Move(t, "127.0.0.1:1") }
	away.Store(&take)
	var told atomic.Int32
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told.Add(1) }))
	defer hook.Close()
	in.env = append(in.env, "CLICKHOUSE_DSN="+u.String(), "CALLVAULT_LEASE=2s", "CALLVAULT_NOTIFY_URL="+hook.URL)
	var out, errs syncBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), &process{args: []string{"archive", "--json", "--patience", "10m"}, environ: in.env, stdout: &out, stderr: &errs, now: time.Now, attempts: impatient()})
	}()
	await(t, "the trouble to be told of", func() bool { return strings.Contains(errs.String(), "trying again until") })
	toxic.Move(t, real)
	if code := <-ended; code != exitDone || strings.Count(errs.String(), "trying again until") != 1 || told.Load() != 0 || !json.Valid([]byte(out.String())) {
		t.Errorf("exit code %d, told %d times\n%s%s", code, told.Load(), errs.String(), out.String())
	}
	compare(t, in.store, in.truth)
	if all := in.runs(t, runs.Filter{}); len(all) < 2 || all[0].Outcome != runs.Done || all[1].Outcome == runs.Done {
		t.Errorf("runs %+v", all)
	}
}

// TestClickHouseAwayAtTheStart starts the command before its ClickHouse.
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

// TestOneAccountAway checks that an account that does not answer delays the other one for a
// while only, and is tried again when the other one is archived.
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
	if all := in.runs(t, runs.Filter{Outcomes: []runs.Outcome{runs.Partial}}); len(all) < 2 {
		t.Errorf("%d runs", len(all))
	}
}

// TestInterruptedWait interrupts a command that waits for the vendor, and one that waits for
// ClickHouse.
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
