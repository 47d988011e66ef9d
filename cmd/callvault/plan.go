package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/load/store"
)

func (c *cli) planCmd() *cobra.Command {
	var n narrow
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what the next pass will ask, how long it takes and what expires first",
		Long: `List the calls in the retention window and estimate what it costs to archive those
that the archive does not hold: the requests of each action, the time they take at
the quota, and the calls that the vendor begins to drop before their turn. For the
estimate it asks for the sessions of at most 500 calls of each application, and for
some hours of unusual events.`,
		Annotations: changes("nothing"),
		Example: `  callvault plan
  callvault plan --app 1400353843 --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.plan(cmd.Context(), n, asJSON) },
	}
	n.flags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func (c *cli) plan(ctx context.Context, n narrow, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	scope, err := n.scope(cfg, time.Now())
	if err != nil {
		return err
	}
	job, err := archive.New(archive.OptionsOf(cfg), scope, c.origin())
	if err != nil {
		return err
	}
	if err := job.Connect(ctx); err != nil {
		return err
	}
	var known *store.Store // nil: nothing is archived yet
	if !c.server(cfg).Empty() {
		opened, done, err := c.openToRead(ctx, cfg, reading{})
		if err != nil {
			return err
		}
		defer done()
		known = opened
	}
	watch := c.screen().Watch()
	p, err := job.Plan(ctx, known, watch)
	watch.Close()
	if err != nil {
		return err
	}
	if asJSON {
		return c.screen().JSON(p)
	}
	c.screen().Plan(p)
	return nil
}
