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

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/schedules"
)

func (c *cli) serveCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run as a daemon: archive every night",
		Long: `Make an archiving pass each night, and what else there are schedules for, until
interrupted. Schedules are built in; a file in the folder CALLVAULT_SCHEDULES
replaces the one of its name (callvault schedules lists them). What was missed
while the daemon was down is caught up at the start, once.

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
	entries, err := loadSchedules(cfg)
	if err != nil {
		return err
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
	d := &daemon{cfg: cfg, store: store, runs: runsOf(cfg), log: c.logger()}
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
	runs  runsFile
	log   *slog.Logger
	last  atomic.Pointer[outcome]
}

// outcome is how the last pass ended.
type outcome struct {
	at  time.Time
	err error
}

// run follows the schedules until ctx ends.
func (d *daemon) run(ctx context.Context, entries []schedules.Entry) error {
	r, err := schedules.New(entries, schedules.Options{Jobs: d.jobs(), Last: d.lastRun, Ended: d.ended, Log: d.log})
	if err != nil {
		return config.Error{Setting: "CALLVAULT_SCHEDULES", Problem: err.Error()}
	}
	for _, e := range entries {
		if !e.Off {
			d.log.Info("scheduled", "schedule", e.Name, "job", e.Job, "spec", e.Spec, "next", e.Next(time.Now()).UTC())
		}
	}
	r.Run(ctx)
	return nil
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
