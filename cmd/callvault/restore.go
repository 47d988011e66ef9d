package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/load/lease"
)

func (c *cli) restoreCmd() *cobra.Command {
	var b backing
	var database string
	cmd := &cobra.Command{
		Use:   "restore [NAME]",
		Short: "Bring the archive back from a backup",
		Long: `Fill the empty database from a backup, the latest one if none is named, and bring
its schema to this program's version. The next pass goes on from there and fetches
what came since, as far as the vendor still has it.

A database that is not empty is left alone: drop it first, or restore beside it with
--database. After a restore was killed, run the same command again: it begins anew,
and until it ends nothing is archived into that database. Stop callvault serve
first; otherwise it begins a new archive in the empty database.

From the next pass on, the settings decide again what is too old (CALLVAULT_KEEP) and
what moves to cold storage (CALLVAULT_COLD_AFTER). If the server lacks the storage
policy that the tables had, give --storage-policy.

Exit codes: 0 done; 1 failed; 4 another restore is running.`,
		Example: `  callvault restore
  callvault restore 2026-11-25T02-00-00Z-full --from s3://bucket/callvault
  callvault restore --database trtc_yesterday
  callvault restore --storage-policy default`,
		Annotations: changes("the database, which must be empty: it creates and fills it"),
		Args:        cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withBackup(cmd.Context(), b, database, args, func(ctx context.Context, x opened) error {
				return c.restore(ctx, x, b.policy)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&b.to, "from", "", "`folder` or s3://bucket/folder that holds the backups (default $CALLVAULT_BACKUP_TO)")
	f.StringVar(&database, "database", "", "restore into this `database` (default the one that CLICKHOUSE_DSN names)")
	b.restoring(f)
	return cmd
}

func (c *cli) restore(ctx context.Context, x opened, policy string) error {
	watch := c.screen().Bytes()
	err := backup.Restore(ctx, x.store.Conn(), x.place, x.note, backup.TargetOf(x.store, policy), watch.At, func(ctx context.Context) error { return backup.Complete(ctx, x.store) })
	watch.Close()
	if errors.Is(err, backup.ErrRestoring) {
		return fmt.Errorf("%w: %w", lease.ErrHeld, err)
	}
	if err != nil {
		return err
	}
	if !c.quiet {
		fmt.Fprintf(c.stdout, "%s is in database %s, as of %s; callvault archive fetches what came since\n", x.note.Name, x.store.Database(), ui.Moment(x.note.Taken, time.Now()))
	}
	return nil
}
