package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/internal/notify"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/store"
)

// version is set by the linker (see Makefile).
var version = "dev"

// cli is what all commands share: the process and the common flags.
type cli struct {
	*process
	configFile string
	quiet      bool
}

func newRoot(p *process) *cobra.Command {
	c := &cli{process: p}
	root := &cobra.Command{
		Use:   "callvault",
		Short: "Save what TRTC forgets: calls, users and quality metrics, archived into ClickHouse",
		Long: `callvault archives the call-monitoring data of Tencent RTC into ClickHouse. The
vendor keeps this data for 14 days; the archive keeps it for good.

Settings come from the environment or from a YAML file (--config); see
docs/operations.md. Without CLICKHOUSE_DSN callvault runs an embedded ClickHouse
and keeps the archive there.`,
		Example: `  callvault demo                        everything at once, nothing configured
  callvault archive                     one pass now
  callvault sql "SELECT count() FROM rooms"`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v; try %s --help", err, cmd.CommandPath())
	})
	root.PersistentFlags().StringVar(&c.configFile, "config", "", "YAML file with settings (default $CALLVAULT_CONFIG)")
	root.PersistentFlags().BoolVarP(&c.quiet, "quiet", "q", false, "print errors only: no progress and no report")
	root.AddCommand(
		c.demoCmd(), c.archiveCmd(), c.planCmd(), c.serveCmd(), c.schedulesCmd(), c.statusCmd(), c.verifyCmd(), c.doctorCmd(), c.replayCmd(), c.exportCmd(), c.consoleCmd(), c.reportCmd(), c.backupCmd(), c.restoreCmd(), c.migrateCmd(), c.judgeCmd(), c.personCmd(), c.eraseCmd(), c.grantsCmd(),
		c.sqlCmd(), c.clickhouseCmd(), c.simulateCmd(), c.manCmd(),
	)
	for _, cmd := range root.Commands() {
		strictArgs(cmd)
		tellChanges(cmd)
	}
	root.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef("unknown command %q; try callvault --help", args[0])
		}
		return nil
	}
	root.RunE = func(cmd *cobra.Command, args []string) error { return cmd.Help() }
	return root
}

// annotation is the key under which a command says what it changes.
const annotation = "changes"

// changes returns the annotation that says what a command changes.
func changes(what string) map[string]string { return map[string]string{annotation: what} }

// tellChanges adds to the help of a command, and of its subcommands, what they change.
func tellChanges(cmd *cobra.Command) {
	if what := cmd.Annotations[annotation]; what != "" {
		cmd.Long = cmp.Or(cmd.Long, cmd.Short+".") + "\n\nChanges: " + what + "."
	}
	for _, sub := range cmd.Commands() {
		tellChanges(sub)
	}
}

// strictArgs turns wrong arguments into usage errors.
func strictArgs(cmd *cobra.Command) {
	check := cmd.Args
	if check == nil {
		check = cobra.NoArgs
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usagef("%v; try %s --help", err, cmd.CommandPath())
		}
		return nil
	}
	for _, sub := range cmd.Commands() {
		strictArgs(sub)
	}
}

// screen returns the output of the command.
func (c *cli) screen() ui.Screen {
	return ui.Screen{Out: c.stdout, Err: c.stderr, Quiet: c.quiet, Colours: c.getenv("NO_COLOR") == ""}
}

// tell sends the notifications of a run that has ended. ctx may have ended, too.
func (c *cli) tell(ctx context.Context, cfg *config.Config, store *store.Store, r runs.Run, earlier ...string) {
	if err := notify.Tell(context.WithoutCancel(ctx), webhook(cfg), runs.HistoryOf(store), r, earlier...); err != nil {
		c.screen().Warn(err)
	}
}

// origin returns the origin of a run that a command makes.
func (c *cli) origin() runs.Origin { return runs.Origin{Version: version, Warn: c.screen().Warn} }

// server returns the configured ClickHouse: the DSN's or, without a DSN, the embedded
// one.
func (c *cli) server(cfg *config.Config) connect.Server {
	s := connect.Server{
		DSN: cfg.DSN.Reveal(), TLS: cfg.ToClickHouse, Embedded: embedded.Options{Path: filepath.Join(cfg.DataDir, "clickhouse")},
		Fetch: embedded.FetchOptions{Library: cfg.Library, CacheDir: cfg.CacheDir, Hidden: config.Secrets()}, Download: c.screen().Download,
		Options: store.Options{Missing: store.Create},
	}
	if s.DSN != "" {
		s.Options.Cluster = cfg.Cluster
	}
	return s
}

// open connects to the configured ClickHouse. The caller must call close.
func (c *cli) open(ctx context.Context, cfg *config.Config) (store *store.Store, close func(), err error) {
	return c.await(ctx, cfg, c.server(cfg))
}

// await waits for ClickHouse to answer and connects to it.
func (c *cli) await(ctx context.Context, cfg *config.Config, server connect.Server) (store *store.Store, close func(), err error) {
	wait := cfg.WaitAsCommand()
	return server.Await(ctx, time.Now().Add(wait), func(err error) {
		if !c.quiet {
			fmt.Fprintf(c.stderr, "callvault: waiting for ClickHouse for up to %v, CALLVAULT_WAIT=0s gives up at once: %s\n", wait, words.OneLine(err))
		}
	})
}

// config reads the settings.
func (c *cli) config() (*config.Config, error) { return config.Load(c.configFile, c.environ) }

// getenv returns the value of an environment variable, or "".
func (c *cli) getenv(name string) string {
	for _, v := range c.environ {
		if k, val, _ := strings.Cut(v, "="); k == name {
			return val
		}
	}
	return ""
}

// webhook returns the webhook that the settings name.
func webhook(cfg *config.Config) notify.Webhook {
	return notify.Webhook{URL: cfg.NotifyURL.Reveal(), Format: cfg.NotifyFormat}
}
