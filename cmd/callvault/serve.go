package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/daemon"
	"github.com/callvault/callvault/internal/ui"
)

func (c *cli) serveCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run as a daemon: archive every night",
		Long: `Make an archiving pass each night, and what else there are schedules for, until
interrupted. Schedules are built in; a file in the folder CALLVAULT_SCHEDULES
replaces the one of its name (callvault schedules lists them). What was missed
while the daemon was down is caught up at the start, once.

A ClickHouse that cannot be reached is waited for, as long as it takes or as
CALLVAULT_WAIT says. SIGHUP reads the settings and the schedules again; what is
wrong in them is named in the log, and the old ones go on. SIGTERM and SIGINT
begin nothing new and give the pass under way CALLVAULT_GRACE (1m) to end; then
it is stopped, and the next one goes on from there. A second one ends the program
at once.

CALLVAULT_LISTEN (127.0.0.1:9464) answers GET /healthz (the program is alive),
/readyz (ClickHouse can be reached and has the schema) and /metrics (Prometheus).
systemd is told READY, STOPPING and WATCHDOG where it asks.`,
		Example: `  callvault serve
  CALLVAULT_SCHEDULES=/etc/callvault/schedules callvault serve`,
		Annotations: changes("the archive, as callvault archive does; with CALLVAULT_BACKUP_TO the place of backups"),
		RunE:        func(cmd *cobra.Command, args []string) error { return c.serve(cmd.Context()) },
	}
}

func (c *cli) serve(ctx context.Context) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	log := c.logger()
	if c.alone { // libraries write to the standard logger, whose lines are among ours then
		slog.SetDefault(log)
	}
	return daemon.Serve(ctx, daemon.Options{
		Config: c.config, Connect: c.server, Args: scheduled{}, Log: log, Getenv: c.getenv, Version: version,
	}, hangup)
}

// logger writes text on a terminal and JSON elsewhere, durations as 1m30s.
func (c *cli) logger() *slog.Logger {
	o := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Value.Kind() == slog.KindDuration {
			a.Value = slog.StringValue(a.Value.Duration().String())
		}
		return a
	}}
	if ui.IsTerminal(c.stderr) {
		return slog.New(slog.NewTextHandler(c.stderr, o))
	}
	return slog.New(slog.NewJSONHandler(c.stderr, o))
}
