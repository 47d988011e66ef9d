package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/notify"
	"github.com/callvault/callvault/internal/systemd"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/schedules"
)

// daemon is what serve runs. Its settings change with each reload; passes under
// way keep those they began with.
type daemon struct {
	cli     *cli
	log     *slog.Logger
	systemd systemd.Notifier
	runs    runsFile
	meters  *meters

	set   atomic.Pointer[settings]
	store atomic.Pointer[load.Store] // nil: ClickHouse is waited for

	mu       sync.Mutex
	runner   *schedules.Runner
	underway map[string]time.Time  // when the run of a schedule began that goes on
	jobs     map[*archive.Run]bool // that go on
	told     sync.WaitGroup        // notifications under way
}

func newDaemon(c *cli, set settings) *daemon {
	d := &daemon{
		cli: c, log: c.logger(), systemd: systemd.New(c.getenv), runs: runsOf(set.cfg), meters: newMeters(),
		underway: map[string]time.Time{}, jobs: map[*archive.Run]bool{},
	}
	d.set.Store(&set)
	d.meters.reg.MustRegister(newJobMeters(d), newStoreMeters(d))
	return d
}

// errGrace ends passes that have not ended within the grace period.
var errGrace = errors.New("the grace period is over")

// run follows the schedules, anew after each hangup, until ctx ends. Then it
// waits for the runs under way, as long as the grace period lasts.
func (d *daemon) run(ctx context.Context, hangup <-chan os.Signal) error {
	hard, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	var following sync.WaitGroup
	for ctx.Err() == nil {
		r, err := d.newRunner()
		if err != nil {
			return err
		}
		soft, end := context.WithCancel(ctx)
		following.Go(func() { r.Follow(soft, hard) })
		d.tell(systemd.Status("following the schedules"))
		d.untilReload(ctx, hangup)
		end()
	}
	d.tell(systemd.Stopping, systemd.Status("stopping"))
	over := make(chan struct{})
	go func() { following.Wait(); close(over) }()
	d.wait(over, time.Duration(d.set.Load().cfg.Grace), cancel)
	return nil
}

// wait waits for what is under way: softly, then after the grace period not.
func (d *daemon) wait(over <-chan struct{}, grace time.Duration, cancel context.CancelCauseFunc) {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	if n := d.working(); n > 0 {
		d.log.Info("stopping: no new runs; those under way may end", "runs", n, "grace", grace)
	}
	select {
	case <-over:
	case <-timer.C:
		d.log.Warn("the grace period is over: the run under way is stopped, and the next one goes on from there", "grace", grace)
		cancel(errGrace)
		<-over
	}
	d.told.Wait() // each is bounded
	d.log.Info("stopped")
}

// newRunner makes the runner of the present settings.
func (d *daemon) newRunner() (*schedules.Runner, error) {
	set := d.set.Load()
	r, err := schedules.New(set.entries, schedules.Options{Jobs: d.work(), Last: d.lastRun, Ended: d.ended, Again: again, ID: uuid.NewString, Log: d.log})
	if err != nil {
		return nil, config.Error{Setting: "CALLVAULT_SCHEDULES", Problem: err.Error()}
	}
	for _, e := range set.entries {
		if !e.Off {
			d.meters.known(e.Job, e.Name)
			d.log.Info("scheduled", "schedule", e.Name, "job", e.Job, "spec", e.Spec, "next", e.Next(time.Now()).UTC())
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runner = r
	return r, nil
}

// untilReload returns when there are new settings, or ctx ends.
func (d *daemon) untilReload(ctx context.Context, hangup <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		}
		set, err := d.reload(ctx)
		if err == nil {
			d.set.Store(&set)
			d.log.Info("settings reloaded", "applications", len(archive.AppsOf(set.cfg.Accounts)))
			return
		}
		for line := range strings.Lines(err.Error()) {
			d.log.Error("new settings refused; the old ones go on", "err", strings.TrimSpace(line))
		}
	}
}

// reload reads the settings again. Those that hold for a process's whole life
// must be what they were.
func (d *daemon) reload(ctx context.Context) (settings, error) {
	set, err := d.cli.settings(ctx)
	if err != nil {
		return settings{}, err
	}
	was := d.set.Load().cfg
	for _, s := range []struct{ name, was, is string }{
		{"CLICKHOUSE_DSN", was.DSN.Reveal(), set.cfg.DSN.Reveal()},
		{"CALLVAULT_CLICKHOUSE_CLUSTER", was.Cluster, set.cfg.Cluster},
		{"CALLVAULT_CLICKHOUSE_LIB", was.Library, set.cfg.Library},
		{"CALLVAULT_DATA_DIR", was.DataDir, set.cfg.DataDir},
		{"CALLVAULT_LISTEN", was.Listen, set.cfg.Listen},
	} {
		if s.was != s.is {
			return settings{}, config.Error{Setting: s.name, Problem: "has changed, which a reload cannot follow", Try: "restart callvault serve"}
		}
	}
	return set, nil
}

// tell tells systemd; that it cannot be told is no reason to stop.
func (d *daemon) tell(states ...string) {
	if err := d.systemd.Tell(states...); err != nil {
		d.log.Warn("systemd is not told", "err", err)
	}
}

// keepWatchdog tells systemd that the daemon is alive, as often as it wants to
// hear that, until stop is called.
func (d *daemon) keepWatchdog() (stop func()) {
	every := d.systemd.Every()
	if every == 0 {
		return func() {}
	}
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			d.alive()
			d.tell(systemd.Watchdog)
			select {
			case <-tick.C:
			case <-over:
				return
			}
		}
	})
	return func() { close(over); watch.Wait() }
}

// alive returns if the daemon's own state, and that of its schedules, can be
// had: neither is locked for good.
func (d *daemon) alive() {
	d.mu.Lock()
	r := d.runner
	d.mu.Unlock()
	if r != nil {
		r.Status()
	}
}

// tellOf sends what is to be said of a run that has ended, while other runs go on.
func (d *daemon) tellOf(log *slog.Logger, cfg *config.Config, r load.Run) {
	d.told.Go(func() {
		if err := notify.Tell(context.Background(), webhook(cfg), d.store.Load(), r); err != nil {
			log.Warn("nobody is told", "err", err)
		}
	})
}

// present are the runs under way and what follows the schedules; nil: nothing
// does yet.
func (d *daemon) present() (jobs []*archive.Run, r *schedules.Runner) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.jobs)), d.runner
}

// working is how many runs go on.
func (d *daemon) working() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.underway)
}
