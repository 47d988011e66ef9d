package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/spf13/cobra"

	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/store"
)

func (c *cli) backupListCmd() *cobra.Command {
	var b backing
	var asJSON bool
	cmd := &cobra.Command{
		Use:         "list",
		Short:       "List the backups that are complete",
		Annotations: changes("nothing"),
		Example: `  callvault backup list
  callvault backup list --to s3://bucket/callvault --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.backupList(cmd.Context(), b, asJSON)
		},
	}
	b.place(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// backupList needs ClickHouse only if the place is object storage: ClickHouse reads it.
func (c *cli) backupList(ctx context.Context, b backing, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if err := b.check(cfg); err != nil {
		return err
	}
	var conn driver.Conn
	if export.IsS3(b.whereIn(cfg)) {
		store, done, err := c.openToRead(ctx, cfg, reading{options: store.Options{Missing: store.Ignore}})
		if err != nil {
			return err
		}
		defer done()
		conn = store.Conn()
	}
	p, err := b.open(cfg, conn)
	if err != nil {
		return err
	}
	notes, err := backup.List(ctx, p)
	if err != nil {
		return err
	}
	return c.screen().Backups(notes, asJSON)
}

func (c *cli) backupVerifyCmd() *cobra.Command {
	var b backing
	cmd := &cobra.Command{
		Use:   "verify [NAME]",
		Short: "Restore a backup beside the archive, compare both, and drop the copy",
		Long: `Restore a backup into a database of its own, the latest backup if none is named.
Compare rows and checksums of each table and relation with those that the archive
had when the backup was made. Drop that database again. While it runs it needs disk
space for a second archive; the first archive need not exist.

Exit codes: 0 the backup is equal; 3 it differs (the differences are named);
4 another backup is running.`,
		Example: `  callvault backup verify
  callvault backup verify 2026-11-25T02-00-00Z-full --to /mnt/backups`,
		Annotations: changes("databases trtc_verify_…, for a while; in the archive nothing"),
		Args:        cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withBackup(cmd.Context(), b, "", args, func(ctx context.Context, x opened) error {
				return c.oneVerification(ctx, x, func(ctx context.Context) error { return c.verifyBackup(ctx, x, b.policy) })
			})
		},
	}
	b.place(cmd.Flags())
	b.restoring(cmd.Flags())
	return cmd
}

// opened is a backup, the place that it is in, and the archive beside it.
type opened struct {
	cfg   *config.Config
	store *store.Store
	place backup.Place
	note  backup.Note
}

// withBackup calls do with the backup that args name, or with the latest one: args has one
// name at most. A database that is not "" replaces the one of the settings.
func (c *cli) withBackup(ctx context.Context, b backing, database string, args []string, do func(context.Context, opened) error) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if err := b.check(cfg); err != nil {
		return err
	}
	server := c.server(cfg)
	server.Database, server.Options.Missing = database, store.Ignore // neither database need exist
	store, done, err := c.await(ctx, cfg, server)
	if err != nil {
		return err
	}
	defer done()
	p, err := b.open(cfg, store.Conn())
	if err != nil {
		return err
	}
	notes, err := backup.List(ctx, p)
	if err != nil {
		return err
	}
	n, err := backup.Find(notes, strings.Join(args, ""))
	if err != nil {
		return fmt.Errorf("%w in %s", err, p)
	}
	return do(ctx, opened{cfg, store, p, n})
}

// oneVerification excludes other backups with a lease, if there is an archive to hold it.
func (c *cli) oneVerification(ctx context.Context, x opened, do func(context.Context) error) error {
	if connect.Migrated(ctx, x.store) != nil {
		return do(ctx)
	}
	return backup.OneBackup(ctx, x.store, time.Duration(x.cfg.Lease), do)
}

func (c *cli) verifyBackup(ctx context.Context, x opened, policy string) error {
	watch := c.screen().Bytes()
	diffs, err := backup.Verify(ctx, x.store.Conn(), x.place, &x.note, backup.TargetOf(x.store, policy), watch.At)
	watch.Close()
	if err != nil {
		return err
	}
	for _, d := range diffs {
		fmt.Fprintln(c.stderr, "callvault: differs: "+d.String())
	}
	if len(diffs) > 0 {
		return fmt.Errorf("%w: %s: %s, named above; make a full backup", backup.ErrDiffers, x.note.Name, words.Plural(len(diffs), "difference"))
	}
	if !c.quiet {
		fmt.Fprintf(c.stdout, "%s holds what the archive held: %s and relations compared\n", x.note.Name, words.Plural(len(x.note.Content), "table"))
	}
	return nil
}
