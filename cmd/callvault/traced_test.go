package main

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/traces"
)

const collectorKey = "a-key-of-the-collector"

// traced returns the environment of a program that sends its spans to the collector.
func (in *installation) traced(url string, more ...string) []string {
	return slices.Concat(in.env, []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + url, "OTEL_EXPORTER_OTLP_HEADERS=api-key=" + collectorKey,
		"OTEL_BSP_MAX_QUEUE_SIZE=100000",
	}, more)
}

// value returns the only value of a query's result.
func (in *installation) value(t *testing.T, query string) (s string) {
	t.Helper()
	if err := both(in.store).QueryRow(t.Context(), "SELECT toString(x) FROM ("+query+")").Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

// TestTraceOfAPass compares the spans of a pass with the archive and with the vendor's
// requests.
func TestTraceOfAPass(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 5, Calls: 12, Mix: simulator.MixAll, QPS: -1, Current: true,
		Faults: simulator.Faults{Script: map[simulator.Step]simulator.FaultKind{{Action: "DescribeUserEvent", N: 2}: simulator.FaultError}}})
	c := newCollector(t)
	p := start(t, in.traced(c.url), "archive", "--quiet")
	if code := p.wait(t); code != exitDone || len(p.errs.String()) > 0 {
		t.Fatalf("exit code %d\n%s", code, p.errs.String())
	}
	root, paths := c.tree(t)
	for _, path := range []string{
		"archive", "archive/prepare", "archive/detect", "archive/clean", "archive/application",
		"archive/application/calls/list/DescribeRoomInfo", "archive/application/calls/call/events/DescribeUserEvent",
		"archive/application/unusual events/DescribeUnusualEvent", "archive/application/scale/DescribeScaleInfo", "archive/application/close lists",
		"archive/flush", "archive/flush/insert quality_samples_data", "archive/flush/insert ledger_units", "archive/flush/commit",
	} {
		if paths[path] == 0 {
			t.Errorf("no span %s", path)
		}
	}
	rooted(t, in, root)
	asInTheArchive(t, in, c)
	retried(t, c)
	if c.resource["service.name"] != "callvault" {
		t.Errorf("resource %v", c.resource)
	}
	secretless(t, in, c)
}

// rooted compares the root with the history of runs.
func rooted(t *testing.T, in *installation, root *otlp.Span) {
	t.Helper()
	run := in.value(t, "SELECT run_id AS x FROM archive_runs")
	a := attributes(root.Attributes)
	if id := traces.ID(run); string(root.TraceId) != string(id[:]) {
		t.Errorf("trace id %x, want %v", root.TraceId, id)
	}
	if sql := in.value(t, "SELECT substring(lower(hex(SHA256(run_id))), 1, 32) AS x FROM archive_runs"); sql != traces.ID(run).String() {
		t.Errorf("in SQL the trace's id is %s", sql)
	}
	if a["callvault.run_id"] != run || a["callvault.outcome"] != "done" || root.Status.GetCode() == otlp.Status_STATUS_CODE_ERROR {
		t.Errorf("root %v, status %v", a, root.Status)
	}
	for key, query := range map[string]string{"callvault.samples": "SELECT count() AS x FROM quality_samples", "callvault.calls": "SELECT calls_archived AS x FROM archive_runs"} {
		if got, want := fmt.Sprint(number(root, key)), in.value(t, query); got != want {
			t.Errorf("root: %s is %s, want %s", key, got, want)
		}
	}
}

// asInTheArchive compares calls, requests and inserts with the archive.
func asInTheArchive(t *testing.T, in *installation, c *collected) {
	t.Helper()
	calls := c.named("call")
	inserts := c.named("insert quality_samples_data")
	for _, x := range []struct {
		what  string
		got   int64
		query string
	}{
		{"calls", int64(len(calls)), "SELECT count() AS x FROM rooms"},
		{"samples of calls", sum(calls, "callvault.samples"), "SELECT count() AS x FROM quality_samples"},
		{"users of calls", sum(calls, "callvault.users"), "SELECT uniq(comm_id, user_id) AS x FROM user_sessions"},
		{"rows of inserts", sum(inserts, "callvault.rows"), "SELECT count() AS x FROM quality_samples"},
		{"bytes of inserts", sum(inserts, "callvault.bytes"), "SELECT 12 * count() AS x FROM quality_samples"},
		{"requests", int64(len(c.named("DescribeUserEvent"))), "SELECT requests['DescribeUserEvent'] AS x FROM archive_runs"},
		{"bytes of rows", min(1, sum(c.named("insert user_events_data"), "callvault.bytes")), "SELECT 1 AS x"},
	} {
		if want := in.value(t, x.query); fmt.Sprint(x.got) != want {
			t.Errorf("%s: %d in the trace, want %s", x.what, x.got, want)
		}
	}
	for _, s := range calls {
		if a := attributes(s.Attributes); a["callvault.room"] == "" || number(s, "callvault.app") == 0 {
			t.Errorf("a call without a room: %v", a)
		}
	}
}

// retried looks for the request that failed, and for the next attempt.
func retried(t *testing.T, c *collected) {
	t.Helper()
	var failed, again int
	for _, s := range c.named("DescribeUserEvent") {
		a := attributes(s.Attributes)
		if a["callvault.request_id"] == "" {
			t.Errorf("a request without the vendor's id: %v", a)
		}
		if strings.HasPrefix(a["callvault.code"], "InternalError") && s.Status.GetCode() == otlp.Status_STATUS_CODE_ERROR && len(s.Events) == 1 {
			failed++
		}
		if number(s, "callvault.attempt") == 2 {
			again++
		}
	}
	if failed != 1 || again != 1 {
		t.Errorf("%d requests failed and %d were second attempts, want one each", failed, again)
	}
}

// secretless checks that the collector got its key as a header, and no other secret.
func secretless(t *testing.T, in *installation, c *collected) {
	t.Helper()
	if slices.ContainsFunc(c.keys, func(key string) bool { return key != collectorKey }) {
		t.Errorf("keys %q", c.keys)
	}
	dsn, _, _ := strings.Cut(strings.TrimPrefix(in.env[1], "CLICKHOUSE_DSN=clickhouse://"), "@")
	_, password, _ := strings.Cut(dsn, ":")
	for _, secret := range []string{in.sim.SecretKey(), in.sim.SecretID(), collectorKey, password} {
		if secret != "" && strings.Contains(c.raw.String(), secret) {
			t.Errorf("the spans hold %q", secret)
		}
	}
}

// TestTraceOfAFailedCall checks that a call that could not be fetched is an error in the trace.
func TestTraceOfAFailedCall(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 6, Calls: 3, Mix: simulator.MixAll, QPS: -1, Current: true, Faults: simulator.Faults{Poison: 1}})
	c, impatient := newCollector(t), newClock(t, time.Now())
	p := start(t, in.traced(c.url, clockVariable+"="+impatient.file), "archive", "--quiet")
	if code := p.wait(t); code != exitPartial {
		t.Fatalf("exit code %d\n%s", code, p.errs.String())
	}
	failed := 0
	for _, s := range c.named("call") {
		if s.Status.GetCode() == otlp.Status_STATUS_CODE_ERROR {
			failed++
		}
	}
	root, _ := c.tree(t)
	if n := number(root, "callvault.failed"); failed == 0 || int64(failed) != n || root.Status.GetCode() != otlp.Status_STATUS_CODE_ERROR {
		t.Errorf("%d calls failed by their spans, %d by the root, whose status is %v", failed, n, root.Status)
	}
}

// TestTraceOfAnInterruptedPass checks that the spans before Ctrl-C are sent.
func TestTraceOfAnInterruptedPass(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 30, QPS: -1, Current: true})
	c := newCollector(t)
	reached := make(chan struct{})
	in.vendor.at(60, func() { close(reached) })
	p := start(t, in.traced(c.url), "archive", "--quiet")
	<-reached
	p.signal(syscall.SIGINT)
	if code := p.wait(t); code != exitInterrupted {
		t.Errorf("exit code %d, want 130\n%s", code, p.errs.String())
	}
	root, _ := c.tree(t)
	if a := attributes(root.Attributes); a["callvault.outcome"] != "interrupted" || root.Status.GetCode() != otlp.Status_STATUS_CODE_ERROR {
		t.Errorf("root %v, status %v", a, root.Status)
	}
}

// TestCollectorOutOfReach checks that a pass succeeds if no collector takes its spans, and
// says so in one line.
func TestCollectorOutOfReach(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // it is connected to, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	refuses, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refuses.Close()
	for name, at := range map[string]net.Listener{"refuses": refuses, "silent": silent} {
		t.Run(name, func(t *testing.T) {
			in := install(t, simulator.Options{Seed: 7, Calls: 6, QPS: -1, Current: true})
			p := start(t, in.traced("http://"+at.Addr().String(), "OTEL_BSP_SCHEDULE_DELAY=10"), "archive", "--quiet")
			began := time.Now()
			if code := p.wait(t); code != exitDone {
				t.Errorf("exit code %d", code)
			}
			t.Logf("%s, said %s", time.Since(began), p.errs.String())
			if s := p.errs.String(); strings.Count(s, "\n") != 1 || !strings.Contains(s, "spans were not sent") || !strings.Contains(s, "OTEL_EXPORTER_OTLP_ENDPOINT") || strings.Contains(s, collectorKey) {
				t.Errorf("said %q", s)
			}
			compare(t, in.store, in.truth)
		})
	}
}

// TestNotSampled checks that a run that is not sampled sends no spans.
func TestNotSampled(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 8, Calls: 3, QPS: -1, Current: true})
	for _, setting := range []string{"OTEL_TRACES_SAMPLER=always_off", "OTEL_TRACES_EXPORTER=none", "OTEL_SDK_DISABLED=true"} {
		c := newCollector(t)
		p := start(t, in.traced(c.url, setting), "archive", "--quiet")
		if code := p.wait(t); code != exitDone || len(p.errs.String()) > 0 || len(c.spans) > 0 {
			t.Errorf("%s: exit code %d, %d spans\n%s", setting, code, len(c.spans), p.errs.String())
		}
	}
}

// TestDaemonIsTraced checks that each run of the daemon is a trace of its own, and that the log
// has its id.
func TestDaemonIsTraced(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 9, Calls: 3, QPS: -1, Current: true})
	c := newCollector(t)
	p := start(t, in.traced(c.url, "CALLVAULT_DATA_DIR="+t.TempDir(), "CALLVAULT_LISTEN="+freeAddress(t)), "serve")
	await(t, "two runs", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.named("archive")) == 2 // the nightly and the hourly schedule
	})
	p.signal(syscall.SIGTERM)
	if code := p.wait(t); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	for _, root := range c.named("archive") {
		id := attributes(root.Attributes)["callvault.run_id"]
		if want := fmt.Sprintf(`"run_id":%q,"trace_id":"%x"`, id, root.TraceId); !strings.Contains(p.errs.String(), want) {
			t.Errorf("the log has no %s\n%s", want, p.errs.String())
		}
	}
}

// TestDaemonSaysWhatIsNotRecorded checks that the log says which parts of a run's record are missing.
func TestDaemonSaysWhatIsNotRecorded(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 10, Calls: 3, QPS: -1, Current: true})
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	in.env = in.traced("http://" + nobody.Addr().String())
	in.served(t, "the record of the run is incomplete; its data is complete", "spans were not sent")
}
