package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/daemon"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/internal/words"
)

func (c *cli) serveCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run as a daemon: archive every night",
		Long: `Make an archiving pass each night, and the other scheduled runs, until interrupted.
Schedules are built in. A file in the folder CALLVAULT_SCHEDULES replaces the schedule
of the same name; callvault schedules lists all of them. A schedule that missed runs
while the daemon was down runs once at the start.

While ClickHouse cannot be reached the daemon waits, without limit or as long as
CALLVAULT_WAIT says. On SIGHUP it reads the settings and the schedules again; if they
are wrong, the log says so and the old ones stay. On SIGTERM or SIGINT it begins no
new run and gives the current one CALLVAULT_GRACE (1m) to end. Then it stops the run;
the next one goes on from there. A second signal ends the program at once.

CALLVAULT_LISTEN (127.0.0.1:9464) answers GET /healthz (the program is alive),
/readyz (ClickHouse can be reached and has the schema) and /metrics (Prometheus).
Under systemd the daemon sends READY, STOPPING and WATCHDOG.`,
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
	if c.alone { // libraries write to the standard logger: their lines then join ours
		slog.SetDefault(log)
	}
	return daemon.Serve(ctx, daemon.Options{
		Config: c.config, Connect: c.server, Args: scheduled{}, Log: log, Getenv: c.getenv, Version: version,
	}, hangup)
}

// logger returns a logger that writes text to a terminal and JSON elsewhere. It writes durations as
// 1m30s, and texts so that none can break a line or upset a terminal.
func (c *cli) logger() *slog.Logger {
	o := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch v := a.Value.Any().(type) {
		case time.Duration:
			a.Value = slog.StringValue(v.String())
		case string:
			a.Value = slog.StringValue(words.Line(v))
		case error:
			a.Value = slog.StringValue(words.Line(v.Error()))
		}
		return a
	}}
	if ui.IsTerminal(c.stderr) {
		return slog.New(slog.NewTextHandler(c.stderr, o))
	}
	return slog.New(slog.NewJSONHandler(c.stderr, o))
}
