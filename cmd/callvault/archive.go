package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
)

// narrow are the flags that narrow a pass.
type narrow struct {
	apps     []string
	from, to string
	expiring string
	room     string
	again    bool
}

// flags adds the flags.
func (n *narrow) flags(f *pflag.FlagSet) {
	f.StringSliceVar(&n.apps, "app", nil, "only these SDKAppIDs (repeatable)")
	f.StringVar(&n.from, "from", "", "only what was alive after this UTC `time`: 2026-11-20, 2026-11-20T15:04:05Z, or an age such as 2d")
	f.StringVar(&n.to, "to", "", "only what was alive before this UTC `time`")
	f.StringVar(&n.expiring, "expiring", "", "only what the vendor drops within this `duration`, such as 1d")
	f.StringVar(&n.room, "room", "", "only calls of this room `id`")
}

func (c *cli) archiveCmd() *cobra.Command {
	var n narrow
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "archive",
		Short: "Archive now what the vendor keeps and the archive does not hold yet",
		Long: `Make one archiving pass: apply pending migrations, list the calls in the
retention window, fetch the users, metric series and events of those that the
archive does not hold yet, and load them. Calls that are running or have just
ended are archived as far as they go and completed by a later pass.

Needs credentials (TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or what
the vendor's SDK finds) and CALLVAULT_SDK_APP_IDS.

Exit codes: 0 done; 3 done, but something could not be archived (it is named);
4 another pass is running.`,
		Example: `  callvault archive
  callvault archive --app 1400353843 --from 2026-11-20 --to 2026-11-21
  callvault archive --room 218695 --again`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.archive(cmd.Context(), n, asJSON)
		},
	}
	n.flags(cmd.Flags())
	cmd.Flags().BoolVar(&n.again, "again", false, "also what the archive holds already (it is replaced)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return cmd
}

func (c *cli) archive(ctx context.Context, n narrow, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	job, err := newJob(cfg, n, c.now())
	if err != nil {
		return err
	}
	job.now, job.attempts = c.now, c.attempts
	if err := job.connect(ctx); err != nil {
		return err
	}
	store, done, err := c.openArchive(ctx, cfg)
	if err != nil {
		return err
	}
	defer done()
	job.warn = c.warn
	watch := c.watch()
	sum, err := job.run(ctx, store, watch)
	watch.Close()
	if sum.started() {
		c.printSummary(sum, asJSON)
	}
	c.tell(ctx, cfg, store, sum.past)
	return err
}

// narrowTo checks the flags against the settings.
func (j *job) narrowTo(n narrow, now time.Time) (err error) {
	if j.from, err = parseTime("--from", n.from, now); err != nil {
		return err
	}
	if j.to, err = parseTime("--to", n.to, now); err != nil {
		return err
	}
	if j.from.After(now) {
		return usagef("--from %s is in the future", n.from)
	}
	if !j.to.IsZero() && !j.to.After(j.from) {
		return usagef("--to %s is not after --from %s", n.to, n.from)
	}
	if n.expiring != "" {
		if j.expiring, err = config.ParseDuration(n.expiring); err != nil || j.expiring <= 0 {
			return usagef("--expiring %q is not a duration; use 1d or 6h", n.expiring)
		}
		if n.to != "" {
			return usagef("--expiring and --to exclude each other")
		}
	}
	j.room, j.again = n.room, n.again
	only := map[call.AppID]bool{}
	for _, a := range n.apps {
		id, err := config.ParseAppID(a)
		if err != nil {
			return usagef("--app: %v", err)
		}
		only[id] = true
	}
	return j.onlyApps(only)
}

// onlyApps leaves the applications named, all if none is.
func (j *job) onlyApps(only map[call.AppID]bool) error {
	if len(only) == 0 {
		return nil
	}
	for i := range j.accounts {
		var apps []config.AppID
		for _, a := range j.accounts[i].Apps {
			if only[call.AppID(a)] {
				apps = append(apps, a)
				delete(only, call.AppID(a))
			}
		}
		j.accounts[i].Apps = apps
	}
	if len(only) == 0 {
		return nil
	}
	if len(j.accounts) > 1 {
		var missing []string
		for a := range only {
			missing = append(missing, fmt.Sprint(a))
		}
		return usagef("--app %s is in no account's sdk_app_ids", strings.Join(missing, ","))
	}
	for a := range only { // one account: the flag may name what the settings do not
		j.accounts[0].Apps = append(j.accounts[0].Apps, config.AppID(a))
	}
	return nil
}

// parseTime reads a day, a time or an age, all UTC.
func parseTime(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return t.UTC(), nil
		}
	}
	if d, err := config.ParseDuration(s); err == nil {
		return now.Add(-d).UTC(), nil
	}
	return time.Time{}, usagef("%s %q is not a time; use 2026-11-20, 2026-11-20T15:04:05Z or an age such as 2d", flag, s)
}
