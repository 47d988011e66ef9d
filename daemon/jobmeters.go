package daemon

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/schedules"
)

// jobMeters shows the running runs and the schedules.
type jobMeters struct {
	d                                                  *daemon
	leader, running, waiting                           *prometheus.Desc
	used, allowed, queued                              *prometheus.Desc
	next, skipped, caughtUp, retried, cancelled, begun *prometheus.Desc
}

func newJobMeters(d *daemon) *jobMeters {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &jobMeters{
		d:         d,
		leader:    desc("callvault_leader", "Whether this process has the archive lease, and so makes a pass."),
		running:   desc("callvault_runs_in_progress", "Runs under way."),
		waiting:   desc("callvault_writer_waiting_rows", "Rows that wait to be inserted."),
		used:      desc("callvault_quota_used_requests_per_second", "Requests of the running pass that left within the last second.", "account", "action"),
		allowed:   desc("callvault_quota_allowed_requests_per_second", "Requests a second that may leave now: the quota, less what others of the account use.", "account", "action"),
		queued:    desc("callvault_quota_waiting_requests", "Requests that wait for their turn.", "account", "action"),
		next:      desc("callvault_schedule_next_timestamp_seconds", "When the schedule is due next.", "schedule"),
		skipped:   desc("callvault_schedule_skipped_total", "Runs that were due while the schedule's last one went on, since the settings were read.", "schedule"),
		caughtUp:  desc("callvault_schedule_caught_up_total", "Runs that were missed and made later, since the settings were read.", "schedule"),
		retried:   desc("callvault_schedule_retried_total", "Runs that were made because the one before had failed for a passing cause, since the settings were read.", "schedule"),
		cancelled: desc("callvault_schedule_cancelled_total", "Runs that took longer than their deadline, since the settings were read.", "schedule"),
		begun:     desc("callvault_schedule_last_begun_timestamp_seconds", "When the schedule's last run began.", "schedule"),
	}
}

func (c *jobMeters) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.leader, c.running, c.waiting, c.used, c.allowed, c.queued, c.next, c.skipped, c.caughtUp, c.retried, c.cancelled, c.begun} {
		ch <- d
	}
}

func (c *jobMeters) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	jobs, runner := c.d.present()
	leader, rows := 0.0, 0
	for _, j := range jobs {
		c.d.meters.asked(j)
		if j.Leading.Load() {
			leader = 1
		}
		if w := j.Writing.Load(); w != nil {
			rows += w.Waiting()
		}
		c.quota(j, gauge)
	}
	gauge(c.leader, leader)
	gauge(c.running, float64(len(jobs)))
	gauge(c.waiting, float64(rows))
	if runner != nil {
		for _, s := range runner.Status() {
			c.schedule(ch, s)
		}
	}
}

// quota shows how a run uses the quota. Two runs of one account never ask at the same time:
// the lease excludes the second.
func (c *jobMeters) quota(j *archive.Run, gauge func(*prometheus.Desc, float64, ...string)) {
	if !j.Leading.Load() {
		return
	}
	for _, client := range j.Asked() {
		for _, s := range client.Limits.Snapshot() {
			gauge(c.used, s.Rate, client.Settings.Name, s.Action)
			gauge(c.allowed, s.Allowed, client.Settings.Name, s.Action)
			gauge(c.queued, float64(s.Waiting), client.Settings.Name, s.Action)
		}
	}
}

func (c *jobMeters) schedule(ch chan<- prometheus.Metric, s schedules.Status) {
	show := func(d *prometheus.Desc, t prometheus.ValueType, v float64) {
		ch <- prometheus.MustNewConstMetric(d, t, v, s.Name)
	}
	if !s.Next.IsZero() {
		show(c.next, prometheus.GaugeValue, float64(s.Next.Unix()))
	}
	if !s.Began.IsZero() {
		show(c.begun, prometheus.GaugeValue, float64(s.Began.Unix()))
	}
	show(c.skipped, prometheus.CounterValue, float64(s.Skipped))
	show(c.caughtUp, prometheus.CounterValue, float64(s.CaughtUp))
	show(c.retried, prometheus.CounterValue, float64(s.Retried))
	show(c.cancelled, prometheus.CounterValue, float64(s.Cancelled))
}
