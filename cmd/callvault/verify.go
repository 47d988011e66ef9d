package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/demo"
	"github.com/callvault/callvault/verify"
)

// verifyFlags holds the flags of callvault verify.
type verifyFlags struct {
	narrow
	verify.Options
	json bool
}

// flags adds the flags.
func (v *verifyFlags) flags(f *pflag.FlagSet) {
	v.narrow.flags(f)
	f.IntVar(&v.Sample, "sample", 20, "compare this `number` of calls row by row")
	f.Uint64Var(&v.Seed, "seed", 0, "choose the sample by this `number` (default a random one, which is printed)")
	f.BoolVar(&v.All, "all", false, "compare all calls row by row")
	f.BoolVar(&v.Repair, "repair", false, "fetch again what differs, and verify it again")
	f.BoolVar(&v.Strict, "strict", false, "exit with code 3 on any difference of daily counts")
}

// check draws a seed unless one is given, and returns an error for flags that exclude each other.
func (v *verifyFlags) check(f *pflag.FlagSet) error {
	if !f.Changed("seed") {
		v.Seed = rand.Uint64N(1e9)
	}
	if v.Sample < 0 {
		return usagef("--sample %d is negative; use 0 for the lists alone, or --all", v.Sample)
	}
	if v.All && f.Changed("sample") {
		return usagef("--all and --sample exclude each other")
	}
	return nil
}

func (c *cli) verifyCmd() *cobra.Command {
	var v verifyFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare the archive with the vendor",
		Long: `Ask the vendor again and compare its answers with the archive, by count and checksum.
The lists of calls of all days in the window, the hours of unusual events and the
daily scale are compared in full; sessions, samples and events for a sample of calls,
or with --all for all. A provisional call is compared as far as it is settled. The
vendor's daily counts are compared with the archive's own rows, too. They are
approximate: a small difference (rooms 1 or 0.5 %, entries 2 or 1 %, users 2 or 2 %)
is a warning, a greater one is a difference.

The command asks in another way than a pass: in other windows, with other page sizes,
and for users by name as well. It also names what the ledger knows to be missing:
calls with parts set aside, and days that could not be listed in full.

It shares the quota of callvault archive. With --repair it fetches what differs again,
replaces the archive's rows, and verifies them again. Calls that the vendor does not
list stay in the archive.

With --demo it verifies the archive of callvault demo. It starts the demo's simulated
vendor again, in the state in which the demo ended.

The JSON has for each application (apps, and after_repair): calls_listed,
calls_compared, hours_compared, days_compared, waiting, expired, rows_compared,
differences (kind, key, room_id, relation, vendor_rows, archive_rows, what,
mendable) and unverified; and for all: seed, requests, scale_days, scale_warnings
(sdk_app_id, day_start, vendor, archive, beyond_noise, in_reach), lacking
(sdk_app_id, kind, key, missing, reason, waits), repair and equal.

Exit codes: 0 equal (with --repair: now); 3 there are differences, something could
not be verified, or the archive knows that it is not whole; 4 --repair while
another pass is running.`,
		Example: `  callvault verify
  callvault verify --sample 100 --from 2d
  callvault verify --all --repair
  callvault verify --demo               the demo's archive against its vendor`,
		Annotations: changes("the archive's history of runs; with --repair the rows that differ"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := v.check(cmd.Flags()); err != nil {
				return err
			}
			if v.Demo {
				return c.verifyDemo(cmd.Context(), v)
			}
			return c.verify(cmd.Context(), v)
		},
	}
	v.flags(cmd.Flags())
	cmd.Flags().BoolVar(&v.json, "json", false, "print the result as JSON")
	cmd.Flags().BoolVar(&v.Demo, "demo", false, "compare the data of callvault demo with its simulated vendor")
	return cmd
}

func (c *cli) verify(ctx context.Context, f verifyFlags) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	return c.verifyWith(ctx, cfg, f, c.now)
}

// verifyDemo verifies the demo's archive, by the clock of its vendor.
func (c *cli) verifyDemo(ctx context.Context, f verifyFlags) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	vendor, err := demo.ReadVendor(cfg)
	if err != nil {
		return err
	}
	sim, err := vendor.Start(ctx)
	if err != nil {
		return err
	}
	defer sim.Close()
	return c.verifyWith(ctx, demo.WithVendor(cfg, sim), f, vendor.Now)
}

func (c *cli) verifyWith(ctx context.Context, cfg *config.Config, f verifyFlags, now func() time.Time) error {
	scope, err := f.narrow.scope(cfg, now())
	if err != nil {
		return err
	}
	j, err := archive.New(archive.OptionsOf(cfg), scope, c.origin())
	if err != nil {
		return err
	}
	j.Now, j.Attempts = now, c.attempts
	if err := j.Connect(ctx); err != nil {
		return err
	}
	store, done, err := c.openToRead(ctx, cfg, reading{command: "verify", demo: f.Demo})
	if err != nil {
		return err
	}
	defer done()
	if err := connect.Migrated(ctx, store); errors.Is(err, connect.ErrNoArchive) {
		return connect.NoArchive("verify")
	} else if err != nil {
		return err
	}
	watch := c.screen().Watch()
	v := &verify.Run{Job: j, Store: store, Options: f.Options, Progress: watch}
	err = v.Do(ctx)
	watch.Close()
	if err == nil || errors.Is(err, verify.ErrDifferent) || errors.Is(err, archive.ErrPartial) {
		c.screen().Verification(&v.Report, f.json)
	}
	if !f.Demo {
		c.tell(ctx, cfg, store, v.Past)
	}
	return err
}
