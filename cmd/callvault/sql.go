package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/load"
)

func (c *cli) sqlCmd() *cobra.Command {
	var format string
	var demo bool
	cmd := &cobra.Command{
		Use:   "sql QUERY",
		Short: "Run a query against the archive and print the result",
		Long: `Run a query against the configured ClickHouse and print the result.

Formats: ` + strings.Join(formatNames(), ", ") + `. The query may also come from
standard input, with - in its place. Several are separated by ";" at the end of
a line.`,
		Example: `  callvault sql "SELECT * FROM rooms ORDER BY created_at DESC LIMIT 10"
  callvault sql --format csv "SELECT metric, count() FROM quality_samples GROUP BY metric" > metrics.csv
  callvault sql --demo "SHOW TABLES"    the demo's data`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("sql takes one query, in quotes; try callvault sql --help")
			}
			return c.sql(cmd.Context(), args[0], format, demo)
		},
		Args: cobra.ArbitraryArgs,
	}
	cmd.Flags().StringVarP(&format, "format", "f", "table", "how to print the result: "+strings.Join(formatNames(), ", "))
	cmd.Flags().BoolVar(&demo, "demo", false, "query what callvault demo has archived")
	return cmd
}

func (c *cli) sql(ctx context.Context, query, format string, demo bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	write, err := formatter(format)
	if err != nil {
		return err
	}
	if query == "-" {
		b, err := io.ReadAll(os.Stdin)
		if err != nil {
			return fmt.Errorf("read query: %w", err)
		}
		query = string(b)
	}
	store, done, err := c.openToRead(ctx, cfg, demo)
	if err != nil {
		return err
	}
	defer done()
	for _, q := range queries(query) {
		if err := printQuery(ctx, store, q, write, c.stdout); err != nil {
			return err
		}
	}
	return nil
}

// errNoArchive says what to do where nothing has been archived.
var errNoArchive = errors.New("nothing is archived yet; run callvault archive, or set CLICKHOUSE_DSN (the demo's data: callvault sql --demo)")

// openToRead opens the archive or, when asked to, the demo's.
func (c *cli) openToRead(ctx context.Context, cfg *config.Config, demo bool) (*load.Store, func(), error) {
	_, err := os.Stat(demoDir(cfg))
	switch {
	case demo && err != nil:
		return nil, nil, errors.New("there is no demo to query; run callvault demo first")
	case demo:
		return c.openEmbedded(ctx, cfg, embedded.Options{Path: demoDir(cfg), OpenAnalyst: true})
	case noArchive(cfg):
		return nil, nil, errNoArchive
	}
	return c.openArchive(ctx, cfg)
}
