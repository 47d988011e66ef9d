package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/schedules"
)

func (c *cli) serveCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run as a daemon: archive every night",
		Long: `Make one archiving pass now and then one each night, by the schedules built in
or those in the folder CALLVAULT_SCHEDULES, until interrupted.

GET /healthz on CALLVAULT_LISTEN (127.0.0.1:9464) tells whether the last pass
succeeded.`,
		Example: `  callvault serve
  CALLVAULT_SCHEDULES=/etc/callvault/schedules callvault serve`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.serve(cmd.Context()) },
	}
}

func (c *cli) serve(ctx context.Context) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	j, err := newJob(cfg, narrow{}, time.Now())
	if err != nil {
		return err
	}
	if err := j.connect(ctx); err != nil {
		return err
	}
	entries, err := schedules.Load(cfg.Schedules)
	if err != nil {
		return config.Error{Setting: "CALLVAULT_SCHEDULES", Problem: err.Error()}
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return config.Error{Setting: "CALLVAULT_LISTEN", Problem: err.Error(), Try: "choose another address"}
	}
	store, done, err := c.openArchive(ctx, cfg)
	if err != nil {
		l.Close()
		return err
	}
	defer done()
	d := &daemon{cfg: cfg, store: store, log: c.logger()}
	stop := d.listen(l)
	defer stop()
	return d.run(ctx, entries)
}

// logger writes text on a terminal and JSON elsewhere.
func (c *cli) logger() *slog.Logger {
	if isTerminal(c.stderr) {
		return slog.New(slog.NewTextHandler(c.stderr, nil))
	}
	return slog.New(slog.NewJSONHandler(c.stderr, nil))
}

// daemon is what serve runs.
type daemon struct {
	cfg   *config.Config
	store *load.Store
	log   *slog.Logger
	last  atomic.Pointer[outcome]
}

// outcome is how the last pass ended.
type outcome struct {
	at  time.Time
	err error
}

func (d *daemon) run(ctx context.Context, entries []schedules.Entry) error {
	if err := d.pass(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // asked to stop
		}
		d.log.Error("the first pass failed; the schedule goes on", "err", err)
	}
	return schedules.Run(ctx, entries, map[string]schedules.Job{"archive": d.pass}, d.log)
}

// pass archives once. A pass of another process is no failure of this one.
func (d *daemon) pass(ctx context.Context) error {
	j, err := newJob(d.cfg, narrow{}, time.Now())
	if err != nil {
		return err
	}
	if err := j.connect(ctx); err != nil {
		return err
	}
	sum, err := j.run(ctx, d.store, extract.NoProgress{})
	if errors.Is(err, lease.ErrHeld) {
		d.log.Warn("pass skipped", "reason", err)
		return nil
	}
	t := sum.total()
	for _, f := range t.Failures {
		d.log.Error("not archived", "call", f.CommID, "room", f.RoomID, "what", f.What, "reason", f.Reason)
	}
	if err == nil {
		err = sum.err()
	}
	d.log.Info("pass ended", "calls", t.Archived, "held", t.Held, "provisional", t.Provisional, "users", t.Users,
		"samples", t.Samples, "failures", t.FailureCount, "requests", sum.Counts.Total())
	d.last.Store(&outcome{time.Now(), err})
	return err
}

// listen answers /healthz until stop is called.
func (d *daemon) listen(l net.Listener) (stop func()) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", d.health)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			d.log.Error("health endpoint ended", "err", err)
		}
	}()
	return func() { srv.Close(); <-ended }
}

func (d *daemon) health(w http.ResponseWriter, r *http.Request) {
	o := d.last.Load()
	switch {
	case o == nil:
		fmt.Fprintln(w, "ok: no pass has ended yet")
	case o.err != nil:
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, "the pass that ended %s failed: %v\n", o.at.UTC().Format(time.RFC3339), o.err)
	default:
		fmt.Fprintf(w, "ok: a pass ended %s\n", o.at.UTC().Format(time.RFC3339))
	}
}
