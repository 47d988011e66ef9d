package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/grants"
	"github.com/callvault/callvault/load/schema"
)

func (c *cli) grantsCmd() *cobra.Command {
	var o grants.Options
	var apps []string
	cmd := &cobra.Command{
		Use:   "grants ROLE",
		Short: "Print the SQL that gives a user of ClickHouse the rights of a role, and no more",
		Long: `Print GRANT statements for an administrator of ClickHouse to run. The user must exist
(CREATE USER). Statements may be run again. The roles:

  archiver   all commands of callvault
  analyst    reads all relations
  masked     reads all relations without personal columns: user ids, addresses, and
             texts that name users. SELECT * is refused, because it asks for them;
             SELECT * EXCEPT (user_id, …) is not
  dashboard  reads the relations that callvault's dashboards read
  backup     makes backups; to restore, be the archiver

With --app a reader sees the rows of these applications only, by row policies of
ClickHouse. masked needs the archive, because its columns are those of the archive; run
it again after an upgrade.`,
		Example: `  callvault grants archiver --user callvault
  callvault grants masked --user bi_tool
  callvault grants analyst --user team_a --app 1400353843`,
		Annotations: changes("nothing; it prints statements"),
		Args:        cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.Apps, err = appIDs(apps); err != nil {
				return err
			}
			return c.grants(cmd.Context(), grants.Role(args[0]), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.User, "user", "", "`name` of the user of ClickHouse")
	f.StringVar(&o.Database, "database", "", "`database` of the relations (default the one that CLICKHOUSE_DSN names)")
	f.StringSliceVar(&apps, "app", nil, "only the rows of these SDKAppIDs (repeatable)")
	_ = cmd.MarkFlagRequired("user") // it is there
	return cmd
}

func (c *cli) grants(ctx context.Context, r grants.Role, o grants.Options) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	o.Database, o.Cluster = cmp.Or(o.Database, configuredDatabase(cfg)), cfg.Cluster
	if r == grants.Masked {
		if o.Columns, err = c.columns(ctx, cfg, o.Database); err != nil {
			return err
		}
	}
	all, err := grants.Statements(r, o)
	if err != nil {
		return usageError{err}
	}
	for _, statement := range all {
		fmt.Fprintln(c.stdout, statement+";")
	}
	return nil
}

// columns reads the columns of the relations.
func (c *cli) columns(ctx context.Context, cfg *config.Config, database string) (map[string][]string, error) {
	s, done, err := c.openToRead(ctx, cfg, reading{})
	if err != nil {
		return nil, err
	}
	defer done()
	if err := connect.Migrated(ctx, s); err != nil {
		return nil, err
	}
	return schema.ColumnsOf(ctx, s.Conn(), database)
}
