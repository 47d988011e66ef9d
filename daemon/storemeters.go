package daemon

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/upkeep"
)

const (
	lookWithin = 5 * time.Second  // bounds one reading of ClickHouse
	lookEvery  = 10 * time.Second // earlier scrapes get the last reading
)

// storeMeters shows metrics from ClickHouse: successes, units at risk, losses, schema,
// disks. They include the work of other and earlier processes.
type storeMeters struct {
	d                          *daemon
	up, success                *prometheus.Desc
	risk, next, lost, lastLoss *prometheus.Desc
	version, dirty, pending    *prometheus.Desc
	free, size                 *prometheus.Desc

	mu   sync.Mutex
	at   time.Time
	last snapshot
}

// snapshot is one reading of ClickHouse. Values that could not be read are empty.
type snapshot struct {
	up        bool
	schema    *schema.Status
	successes []runs.Success
	outlook   []ledger.Outlook
	disks     []upkeep.Disk
}

func newStoreMeters(d *daemon) *storeMeters {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &storeMeters{
		d:        d,
		up:       desc("callvault_clickhouse_up", "Whether ClickHouse could be reached."),
		success:  desc("callvault_last_success_timestamp_seconds", "When a run over everything in the window, of any process, last ended with nothing of the application missing.", "command", "app"),
		risk:     desc("callvault_at_risk_units", "Calls (hours, days) whose archive is not final yet.", "app", "kind"),
		next:     desc("callvault_next_loss_timestamp_seconds", "When the vendor begins to drop the first call (hour, day) whose archive is not final.", "app", "kind"),
		lost:     desc("callvault_lost_units", "Calls (hours, days) that the vendor dropped before they were archived, as a whole or in part; ever.", "app", "kind"),
		lastLoss: desc("callvault_last_loss_timestamp_seconds", "When the last loss was noted.", "app", "kind"),
		version:  desc("callvault_schema_version", "Version of the database's schema; -1: none."),
		dirty:    desc("callvault_schema_dirty", "Whether a version of the schema was begun and not finished."),
		pending:  desc("callvault_schema_pending_versions", "Versions of the schema that this program would apply."),
		free:     desc("callvault_disk_free_bytes", "Room left on a disk of ClickHouse's.", "disk"),
		size:     desc("callvault_disk_size_bytes", "Size of a disk of ClickHouse's.", "disk"),
	}
}

func (c *storeMeters) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.success, c.risk, c.next, c.lost, c.lastLoss, c.version, c.dirty, c.pending, c.free, c.size} {
		ch <- d
	}
}

func (c *storeMeters) Collect(ch chan<- prometheus.Metric) {
	s := c.look()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(c.up, one(s.up))
	if s.schema != nil {
		gauge(c.version, float64(s.schema.Current))
		gauge(c.dirty, one(s.schema.Dirty))
		gauge(c.pending, float64(s.schema.Pending()))
	}
	configured := archive.AppsOf(c.d.set.Load().cfg.Accounts)
	for _, x := range s.successes {
		if !slices.Contains(configured, x.App) {
			continue // the application is no longer archived
		}
		gauge(c.success, float64(x.At.Unix()), x.Command, fmt.Sprint(x.App))
	}
	for _, o := range s.outlook {
		app, kind := fmt.Sprint(o.App), string(o.Kind)
		gauge(c.risk, float64(o.AtRisk), app, kind)
		gauge(c.lost, float64(o.Lost), app, kind)
		if !o.Next.IsZero() {
			gauge(c.next, float64(o.Next.Unix()), app, kind)
		}
		if !o.LastLoss.IsZero() {
			gauge(c.lastLoss, float64(o.LastLoss.Unix()), app, kind)
		}
	}
	for _, x := range s.disks {
		gauge(c.free, float64(x.Free), x.Name)
		gauge(c.size, float64(x.Total), x.Name)
	}
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// look returns a recent snapshot.
func (c *storeMeters) look() snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.at) < lookEvery {
		return c.last
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
	defer cancel()
	c.last = c.d.snapshot(ctx)
	if c.last.up {
		c.at = time.Now()
	}
	return c.last
}

// snapshot reads ClickHouse.
func (d *daemon) snapshot(ctx context.Context) (s snapshot) {
	store := d.store.Load()
	if store == nil {
		return s
	}
	sch, err := connect.Schema(store)
	if err != nil {
		return s
	}
	st, err := sch.Status(ctx)
	if err != nil {
		return s
	}
	s.up, s.schema = true, &st
	s.disks, _ = upkeep.Disks(ctx, store) // the user may have no right to see them
	if st.Dirty || st.Pending() > 0 {
		return s
	}
	if s.successes, err = runs.HistoryOf(store).LastSuccesses(ctx); err != nil {
		d.Log.Warn("metrics are incomplete", "err", err)
	}
	if s.outlook, err = ledger.Of(store).Outlook(ctx); err != nil {
		d.Log.Warn("metrics are incomplete", "err", err)
	}
	return s
}
