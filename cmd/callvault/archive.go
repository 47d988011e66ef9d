package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/load/store"
)

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
		Annotations: changes("the archive: it creates the databases, brings the schema up, adds rows and, with CALLVAULT_KEEP, deletes old calls"),
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
	scope, err := n.scope(cfg, c.now())
	if err != nil {
		return err
	}
	defer archive.BoundMemory(int64(cfg.Memory))()
	a := &attempts{c: c, cfg: cfg, scope: scope}
	if a.first, err = a.job(ctx); err != nil {
		return err
	}
	a.patience = archive.NewPatience(limit, c.attempts, a.say)
	if cfg.Wait != nil {
		a.patience.Unreached = time.Duration(*cfg.Wait)
	}
	err = a.patience.Do(ctx, a.next)
	a.end(ctx, asJSON)
	return err
}

// attempts are those at one pass.
type attempts struct {
	c        *cli
	cfg      *config.Config
	scope    archive.Scope
	patience *archive.Patience

	first *archive.Run // nil: it has been made
	store *store.Store
	close func()
	stale bool            // the store has failed
	watch ui.Watcher      // of the attempt under way; nil: none is
	sum   *archive.Report // of the last attempt that began; nil: none did
	past  runs.Run        // of the last one
	runs  []string        // of those before it
	told  string          // the last one of which something was told
}

// job is another pass.
func (a *attempts) job(ctx context.Context) (*archive.Run, error) {
	j, err := archive.New(archive.OptionsOf(a.cfg), a.scope, a.c.origin())
	if err != nil {
		return nil, err
	}
	j.Now, j.Attempts = a.c.now, a.c.attempts
	return j, j.Connect(ctx)
}

// next makes an attempt, and tells how far it has come.
func (a *attempts) next(ctx context.Context) (reached int, err error) {
	j := a.first
	if a.first = nil; j == nil {
		if j, err = a.job(ctx); err != nil {
			return archive.NotStarted, err
		}
	}
	if err := a.open(ctx); err != nil {
		return archive.NotStarted, err
	}
	if a.past.ID != "" {
		a.runs = append(a.runs, a.past.ID)
	}
	began := time.Now()
	j.Patience, j.Waits = a.patience.Rest(), func(err error, _ time.Time) { a.patience.Trouble(err, began) }
	a.watch = a.c.screen().Watch()
	sum, err := j.Do(ctx, a.store, a.watch)
	a.watch.Close()
	a.watch = nil
	if a.past = sum.Run; sum.Begun() || a.sum == nil {
		a.sum = sum
	}
	if archive.Passing(err) {
		a.stale = !ask.Passing(err)
		if sum.Run.Counts.Lost > 0 {
			a.c.tell(ctx, a.cfg, a.store, sum.Run) // a later attempt does not tell of it
			a.told = sum.Run.ID
		}
	}
	return sum.Reached(), err
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
	wait := a.patience.Rest()
	if a.store == nil && a.past.ID == "" {
		wait = min(wait, a.patience.Unreached)
	}
	store, done, err := a.c.server(a.cfg).Await(ctx, began.Add(wait), func(err error) { a.patience.Trouble(err, began) })
	if err != nil {
		return err
	}
	a.store, a.close, a.stale = store, done, false
	return nil
}

// say says that something is tried again.
func (a *attempts) say(err error, until time.Time) {
	line := "callvault: " + archive.TryingAgain(err, until)
	switch {
	case a.watch != nil:
		a.watch.Say(line)
	case !a.c.quiet:
		fmt.Fprintln(a.c.stderr, line)
	}
}

// end reports what the attempts came to.
func (a *attempts) end(ctx context.Context, asJSON bool) {
	if a.sum != nil && a.sum.Begun() {
		a.c.screen().Report(a.sum, asJSON)
	}
	if a.store == nil {
		return
	}
	if a.past.ID != a.told {
		a.c.tell(ctx, a.cfg, a.store, a.past, a.runs...)
	}
	a.close()
}
