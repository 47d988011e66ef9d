package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callvault/callvault/extract"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/load"
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
	var patience string
	cmd := &cobra.Command{
		Use:   "archive",
		Short: "Archive now what the vendor keeps and the archive does not hold yet",
		Long: `Make one archiving pass: apply pending migrations, list the calls in the
retention window, fetch the users, metric series and events of those that the
archive does not hold yet, and load them. Calls that are running or have just
ended are archived as far as they go and completed by a later pass.

Needs credentials (TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or what
the vendor's SDK finds) and CALLVAULT_SDK_APP_IDS.

Where the vendor or ClickHouse does not answer, the pass waits, or is made again
and goes on from what is archived, as long as the patience lasts (--patience, or
CALLVAULT_PATIENCE): it counts from the moment the trouble began, and anew when
there was progress. A refusal, such as of the keys, ends the pass at once.

Exit codes: 0 done; 3 done, but something could not be archived (it is named);
4 another pass is running.`,
		Example: `  callvault archive
  callvault archive --app 1400353843 --from 2026-11-20 --to 2026-11-21
  callvault archive --room 218695 --again
  callvault archive --quiet --patience 1h    (from cron)`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.archive(cmd.Context(), n, patience, asJSON)
		},
	}
	n.flags(cmd.Flags())
	cmd.Flags().BoolVar(&n.again, "again", false, "also what the archive holds already (it is replaced)")
	cmd.Flags().StringVar(&patience, "patience", "", "go on for this `duration` while the vendor or ClickHouse does not answer; 0 gives up at once (default $CALLVAULT_PATIENCE, 5m; 30s where no connection comes about)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return cmd
}

func (c *cli) archive(ctx context.Context, n narrow, patience string, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	limit := time.Duration(cfg.Patience)
	if patience != "" {
		if limit, err = config.ParseDuration(patience); err != nil || limit < 0 {
			return usagef("--patience %q is not a duration; use 5m or 1h, or 0 to give up at once", patience)
		}
	}
	a := &attempts{c: c, cfg: cfg, narrow: n, now: c.now()}
	if a.first, err = a.job(ctx); err != nil {
		return err
	}
	a.patience = newPatience(limit, c.attempts, a.say)
	err = a.patience.do(ctx, a.next)
	a.end(ctx, asJSON)
	return err
}

// attempts are those at one pass.
type attempts struct {
	c        *cli
	cfg      *config.Config
	narrow   narrow
	now      time.Time // by which the flags are read
	patience *patience

	first *job // nil: it has been made
	store *load.Store
	close func()
	stale bool       // the store has failed
	watch ui.Watcher // of the attempt under way; nil: none is
	sum   *summary   // of the last attempt that began; nil: none did
	past  load.Run   // of the last one
	runs  []string   // of those before it
	told  string     // the last one of which something was told
}

// job is another pass.
func (a *attempts) job(ctx context.Context) (*job, error) {
	j, err := newJob(a.cfg, a.narrow, a.now)
	if err != nil {
		return nil, err
	}
	j.now, j.attempts, j.warn = a.c.now, a.c.attempts, a.c.screen().Warn
	return j, j.connect(ctx)
}

// next makes an attempt, and tells how far it has come.
func (a *attempts) next(ctx context.Context) (reached int, err error) {
	j := a.first
	if a.first = nil; j == nil {
		if j, err = a.job(ctx); err != nil {
			return notStarted, err
		}
	}
	if err := a.open(ctx); err != nil {
		return notStarted, err
	}
	if a.past.ID != "" {
		a.runs = append(a.runs, a.past.ID)
	}
	began := time.Now()
	j.patience, j.waits = a.patience.rest(), func(err error, _ time.Time) { a.patience.trouble(err, began) }
	a.watch = a.c.screen().Watch()
	sum, err := j.run(ctx, a.store, a.watch)
	a.watch.Close()
	a.watch = nil
	if a.past = sum.past; sum.started() || a.sum == nil {
		a.sum = sum
	}
	if passing(err) {
		a.stale = !extract.Passing(err)
		if sum.past.Counts.Lost > 0 {
			a.c.tell(ctx, a.cfg, a.store, sum.past) // a later attempt does not tell of it
			a.told = sum.past.ID
		}
	}
	return sum.reached(), err
}

// open opens the archive, again if it has failed.
func (a *attempts) open(ctx context.Context) error {
	if a.store != nil && !a.stale {
		return nil
	}
	if a.store != nil {
		a.close()
		a.store = nil
	}
	began := time.Now()
	wait := a.patience.rest()
	if a.store == nil && a.past.ID == "" {
		wait = min(wait, a.patience.unreached)
	}
	store, done, err := a.c.awaitArchive(ctx, a.cfg, began.Add(wait), func(err error) { a.patience.trouble(err, began) })
	if err != nil {
		return err
	}
	a.store, a.close, a.stale = store, done, false
	return nil
}

// say says that something is tried again.
func (a *attempts) say(err error, until time.Time) {
	line := "callvault: " + tryingAgain(err, until)
	switch {
	case a.watch != nil:
		a.watch.Say(line)
	case !a.c.quiet:
		fmt.Fprintln(a.c.stderr, line)
	}
}

// end reports what the attempts came to.
func (a *attempts) end(ctx context.Context, asJSON bool) {
	if a.sum != nil && a.sum.started() {
		a.c.printSummary(a.sum, asJSON)
	}
	if a.store == nil {
		return
	}
	if a.past.ID != a.told {
		a.c.tell(ctx, a.cfg, a.store, a.past, a.runs...)
	}
	a.close()
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
