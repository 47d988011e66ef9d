package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/person"
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
and until it ends nothing is archived into that database. Whoever was erased since the
backup was made (callvault erase) is erased again before the restore ends. Stop callvault serve
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

// complete brings the schema of a restored archive up, and erases again who was erased since
// the backup was made: the list beside the backups knows, and the archive of the settings if
// the restore goes beside it.
func (c *cli) complete(ctx context.Context, x opened) error {
	if err := backup.Complete(ctx, x.store); err != nil {
		return err
	}
	others, err := erasedBeside(ctx, x)
	if err != nil {
		return err
	}
	fresh, err := backup.RecallErased(ctx, x.place, x.store, others)
	if err != nil || fresh == 0 {
		return err
	}
	_, err = person.EraseRemembered(ctx, person.Erasure{Store: x.store, RunID: "restore"})
	return err
}

// erasedBeside reads who was erased from the archive of the settings, if there is one.
func erasedBeside(ctx context.Context, x opened) ([]erased.Row, error) {
	database := configuredDatabase(x.cfg)
	if database == x.store.Database() {
		return nil, nil
	}
	var there uint8
	table := sqltext.Identifier(catalogue.StoreOf(database)) + "." + catalogue.Erased
	if err := x.store.Conn().QueryRow(ctx, "EXISTS TABLE "+table).Scan(&there); err != nil || there == 0 {
		return nil, err
	}
	return erased.Rows(ctx, x.store.Conn(), table)
}

// configuredDatabase is the database of the relations that the settings name.
func configuredDatabase(cfg *config.Config) string {
	if cfg.DSN == "" {
		return embedded.DefaultDatabase
	}
	u, err := url.Parse(cfg.DSN.Reveal())
	if err != nil { // whoever connects says so
		return ""
	}
	return cmp.Or(u.Query().Get("database"), strings.Trim(u.Path, "/"), "default")
}

func (c *cli) restore(ctx context.Context, x opened, policy string) error {
	watch := c.screen().Bytes()
	err := backup.Restore(ctx, x.store.Conn(), x.place, x.note, backup.TargetOf(x.store, policy), watch.At, func(ctx context.Context) error { return c.complete(ctx, x) })
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
