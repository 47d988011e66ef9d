package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/daemon"
)

func (c *cli) schedulesCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "schedules",
		Short: "List what the daemon runs and when",
		Long: `List the built-in schedules and those in the folder CALLVAULT_SCHEDULES. For each,
show the last run that callvault serve made and the next one. Times are UTC.`,
		Example: `  callvault schedules
  callvault schedules --json`,
		Annotations: changes("nothing"),
		RunE:        func(cmd *cobra.Command, args []string) error { return c.schedules(time.Now(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func (c *cli) schedules(now time.Time, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	list, err := daemon.Schedules(cfg, scheduled{}, now)
	if err != nil {
		return err
	}
	if asJSON {
		return c.screen().JSON(list)
	}
	c.screen().Schedules(list, now)
	return nil
}
