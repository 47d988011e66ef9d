package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/load/store"
)

// exporting holds the flags of an export.
type exporting struct {
	relations []string
	from, to  string
	format    string
	again     bool
	demo      bool
	json      bool
}

func (c *cli) exportCmd() *cobra.Command {
	var x exporting
	cmd := &cobra.Command{
		Use:   "export DESTINATION",
		Short: "Write relations as Parquet or CSV files, one for each day",
		Long: `Write relations to a folder or to S3-compatible storage, one file for each UTC
day that has rows, in the folders of a data lake:

  quality_samples/utc_day=2026-11-20/quality_samples.parquet

Readers take a relation's folder as it is, with types, UTC and utc_day:

  pandas    pd.read_parquet("lake/calls")
  pyarrow   ds.dataset("lake/calls", partitioning="hive")
  polars    pl.scan_parquet("lake/calls", hive_partitioning=True)
  DuckDB    FROM read_parquet('lake/calls/*/*.parquet')
  Spark     spark.read.parquet("lake/calls")

CSV has no types: see docs/bi.md. One folder takes one format. The folder .callvault,
beside the relations' folders, records which files are written.

The files hold exactly what a SELECT of the relation shows. Run the command as often
as you like. It writes what is new or has changed since the last run (late data, a
repair, today), and goes on where a killed run stopped. A file appears only when it
is whole. Rows that expire in the archive stay in the files.

Files for a folder come over ClickHouse's HTTP interface, on the host of
CLICKHOUSE_DSN or at CALLVAULT_CLICKHOUSE_HTTP. ClickHouse itself writes to object
storage, with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Without
them it uses credentials of its own.

Relations: ` + exportable() + `.`,
		Example: `  callvault export ./lake
  callvault export ./csv --format csv --relation calls,call_users --from 2026-11-01 --to 2026-11-30
  callvault export s3://bucket/calls --relation quality_samples
  callvault export https://minio.example.com/bucket/calls --json
  callvault export ./lake --demo        the demo's data`,
		Annotations: changes("files in DESTINATION; in the archive nothing"),
		Args:        cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("export takes one destination, a folder or s3://bucket/folder; try callvault export --help")
			}
			return c.export(cmd.Context(), args[0], x)
		},
	}
	f := cmd.Flags()
	f.StringSliceVarP(&x.relations, "relation", "r", nil, "only this `relation` (repeatable)")
	f.StringVar(&x.from, "from", "", "the first UTC `day`: 2026-11-20, or an age such as 7d")
	f.StringVar(&x.to, "to", "", "the last UTC `day` (default today)")
	f.StringVarP(&x.format, "format", "f", "parquet", "parquet or csv")
	f.BoolVar(&x.again, "again", false, "also write what has not changed")
	f.BoolVar(&x.demo, "demo", false, "export the data of callvault demo")
	f.BoolVar(&x.json, "json", false, "print the report as JSON")
	return cmd
}

// exportable returns the names of the relations, wrapped into lines.
func exportable() string {
	var names []string
	for _, r := range export.Relations() {
		names = append(names, r.Name)
	}
	return text.WrapSoft(strings.Join(names, ", "), ui.Width-1)
}

// options checks the flags and returns them as options.
func (x exporting) options(now time.Time) (o export.Options, err error) {
	if o.Relations, err = export.Find(x.relations); err != nil {
		return o, usagef("--relation: %v", err)
	}
	for _, f := range export.Formats() {
		if f.Name == strings.ToLower(x.format) {
			o.Format = f
		}
	}
	if o.Format.Name == "" {
		return o, usagef("--format %q is unknown; use parquet or csv", x.format)
	}
	from, err := parseTime("--from", x.from, now)
	if err != nil {
		return o, err
	}
	to, err := parseTime("--to", x.to, now)
	if err != nil {
		return o, err
	}
	const day = 24 * time.Hour
	o.Again, o.Today = x.again, now.UTC().Truncate(day)
	o.From, o.To = time.Unix(0, 0).UTC(), o.Today.Add(day)
	if !from.IsZero() {
		o.From = from.Truncate(day)
	}
	if !to.IsZero() {
		o.To = to.Truncate(day).Add(day)
	}
	if !o.To.After(o.From) {
		return o, usagef("--to %s is before --from %s", x.to, x.from)
	}
	return o, nil
}

func (c *cli) export(ctx context.Context, place string, x exporting) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	o, err := x.options(c.now())
	if err != nil {
		return err
	}
	store, done, err := c.openToRead(ctx, cfg, reading{command: "export", demo: x.demo})
	if err != nil {
		return err
	}
	defer done()
	if err := connect.Migrated(ctx, store); errors.Is(err, connect.ErrNoArchive) {
		return connect.NoArchive("export")
	} else if err != nil {
		return err
	}
	to, closeTo, err := destination(ctx, cfg, store, place)
	if err != nil {
		return err
	}
	defer closeTo()
	began := time.Now()
	watch := c.screen().Files()
	o.Progress = watch
	results, err := export.Run(ctx, export.Archive{Relations: store.Conn(), Tables: store.StoreConn()}, to, o)
	watch.Close()
	if err == nil || len(results) > 0 {
		c.screen().Exported(ui.Exported{Destination: place, Relations: results, Seconds: time.Since(began).Seconds()}, x.json)
	}
	return err
}

// destination opens the folder or the storage that an export writes to.
func destination(ctx context.Context, cfg *config.Config, store *store.Store, place string) (export.Destination, func() error, error) {
	if !export.IsS3(place) {
		f, err := export.OpenFolder(ctx, store.Conn(), store.ClickHouse(), cfg.HTTP, place)
		if err != nil {
			return nil, nil, err
		}
		return f, f.Close, nil
	}
	s, err := export.NewS3(store.Conn(), place, s3Keys(cfg))
	if err != nil {
		return nil, nil, usagef("destination: %v", err)
	}
	return s, func() error { return nil }, nil
}
