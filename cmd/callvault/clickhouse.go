package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/embedded"
)

func (c *cli) clickhouseCmd() *cobra.Command {
	o := embedded.Options{}
	cmd := &cobra.Command{
		Use:   "clickhouse",
		Short: "Run the embedded ClickHouse in the foreground",
		Long: `Run the embedded ClickHouse in the foreground until it is interrupted. It listens
on this machine only. Port 0 means any free port; the command prints the ports.`,
		Example: `  callvault clickhouse
  callvault clickhouse --path ./data --tcp-port 9000 --http-port 8123`,
		Annotations: changes("the data directory, which it makes; clients may change its tables"),
		RunE:        func(cmd *cobra.Command, args []string) error { return c.clickhouse(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.Path, "path", "", "data `directory` (default the archive's)")
	cmd.Flags().IntVar(&o.TCPPort, "tcp-port", 0, "`port` of the native protocol")
	cmd.Flags().IntVar(&o.HTTPPort, "http-port", 0, "`port` of HTTP")
	return cmd
}

func (c *cli) clickhouse(ctx context.Context, o embedded.Options) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if o.Path == "" {
		o.Path = c.server(cfg).Embedded.Path
	}
	if o.Library, err = c.server(cfg).Library(ctx); err != nil {
		return err
	}
	srv, err := embedded.Start(ctx, o)
	if err != nil {
		return err
	}
	howToConnect(c.stdout, srv)
	fmt.Fprintln(c.stdout, "Ctrl-C stops it.")
	return waitFor(ctx, srv)
}

// waitFor waits until the context ends or the engine ends by itself.
func waitFor(ctx context.Context, srv *embedded.Server) error {
	select {
	case <-ctx.Done():
	case <-srv.Done():
		if err := srv.Err(); err != nil {
			return fmt.Errorf("the embedded ClickHouse ended: %w", err)
		}
		return nil
	}
	return connect.Stop(ctx, srv)
}

// howToConnect prints the addresses of an engine.
func howToConnect(w io.Writer, srv *embedded.Server) {
	fmt.Fprintf(w, "ClickHouse is up:\n  native  %s\n  HTTP    %s\n  browser %s\n", srv.DSN(), srv.HTTPURL(), srv.PlayURL())
}
