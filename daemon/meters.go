package daemon

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/runs"
)

// meters has the metrics of this process. storeMeters and jobMeters add metrics that are
// read at each scrape.
type meters struct {
	reg *prometheus.Registry

	runs                   *prometheus.CounterVec
	calls, samples, events *prometheus.CounterVec
	requests, errors       *prometheus.CounterVec
	bytes, retries         prometheus.Counter
	inserts                *prometheus.HistogramVec

	mu   sync.Mutex
	seen map[*archive.Run]ask.Counts // the requests of running jobs that are counted already
}

func newMeters(version string) *meters {
	m := &meters{reg: prometheus.NewRegistry(), seen: map[*archive.Run]ask.Counts{}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.reg.MustRegister(v)
		return v
	}
	m.runs = counter("callvault_runs_total", "Runs that have ended, by how: done, partial, failed, interrupted, busy (another process was making a pass).", "command", "schedule", "outcome")
	m.calls = counter("callvault_calls_archived_total", "Calls archived by runs that have ended, provisional ones included.", "app")
	m.samples = counter("callvault_samples_archived_total", "Quality samples archived by runs that have ended.", "app")
	m.events = counter("callvault_events_archived_total", "User events archived by runs that have ended.", "app")
	m.requests = counter("callvault_requests_total", "Requests to the vendor, refused ones included.", "action")
	m.errors = counter("callvault_request_errors_total", "Requests to the vendor that failed, by its error code or the kind of failure.", "action", "code")
	m.bytes = counter("callvault_received_bytes_total", "Bytes of the vendor's answers.").WithLabelValues()
	m.retries = counter("callvault_insert_retries_total", "Inserts into ClickHouse that were tried again.").WithLabelValues()
	m.inserts = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "callvault_insert_duration_seconds", Help: "How long ClickHouse took to acknowledge a block.",
		Buckets: prometheus.ExponentialBuckets(0.005, 2.5, 10),
	}, []string{"table"})
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "callvault_build_info", Help: "What runs; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.reg.MustRegister(m.inserts, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// inserted counts a block that was sent to ClickHouse.
func (m *meters) inserted(table string, took time.Duration, _ error) {
	m.inserts.WithLabelValues(table).Observe(took.Seconds())
}

// begun counts a job's requests until the job is over.
func (m *meters) begun(j *archive.Run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[j] = ask.NewCounts()
}

// asked counts the requests of a job since the last time.
func (m *meters) asked(j *archive.Run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was, begun := m.seen[j]
	if !begun {
		return
	}
	is := j.Counts()
	for action, n := range is.Requests {
		m.requests.WithLabelValues(action).Add(float64(n - was.Requests[action]))
	}
	for action, codes := range is.ErrorsOf {
		for code, n := range codes {
			m.errors.WithLabelValues(action, code).Add(float64(n - was.ErrorsOf[action][code]))
		}
	}
	m.bytes.Add(float64(is.Bytes - was.Bytes))
	m.seen[j] = is
}

// ran counts a run that has ended.
func (m *meters) ran(r runs.Run) {
	m.runs.WithLabelValues(r.Command, r.Schedule, string(r.Outcome)).Inc()
}

// over counts the last requests of a job that has ended.
func (m *meters) over(j *archive.Run) {
	m.asked(j)
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.seen, j)
}

// ended counts a pass that has ended.
func (m *meters) ended(j *archive.Run, s *archive.Report) {
	m.over(j)
	m.ran(s.Run)
	for _, r := range s.Apps {
		app := fmt.Sprint(r.App)
		m.calls.WithLabelValues(app).Add(float64(r.Archived))
		m.samples.WithLabelValues(app).Add(float64(r.Samples))
		m.events.WithLabelValues(app).Add(float64(r.Events))
	}
}

// known begins the series of a schedule at zero, so that the first increase shows.
func (m *meters) known(job, schedule string) {
	for _, o := range []runs.Outcome{runs.Done, runs.Partial, runs.Failed, runs.Interrupted, runs.Busy} {
		m.runs.WithLabelValues(job, schedule, string(o))
	}
}
