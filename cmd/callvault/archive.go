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
		Short: "Archive now all that the vendor has and the archive does not",
		Long: `Make one archiving pass. It applies pending migrations and lists the calls in the
retention window. It fetches the users, metric series and events of the calls that
the archive does not hold yet, and loads them. It archives a call that is running or
has just ended as far as the call goes; a later pass completes it.

It needs credentials (TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or those
that the vendor's SDK finds) and CALLVAULT_SDK_APP_IDS.

When the vendor or ClickHouse does not answer, the pass waits, or starts again and
goes on from what is archived. It gives up after --patience (CALLVAULT_PATIENCE)
without progress. When the vendor or ClickHouse refuses, for example because a key
is wrong, the pass ends at once.

Exit codes: 0 done; 3 done, but some data could not be archived (the report names
it); 4 another pass is running.`,
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
	cmd.Flags().BoolVar(&n.again, "again", false, "also fetch what the archive holds already, and replace it")
	cmd.Flags().StringVar(&patience, "patience", "", "keep trying for this `duration` while the vendor or ClickHouse does not answer; 0 gives up at once (default $CALLVAULT_PATIENCE, 5m; 30s where no connection can be made)")
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

// attempts makes one pass, in several attempts if need be.
type attempts struct {
	c        *cli
	cfg      *config.Config
	scope    archive.Scope
	patience *archive.Patience

	first *archive.Run // the first attempt; nil once it is made
	store *store.Store
	close func()
	stale bool            // whether the store has failed and must be opened again
	watch ui.Watcher      // watches the current attempt; nil between attempts
	sum   *archive.Report // report of the last attempt that began; nil if none did
	past  runs.Run        // the last attempt
	runs  []string        // ids of the attempts before it
	told  string          // id of the last run that was reported
}

// job returns a new pass.
func (a *attempts) job(ctx context.Context) (*archive.Run, error) {
	j, err := archive.New(archive.OptionsOf(a.cfg), a.scope, a.c.origin())
	if err != nil {
		return nil, err
	}
	j.Now, j.Attempts = a.c.now, a.c.attempts
	return j, j.Connect(ctx)
}

// next makes an attempt and reports its progress.
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
			a.c.tell(ctx, a.cfg, a.store, sum.Run) // a later attempt does not report this run
			a.told = sum.Run.ID
		}
	}
	return sum.Reached(), err
}

// open opens the archive, and opens it again after it has failed.
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

// say prints that the pass tries again, and why.
func (a *attempts) say(err error, until time.Time) {
	line := "callvault: " + archive.TryingAgain(err, until)
	switch {
	case a.watch != nil:
		a.watch.Say(line)
	case !a.c.quiet:
		fmt.Fprintln(a.c.stderr, line)
	}
}

// end prints the result of all attempts.
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
