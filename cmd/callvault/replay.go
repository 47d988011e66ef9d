package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
)

func (c *cli) replayCmd() *cobra.Command {
	var r archive.Replay
	var from, to string
	var apps []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Make the tables anew from the responses kept, without asking the vendor",
		Long: `Decode the vendor's responses that the archive keeps (CALLVAULT_RAW, 30 days unless
set) once more, and replace the rows that were made from them. Use it after a
mistake in decoding is mended, or when a new version of callvault can read what an
older one set aside. It also works for data that the vendor has dropped. Each call
is replaced in one step, as when it is archived. Rows whose responses are no longer
kept stay as they are.

Exit codes: 0 done; 3 done, but something could not be replayed or is still set
aside (the report names it); 4 a pass is running.`,
		Example: `  callvault replay
  callvault replay --app 1400353843 --from 2026-11-20 --to 2026-11-21`,
		Annotations: changes("the archive's rows, its schema if that is older, and its history of runs"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if r.From, err = parseTime("--from", from, time.Now()); err != nil {
				return err
			}
			if r.To, err = parseTime("--to", to, time.Now()); err != nil {
				return err
			}
			for _, a := range apps {
				id, err := config.ParseAppID(a)
				if err != nil {
					return usagef("--app: %v", err)
				}
				r.Apps = append(r.Apps, id)
			}
			return c.replay(cmd.Context(), &r, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&apps, "app", nil, "only these SDKAppIDs (repeatable)")
	f.StringVar(&from, "from", "", "only units that began at this UTC `time` or later: 2026-11-20, 2026-11-20T15:04:05Z, or an age such as 2d")
	f.StringVar(&to, "to", "", "only units that began before this UTC `time`")
	f.BoolVar(&asJSON, "json", false, "print the report as JSON")
	return cmd
}

func (c *cli) replay(ctx context.Context, r *archive.Replay, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	o := archive.OptionsOf(cfg)
	store, done, err := c.openToRead(ctx, cfg, reading{})
	if err != nil {
		return err
	}
	defer done()
	if version, err := connect.Version(ctx, store); err != nil {
		return err
	} else if version.Current <= 0 {
		return connect.ErrNoArchive
	}
	if err := archive.Prepare(ctx, store, o.Tiering); err != nil {
		return err
	}
	watch := c.screen().Watch()
	err = r.Do(ctx, store, o, c.origin(), watch)
	watch.Close()
	if err == nil || errors.Is(err, archive.ErrPartial) {
		c.screen().Replayed(r, asJSON)
	}
	return err
}
