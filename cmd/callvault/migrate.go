package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
)

func (c *cli) migrateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up or down, or show its version",
		Long: `Bring the schema of the configured ClickHouse to this program's version.
callvault archive and callvault serve do so themselves.

A version that was begun and not finished is "dirty". migrate up applies it again;
every statement can be repeated.`,
		Example: `  callvault migrate up
  callvault migrate status
  callvault migrate down --yes       the data of that version's tables is lost`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return usagef("migrate needs up, down, status or force; try callvault migrate --help")
		},
	}
	cmd.AddCommand(
		&cobra.Command{Use: "up", Short: "Apply the pending versions", Annotations: changes("the schema; it creates the databases"), RunE: func(cmd *cobra.Command, _ []string) error {
			return c.migrateStore(cmd.Context(), store.Create, c.migrateUp)
		}},
		c.migrateDownCmd(),
		&cobra.Command{Use: "status", Short: "Show which versions are applied", Annotations: changes("nothing"), RunE: func(cmd *cobra.Command, _ []string) error {
			return c.migrate(cmd.Context(), store.Refuse, c.migrateStatus)
		}},
		&cobra.Command{Use: "force VERSION", Short: "Mark a version as applied, without running its statements", Args: cobra.ExactArgs(1), Annotations: changes("the recorded version of the schema; no data"),
			RunE: func(cmd *cobra.Command, args []string) error {
				v, err := strconv.Atoi(args[0])
				if err != nil {
					return usagef("migrate force: %q is not a version", args[0])
				}
				return c.migrate(cmd.Context(), store.Refuse, func(ctx context.Context, s *schema.Schema) error { return s.Force(ctx, v) })
			}},
	)
	return cmd
}

// migrateDownCmd takes back one version, or as many as its argument says.
func (c *cli) migrateDownCmd() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "down [STEPS]", Short: "Take back the last version, or several, and lose the data in their tables", Args: cobra.MaximumNArgs(1),
		Annotations: changes("the schema; it drops tables"),
		RunE: func(cmd *cobra.Command, args []string) error {
			steps := 1
			if len(args) > 0 {
				n, err := strconv.Atoi(args[0])
				if err != nil || n < 1 {
					return usagef("migrate down: %q is not a number of versions", args[0])
				}
				steps = n
			}
			return c.migrate(cmd.Context(), store.Refuse, func(ctx context.Context, s *schema.Schema) error {
				return c.migrateDown(ctx, s, steps, yes)
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "lose the data in the tables of these versions")
	return cmd
}

// migrateDown takes versions back and names the tables whose rows are lost. Without yes
// it takes nothing back if rows would be lost.
func (c *cli) migrateDown(ctx context.Context, s *schema.Schema, steps int, yes bool) error {
	before, err := s.Status(ctx)
	if err != nil {
		return err
	}
	tables, err := s.Loses(before.Current, before.Current-steps)
	if err != nil {
		return err
	}
	if len(tables) > 0 && !yes {
		return usagef("migrate down: the rows of %s are lost; add --yes if that is meant", strings.Join(tables, ", "))
	}
	n, err := s.Down(ctx, steps)
	if n > 0 {
		tables, lerr := s.Loses(before.Current, before.Current-n)
		if lerr != nil {
			return errors.Join(err, lerr)
		}
		lost := "no table"
		if len(tables) > 0 {
			lost = strings.Join(tables, ", ")
		}
		fmt.Fprintf(c.stdout, "took back %s; lost: %s\n", words.Plural(n, "version"), lost)
	}
	return err
}

func (c *cli) migrate(ctx context.Context, m store.Missing, do func(context.Context, *schema.Schema) error) error {
	return c.migrateStore(ctx, m, func(ctx context.Context, s *schema.Schema, _ *store.Store, _ *config.Config) error { return do(ctx, s) })
}

func (c *cli) migrateStore(ctx context.Context, m store.Missing, do func(context.Context, *schema.Schema, *store.Store, *config.Config) error) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	store, done, err := c.openForSchema(ctx, cfg, m)
	if err != nil {
		return err
	}
	defer done()
	s, err := connect.Schema(store)
	if err != nil {
		return err
	}
	return do(ctx, s, store, cfg)
}

// openForSchema opens the archive, and creates it only for commands that may do so.
func (c *cli) openForSchema(ctx context.Context, cfg *config.Config, m store.Missing) (*store.Store, func(), error) {
	if m == store.Create {
		return c.open(ctx, cfg)
	}
	return c.openToRead(ctx, cfg, reading{options: store.Options{Missing: m}})
}

func (c *cli) migrateUp(ctx context.Context, s *schema.Schema, store *store.Store, cfg *config.Config) error {
	n, err := s.Up(ctx)
	if err != nil {
		return err
	}
	if err := archive.Tier(ctx, store, archive.OptionsOf(cfg).Tiering); err != nil {
		return err
	}
	st, err := s.Status(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "schema version %d, %d applied now\n", st.Current, n)
	return nil
}

func (c *cli) migrateStatus(ctx context.Context, s *schema.Schema) error {
	st, err := s.Status(ctx)
	if err != nil {
		return err
	}
	for _, v := range st.Versions {
		state := "pending"
		switch {
		case v.Applied:
			state = "applied"
		case int(v.Number) == st.Current && st.Dirty:
			state = "dirty: begun and not finished; run callvault migrate up"
		}
		fmt.Fprintf(c.stdout, "%-24s %s\n", v.Name, state)
	}
	if err := st.Known(); err != nil {
		fmt.Fprintln(c.stdout, err)
	}
	return nil
}
