// Package daemon makes runs by schedules until it is stopped. It serves health and
// metrics, sends notifications and reloads its settings.
package daemon

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/notify"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/systemd"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/schedules"
	"github.com/callvault/callvault/verify"
)

// Args reads the arguments of scheduled runs. They are the arguments of the commands.
type Args interface {
	Archive(cfg *config.Config, args []string) (archive.Scope, error)
	Verify(cfg *config.Config, args []string) (archive.Scope, verify.Options, error)
	// Backup returns nil if neither the arguments nor the settings name a place.
	Backup(cfg *config.Config, args []string) (*backup.Run, error)
}

// Options are the settings and services that Serve needs.
type Options struct {
	Config  func() (*config.Config, error) // reads the settings; called at the start and after each hangup
	Connect func(*config.Config) connect.Server
	Args    Args
	Log     *slog.Logger
	Getenv  func(string) string
	Version string
}

// daemon makes the runs that are due. Its settings change with each reload. A running pass
// keeps the settings that it began with.
type daemon struct {
	Options
	systemd systemd.Notifier
	runs    runsFile
	meters  *meters

	set   atomic.Pointer[settings]
	store atomic.Pointer[store.Store] // nil while the daemon waits for ClickHouse

	reader atomic.Pointer[store.Store] // of the console; nil while there is none

	mu       sync.Mutex
	runner   *schedules.Runner
	underway map[string]time.Time  // when each running run began, by schedule
	jobs     map[*archive.Run]bool // running jobs
	sending  sync.WaitGroup        // notifications being sent

	opening sync.Mutex
	left    []func() // closes the stores that were opened later
}

// Serve makes the runs that are due until ctx ends. At each hangup it reads the settings
// again.
func Serve(ctx context.Context, o Options, hangup <-chan os.Signal) error {
	set, err := o.settings(ctx)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", set.cfg.Listen)
	if err != nil {
		return config.Error{Setting: "CALLVAULT_LISTEN", Problem: err.Error(), Try: "choose another address"}
	}
	site, err := newSite(set.cfg)
	if err == nil {
		err = runsOf(set.cfg).try()
	}
	if err != nil {
		return errors.Join(err, l.Close(), site.close())
	}
	d := &daemon{
		Options: o, systemd: systemd.New(o.Getenv), runs: runsOf(set.cfg), meters: newMeters(o.Version),
		underway: map[string]time.Time{}, jobs: map[*archive.Run]bool{},
	}
	d.set.Store(&set)
	d.meters.reg.MustRegister(newJobMeters(d), newStoreMeters(d))
	stop := d.listen(l)
	defer stop()
	defer d.serveSite(ctx, site)()
	defer d.keepWatchdog()()
	d.tell(systemd.Ready, systemd.Status("waiting for ClickHouse"))
	store, done, err := d.await(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer done()
	if _, err := connect.Version(ctx, store); errors.Is(err, schema.ErrNewer) {
		return err
	}
	d.store.Store(store)
	defer d.lookAfter(ctx)()
	left, err := d.openReader(ctx, site)
	if err != nil {
		return err
	}
	defer left()
	return d.run(ctx, hangup)
}

// errGrace is the cause that ends passes after the grace period.
var errGrace = errors.New("the grace period is over")

// run follows the schedules until ctx ends. It begins again after each hangup. At the end it
// waits for the running runs within the grace period.
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

// wait waits for running runs, and cancels them after the grace period.
func (d *daemon) wait(over <-chan struct{}, grace time.Duration, cancel context.CancelCauseFunc) {
	if n := d.working(); n > 0 {
		d.Log.Info("stopping: no new runs; running ones may end", "runs", n, "grace", grace)
	}
	select {
	case <-over:
	case <-time.After(grace):
		d.Log.Warn("the grace period is over: the run is stopped, and the next one goes on from there", "grace", grace)
		cancel(errGrace)
		<-over
	}
	d.sending.Wait() // each ends in bounded time
	d.Log.Info("stopped")
}

// newRunner returns the runner for the current settings.
func (d *daemon) newRunner() (*schedules.Runner, error) {
	set := d.set.Load()
	r, err := schedules.New(set.entries, schedules.Options{Jobs: d.work(), Last: d.lastRun, Ended: d.ended, Retryable: again, ID: uuid.NewString, Log: d.Log})
	if err != nil {
		return nil, config.Error{Setting: "CALLVAULT_SCHEDULES", Problem: err.Error()}
	}
	for _, e := range set.entries {
		if !e.Off {
			d.meters.known(e.Job, e.Name)
			d.Log.Info("scheduled", "schedule", e.Name, "job", e.Job, "spec", e.Spec, "next", e.Next(time.Now()).UTC())
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
			d.Log.Info("settings reloaded", "applications", len(archive.AppsOf(set.cfg.Accounts)))
			return
		}
		for line := range strings.Lines(err.Error()) {
			d.Log.Error("new settings refused; the old ones go on", "err", strings.TrimSpace(line))
		}
	}
}

// tell sends a message to systemd. It only logs a failure.
func (d *daemon) tell(states ...string) {
	if err := d.systemd.Tell(states...); err != nil {
		d.Log.Warn("message to systemd not sent", "err", err)
	}
}

// keepWatchdog reports to systemd, at the interval that it requires, that the daemon is alive, until
// stop is called.
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

// alive returns once it has locked the state of the daemon and of its schedules. It does
// not return if one of them is locked for ever.
func (d *daemon) alive() {
	d.mu.Lock()
	r := d.runner
	d.mu.Unlock()
	if r != nil {
		r.Status()
	}
}

// tellOf sends the notifications of a run that has ended, while other runs go on.
func (d *daemon) tellOf(log *slog.Logger, cfg *config.Config, r runs.Run) {
	d.sending.Go(func() {
		if err := notify.Tell(context.Background(), notify.Webhook{URL: cfg.NotifyURL.Reveal(), Format: cfg.NotifyFormat}, runs.HistoryOf(d.store.Load()), r); err != nil {
			log.Warn("notification not sent", "err", err)
		}
	})
}

// present returns the running jobs, and the runner of the schedules, nil if there is none
// yet.
func (d *daemon) present() (jobs []*archive.Run, r *schedules.Runner) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.jobs)), d.runner
}

// working returns how many runs go on.
func (d *daemon) working() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.underway)
}
