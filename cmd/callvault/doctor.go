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
		Long: `Look at settings, the vendor (reach, clock, credentials, each action asked once,
retention of the plan) and ClickHouse (reach, version, rights, disk, schema, age
of the last success). Each finding is a line, with what to do where something is
wrong.

Exit codes: 0 it can work; 1 something fails; 2 the settings are wrong.`,
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
