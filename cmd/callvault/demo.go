package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/demo"
)

func (c *cli) demoCmd() *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show everything at once, with nothing configured",
		Long: `Start a simulated vendor and the embedded ClickHouse, archive the vendor's calls
of the last 14 days in one pass, and print a report with a few queries. The data
is made up. All else is the same as callvault archive with a real account.

The demo keeps its data apart from the archive and makes it anew each time.`,
		Example: `  callvault demo
  callvault demo --keep      leave ClickHouse up, with its query page and the console`,
		Annotations: changes("the demo's own data; nothing of the archive"),
		RunE:        func(cmd *cobra.Command, args []string) error { return c.demo(cmd.Context(), keep) },
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave ClickHouse up (native, HTTP and its query page), and the console, until interrupted")
	return cmd
}

func (c *cli) demo(ctx context.Context, keep bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	lib, err := c.server(cfg).Library(ctx)
	if err != nil {
		return err
	}
	srv, err := demo.Start(ctx, cfg, lib)
	if err != nil {
		return err
	}
	defer connect.Stop(ctx, srv)
	sum, err := demo.Archive(ctx, cfg, srv, c.screen(), version)
	if err != nil {
		return err
	}
	if keep {
		fmt.Fprintln(c.stdout)
		howToConnect(c.stdout, srv)
		url, stop, err := c.beside(ctx, cfg, srv.DSN())
		if err != nil {
			return err
		}
		defer stop()
		fmt.Fprintf(c.stdout, "The page of each call:\n  console %s\n", url)
		fmt.Fprintln(c.stdout, "Ctrl-C stops it.")
		if err := waitFor(ctx, srv); err != nil {
			return err
		}
	}
	return sum.Err()
}
