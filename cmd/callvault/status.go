package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/demo"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/status"
)

func (c *cli) statusCmd() *cobra.Command {
	var asJSON, space, demo bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what is archived, what is at risk and what was lost",
		Long: `Show what the ledger says about each day of the retention window: how many calls are
known, and how many of them are archived for good, provisional (running or just ended
when they were archived, or waiting), pending, failed and lost; and up to when the
day's calls have been listed. Days are UTC, by the start of the call. Then show what
is not final yet and when the vendor drops it; what is visible and waits for data
because the vendor answered null; what has failed or is set aside; and what was lost.
The command sends no request to the vendor.

The JSON has last_success (the oldest of the applications' last complete
listings), last_archived, apps (sdk_app_id, window_start, last_listed), days (all
of them), at_risk, waiting, failed and lost (each with count and the first units;
at_risk with next_deadline), bytes on disk by relation, and runs: for each command
its last_success (the oldest of the applications') and its last run.

With --space it shows where the bytes on disk are, by table, metric and month, and what
they become at the rate of the last 14 and 30 days. The bytes of a metric are an
estimate. The JSON has tables, metrics and months (each with rows, bytes,
uncompressed_bytes, bytes_per_row), bytes, free_bytes and forecast.`,
		Example: `  callvault status
  callvault status --json
  callvault status --space              where the bytes are, and when the disk is full
  callvault status --demo               of the demo's archive`,
		Annotations: changes("nothing"),
		RunE:        func(cmd *cobra.Command, args []string) error { return c.status(cmd.Context(), asJSON, space, demo) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	cmd.Flags().BoolVar(&space, "space", false, "show where the bytes on disk are, and a forecast")
	cmd.Flags().BoolVar(&demo, "demo", false, "show the data of callvault demo")
	return cmd
}

func (c *cli) status(ctx context.Context, asJSON, space, ofDemo bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if ofDemo {
		cfg = demo.Settings(cfg)
	}
	store, done, err := c.openToRead(ctx, cfg, reading{command: "status", demo: ofDemo})
	if err != nil {
		return err
	}
	defer done()
	version, err := connect.Version(ctx, store)
	if err != nil {
		return err
	}
	if space && version.Current > 0 {
		return c.space(ctx, cfg, store, asJSON)
	}
	st := status.New(cfg.Accounts, time.Now().UTC())
	if version.Current > 0 {
		if err := st.Read(ctx, store); err != nil {
			return err
		}
	}
	if version.Pending() == 0 {
		if err := st.ReadRuns(ctx, store); err != nil {
			return err
		}
	}
	if asJSON {
		return c.screen().JSON(st)
	}
	c.screen().Status(st)
	return nil
}

func (c *cli) space(ctx context.Context, cfg *config.Config, store *store.Store, asJSON bool) error {
	s, err := status.ReadSpace(ctx, store, time.Duration(cfg.Keep), c.now().UTC())
	if err != nil {
		return err
	}
	if asJSON {
		return c.screen().JSON(s)
	}
	c.screen().Space(s)
	return nil
}
