package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/doctor"
)

func (c *cli) doctorCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out whether this installation can work",
		Long: `Check the settings, the vendor (connection, clock, credentials, one request of
each action, retention of the plan) and ClickHouse (connection, version, rights,
disk, schema, age of the last success). Each check prints one line, and what to try
if it fails.

Exit codes: 0 the installation can work; 1 a check fails; 2 the settings are wrong.`,
		Example: `  callvault doctor
  callvault doctor --json`,
		Annotations: changes("nothing"),
		RunE:        func(cmd *cobra.Command, args []string) error { return c.doctor(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func (c *cli) doctor(ctx context.Context, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	show := func(f doctor.Finding) { c.screen().Finding(f) }
	if asJSON {
		show = func(doctor.Finding) {}
	}
	findings := doctor.Examine(ctx, cfg, c.server(cfg), show)
	if asJSON {
		if err := c.screen().JSON(findings); err != nil {
			return err
		}
	}
	failing := slices.DeleteFunc(slices.Clone(findings), func(f doctor.Finding) bool { return f.Verdict != doctor.Fail })
	if n := len(failing); n > 0 {
		return fmt.Errorf("%d of %d checks fail; see what to try above", n, len(findings))
	}
	return nil
}
