package main

import (
	"cmp"
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/runs"
)

// backing holds the flags of a backup.
type backing struct {
	to     string
	full   bool
	fresh  string
	wait   string
	verify bool
	policy string
}

// flags adds the flags.
func (b *backing) flags(f *pflag.FlagSet) {
	b.place(f)
	f.BoolVar(&b.full, "full", false, "make a full backup in any case")
	f.StringVar(&b.fresh, "full-every", "7d", "make a full backup when the last full one is as old as this `duration`, otherwise an incremental one")
	f.StringVar(&b.wait, "wait", "0s", "wait up to this `duration` for a running pass to end")
	f.BoolVar(&b.verify, "verify", false, "then restore the backup beside the archive, compare both, and drop the copy")
}

func (b *backing) place(f *pflag.FlagSet) {
	f.StringVar(&b.to, "to", "", "`folder` or s3://bucket/folder that holds the backups (default $CALLVAULT_BACKUP_TO)")
}

// restoring adds the flags of the commands that restore.
func (b *backing) restoring(f *pflag.FlagSet) {
	f.StringVar(&b.policy, "storage-policy", "", "storage `policy` for the tables, such as default (default the one that each table had)")
}

func (c *cli) backupCmd() *cobra.Command {
	var b backing
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Back up the archive to a folder or to object storage",
		Long: `Back up the archive with ClickHouse's own BACKUP. An incremental backup holds what is
new since the last full one. The backup is a full one if there is none yet, or if the
last full one is older than --full-every. It holds the archive as it was at one
moment: passes wait for some seconds while it begins, not until it ends.

The destination is a folder that ClickHouse sees under the same path, or a folder of
S3-compatible storage. For storage, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY;
without them ClickHouse uses credentials of its own. All servers of a cluster take part,
and see the same folder. A backup is complete when its note, a .json file beside it,
exists. Nothing uses the rest of a killed backup.

CALLVAULT_BACKUP_KEEP says how many full backups a folder keeps, with the incremental
ones that need them. If it is not set, all are kept.

Exit codes: 0 done; 3 with --verify: the backup differs from the archive (the
differences are named); 4 a pass or another backup is running.`,
		Example: `  callvault backup --to /mnt/backups
  callvault backup --to s3://bucket/callvault --full --verify
  callvault backup list
  callvault backup verify 2026-11-25T02-00-00Z-full`,
		Annotations: changes("files in the place of backups, and the archive's history of runs; with --verify databases trtc_verify_…, for a while"),
		RunE:        func(cmd *cobra.Command, args []string) error { return c.backup(cmd.Context(), b, asJSON) },
	}
	b.flags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the note as JSON")
	cmd.AddCommand(c.backupListCmd(), c.backupVerifyCmd())
	return cmd
}

// run reads the flags and the settings of backups.
func (b *backing) run(cfg *config.Config) (r *backup.Run, err error) {
	r = &backup.Run{
		To: b.whereIn(cfg), Keys: s3Keys(cfg), Verify: b.verify, Keep: cfg.BackupKeep, Private: cfg.DSN == "",
		Apps: archive.AppsOf(cfg.Accounts), Lease: time.Duration(cfg.Lease), Traces: runs.Traces{On: cfg.Traces.On(), Headers: cfg.Traces.Sent()},
	}
	if r.Fresh, err = config.ParseDuration(b.fresh); err != nil || r.Fresh <= 0 {
		return r, usagef("--full-every %q is not a duration; use 7d", b.fresh)
	}
	if r.Wait, err = config.ParseDuration(b.wait); err != nil || r.Wait < 0 {
		return r, usagef("--wait %q is not a duration; use 1h", b.wait)
	}
	if b.full {
		r.Fresh = 0
	}
	return r, nil
}

// s3Keys returns the keys of object storage from the settings.
func s3Keys(cfg *config.Config) export.Keys {
	return export.Keys{ID: cfg.S3KeyID, Secret: cfg.S3Secret.Reveal(), Token: cfg.S3Token.Reveal()}
}

// open opens the place that the flag names, or the setting where the flag is not given.
func (b *backing) open(cfg *config.Config, conn driver.Conn) (backup.Place, error) {
	p, err := backup.Open(conn, b.whereIn(cfg), s3Keys(cfg))
	if err != nil {
		return nil, usageError{err}
	}
	return p, nil
}

func (b *backing) whereIn(cfg *config.Config) string { return cmp.Or(b.to, cfg.BackupTo) }

// check returns an error if no place is named.
func (b *backing) check(cfg *config.Config) error {
	if b.whereIn(cfg) == "" {
		return config.Error{Setting: "CALLVAULT_BACKUP_TO", Problem: "is not set", Try: "give a folder or s3://bucket/folder, or --to"}
	}
	if cfg.Cluster != "" && b.policy != "" {
		return usagef("--storage-policy is for one server; on a cluster the tables have the policy that new tables get there")
	}
	_, err := b.open(cfg, nil)
	return err
}

func (c *cli) backup(ctx context.Context, b backing, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if err := b.check(cfg); err != nil {
		return err
	}
	r, err := b.run(cfg)
	if err != nil {
		return err
	}
	store, done, err := c.openToRead(ctx, cfg, reading{})
	if err != nil {
		return err
	}
	defer done()
	watch := c.screen().Bytes()
	r.Store, r.Origin, r.Progress = store, c.origin(), watch.At
	err = r.Do(ctx)
	watch.Close()
	c.screen().Backup(r, asJSON, err)
	c.tell(ctx, cfg, store, r.Past)
	return err
}
