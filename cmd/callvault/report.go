package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/callvault/callvault/console"
	"github.com/callvault/callvault/internal/config"
)

// reportFlags holds the flags of callvault report.
type reportFlags struct {
	to, app, user, lang string
	force, demo         bool
}

func (c *cli) reportCmd() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report CALL",
		Short: "Write the page of a call as one HTML file, for a ticket",
		Long: `Write the page of a call that callvault console shows as one HTML file, which needs no
other file and no network. CALL is the call's comm_id. The charts are those of the user
for whom the call was worst, or of --user.`,
		Example: `  callvault report 1400353843_218695_1590065777 -o call.html
  callvault report 1400353843_218695_1590065777 -o call.html --user 4711 --lang zh
  callvault report 1400353843_218695_1590065777 -o - | gzip > call.html.gz`,
		Annotations: changes("the file; in the archive nothing"),
		Args:        cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usagef("report takes one call, its comm_id; try callvault report --help")
			}
			return c.report(cmd.Context(), args[0], f)
		},
	}
	cmd.Flags().StringVarP(&f.to, "output", "o", "", "`file` to write; - is standard output")
	cmd.Flags().StringVar(&f.app, "app", "", "the call's `application`, if several have such a call")
	cmd.Flags().StringVar(&f.user, "user", "", "the `user` whose charts it has (default the worst)")
	cmd.Flags().StringVar(&f.lang, "lang", "en", "language: en or zh")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace the file if it exists")
	cmd.Flags().BoolVar(&f.demo, "demo", false, "a call of callvault demo")
	return cmd
}

// which checks the flags and returns what they name.
func (f reportFlags) which(id string) (console.Report, error) {
	r := console.Report{CommID: id, User: f.user, Language: f.lang}
	if f.app != "" {
		app, err := config.ParseAppID(f.app)
		if err != nil {
			return r, usagef("--app: %v", err)
		}
		r.App = uint32(app)
	}
	if f.to == "" {
		return r, usagef("report needs -o, a file to write; - is standard output")
	}
	if !slices.Contains([]string{"en", "zh"}, f.lang) {
		return r, usagef("--lang %q is unknown; use en or zh", f.lang)
	}
	if _, err := os.Lstat(f.to); err == nil && !f.force {
		return r, usagef("-o %s exists; name another file, or replace it with --force", f.to)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, usagef("-o: %v", err)
	}
	return r, nil
}

func (c *cli) report(ctx context.Context, id string, f reportFlags) error {
	which, err := f.which(id)
	if err != nil {
		return err
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	archive, done, err := c.openArchive(ctx, cfg, "report", f.demo)
	if err != nil {
		return err
	}
	defer done()
	var page bytes.Buffer
	if err := which.Write(ctx, &page, c.consoleOptions(cfg, archive)); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if f.to == "-" {
		_, err := page.WriteTo(c.screen().Sheet().W)
		return err
	}
	if err := renameio.WriteFile(f.to, page.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
