package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/demo"
	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/internal/query"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
)

// sqlFlags holds the flags of callvault sql.
type sqlFlags struct {
	format string
	demo   bool
	write  bool
}

func (c *cli) sqlCmd() *cobra.Command {
	var f sqlFlags
	cmd := &cobra.Command{
		Use:   "sql QUERY",
		Short: "Run a query against the archive and print the result",
		Long: `Run a query against the configured ClickHouse and print the result. With - as the
query, the command reads it from standard input. Separate several queries by ";"; SET
and USE hold for the queries after them.

A query can only read: ClickHouse refuses everything else, and SETTINGS cannot change
that. With --write a query may change anything, the archive's own tables included.

Formats: ` + strings.Join(query.FormatNames(), ", ") + `. All are written row by row, in little
memory. The columns of a table are as wide as its first ` + fmt.Sprint(query.TableRows) + ` rows need; a longer
cell further down makes its own row longer. In a terminal that is too narrow, a
table has one value a line, as vertical has.

A FORMAT clause in the query goes before --format: ClickHouse itself writes that
format, whichever of its own it is, over its HTTP interface (see
CALLVAULT_CLICKHOUSE_HTTP).`,
		Example: `  callvault sql "SELECT * FROM rooms ORDER BY created_at DESC LIMIT 10"
  callvault sql "SELECT * FROM user_sessions WHERE user_id = '1716'"    ids are strings
  callvault sql --format csv "SELECT metric, count() FROM quality_samples GROUP BY metric" > metrics.csv
  callvault sql "SELECT * FROM calls FORMAT JSON" > calls.json
  callvault sql "SELECT * FROM calls" | less -S    a wide table
  callvault sql - < report.sql
  callvault sql --demo "SHOW TABLES"    the demo's data
  callvault sql --write "CREATE TABLE staff (user_id String) ENGINE = MergeTree ORDER BY user_id"`,
		Annotations: changes("nothing; with --write whatever the query says"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("sql takes one query, in quotes; try callvault sql --help")
			}
			return c.sql(cmd.Context(), args[0], f)
		},
		Args: cobra.ArbitraryArgs,
	}
	cmd.Flags().StringVarP(&f.format, "format", "f", "table", "how to print the result: "+strings.Join(query.FormatNames(), ", "))
	cmd.Flags().BoolVar(&f.demo, "demo", false, "query the data of callvault demo")
	cmd.Flags().BoolVar(&f.write, "write", false, "let the query change the archive")
	return cmd
}

func (c *cli) sql(ctx context.Context, text string, f sqlFlags) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	format, err := query.FindFormat(f.format)
	if err != nil {
		return usagef("--%v", err)
	}
	if text == "-" {
		b, err := io.ReadAll(os.Stdin)
		if err != nil {
			return fmt.Errorf("read query: %w", err)
		}
		text = string(b)
	}
	o := store.Options{ReadOnly: !f.write, MaxConns: 1} // one connection, for SET and USE
	store, done, err := c.openToRead(ctx, cfg, reading{command: "sql", demo: f.demo, options: o})
	if err != nil {
		return err
	}
	defer done()
	q := &query.Session{Conn: store.Conn(), Server: store.ClickHouse(), Format: format, To: c.screen().Sheet(), HTTP: cfg.HTTP, Write: f.write}
	for _, s := range sqltext.Statements(text) {
		if err := q.Run(ctx, s); err != nil {
			return err
		}
	}
	if f.write && strings.Contains(text, "quality_thresholds") {
		_, err = upkeep.Judge(ctx, store)
	}
	return err
}

// reading says how a command reads an archive.
type reading struct {
	command string // named in the error if the demo has no data; "" for a command without --demo
	demo    bool
	options store.Options
}

// openToRead opens the archive, or with --demo the demo's.
func (c *cli) openToRead(ctx context.Context, cfg *config.Config, r reading) (*store.Store, func(), error) {
	server := c.server(cfg)
	r.options.Cluster = server.Options.Cluster
	server.Options = r.options
	switch {
	case r.demo && !demo.Exists(cfg):
		return nil, nil, demo.None(r.command)
	case r.demo:
		server.DSN, server.Options.Cluster, server.Embedded = "", "", embedded.Options{Path: demo.Dir(cfg)}
	case server.Empty():
		return nil, nil, connect.NoArchive(r.command)
	}
	return c.await(ctx, cfg, server)
}
