package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/load/cluster"
	"github.com/callvault/callvault/load/upkeep"
)

func (c *cli) judgeCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "judge",
		Short: "Grade all calls by the limits in quality_thresholds as they are now",
		Long: `Grade the calls anew that were graded by other limits than those in quality_thresholds,
with their users and pairs. Use it after you have changed a limit. Otherwise the grades
follow at the end of the next pass, and with callvault serve within a minute. The relation
judged_limits has the limits that the grades go by.

It takes some seconds for a billion samples. Until it ends, a query may find some grades
by the old limits and some by the new ones.

Exit codes: 0 done, or nothing to do; 1 failed, or a server of a cluster is not ready.`,
		Example: `  callvault sql --write "INSERT INTO quality_thresholds (measure, good, poor, serious) VALUES ('rtt', 150, 300, 600)"
  callvault judge`,
		Annotations: changes("grades, scores, bad minutes and diagnoses of calls, if the limits have changed"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.config()
			if err != nil {
				return err
			}
			return c.judge(cmd.Context(), cfg)
		},
	}
}

func (c *cli) judge(ctx context.Context, cfg *config.Config) error {
	s, done, err := c.openToRead(ctx, cfg, reading{})
	if err != nil {
		return err
	}
	defer done()
	if err := connect.Migrated(ctx, s); err != nil {
		return err
	}
	changed, err := upkeep.Judge(ctx, s)
	switch {
	case errors.Is(err, cluster.ErrBehind):
		return fmt.Errorf("%w; run callvault judge again later, or leave it to the next pass", err)
	case err == nil && changed:
		c.screen().Note("graded by the limits in quality_thresholds")
	case err == nil:
		c.screen().Note("nothing to do: all grades go by the limits in quality_thresholds")
	}
	return err
}
