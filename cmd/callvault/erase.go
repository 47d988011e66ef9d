package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/identity"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/person"
)

// erasing holds the flags of erase.
type erasing struct {
	users, rooms, apps []string
	before             string
	remembered         bool
	wait, yes, json    bool
}

func (c *cli) eraseCmd() *cobra.Command {
	var x erasing
	cmd := &cobra.Command{
		Use:   "erase (--user ID | --room ID)",
		Short: "Erase a person, or the calls of a room: rows, kept responses, ledger",
		Long: `Erase a user: every row that names the user, as the user or as the peer of another,
goes from all relations in one step. Other users of the same calls keep what they had
without the person, and the calls' figures are made anew from what is left. Kept
responses that name the user are deleted, and the ledger forgets the id. --room erases
the calls of a room as a whole.

callvault remembers a keyed hash of the id, and not the id. So no later pass, replay,
repair or restore brings anything back, although the vendor still has the calls. Without
--before that holds for later calls as well; with it only for calls that began before.

callvault first says what will go. At a terminal it asks; elsewhere it erases only with
--yes. Backups and exports that were made before are not changed: it names those that it
knows of. The next export to a folder replaces the files of the days that have changed.

ClickHouse keeps deleted rows on its disk until it has rewritten their parts, and the old
parts for eight minutes more (old_parts_lifetime). --wait waits for that. On a cluster all
servers must answer, and it deletes on all of them.

If an erasure stops on its way, run the same command again. --remembered erases again all
that was ever erased, such as rows that somebody has inserted since.

Exit codes: 0 done, or nothing erased because --yes was missing; 1 failed; 3 erased, but
the place of backups could not be told; 4 a pass is running.`,
		Example: `  callvault erase --user alice
  callvault erase --user alice --app 1400353843 --yes --wait
  callvault erase --user alice --before 2026-11-01 --yes
  callvault erase --room 218695 --yes`,
		Annotations: changes("rows of the archive, its kept responses and ledger, the list of the erased next to backups, and its history of runs"),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := x.who(time.Now())
			if err != nil {
				return err
			}
			return c.erase(cmd.Context(), x, w)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&x.users, "user", nil, "the `id` of the user; repeat it if one person has several")
	f.StringArrayVar(&x.rooms, "room", nil, "the `id` of a room whose calls are to go (repeatable)")
	f.StringSliceVar(&x.apps, "app", nil, "only these SDKAppIDs (repeatable); all applications otherwise")
	f.StringVar(&x.before, "before", "", "only calls that began before this UTC `time`: 2026-11-20, 2026-11-20T15:04:05Z, or an age such as 2d")
	f.BoolVar(&x.remembered, "remembered", false, "erase again all that was erased before")
	f.BoolVar(&x.wait, "wait", false, "wait until ClickHouse has removed the bytes from its disk")
	f.BoolVar(&x.yes, "yes", false, "erase without asking")
	f.BoolVar(&x.json, "json", false, "print the report as JSON")
	return cmd
}

// who reads the flags.
func (x *erasing) who(now time.Time) (w person.Who, err error) {
	if w.Apps, err = appIDs(x.apps); err != nil {
		return w, err
	}
	if w.Before, err = parseTime("--before", x.before, now); err != nil {
		return w, err
	}
	for _, id := range x.users {
		w.Users = append(w.Users, id)
	}
	w.Rooms = x.rooms
	for _, id := range append(w.Users, w.Rooms...) {
		if id == "" {
			return w, usagef("the id to erase is empty")
		}
	}
	switch named := len(w.Users)+len(w.Rooms) > 0; {
	case x.remembered && (named || x.before != "" || len(x.apps) > 0):
		return w, usagef("--remembered goes with --yes, --wait and --json only")
	case !x.remembered && !named:
		return w, usagef("say whom to erase: --user ID or --room ID")
	}
	return w, nil
}

func (c *cli) erase(ctx context.Context, x erasing, w person.Who) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	w.Users, w.Rooms = identities(cfg, identity.User, w.Users), identities(cfg, identity.Room, w.Rooms)
	s, done, err := c.openToRead(ctx, cfg, reading{})
	if err != nil {
		return err
	}
	defer done()
	if err := connect.Migrated(ctx, s); err != nil {
		return err
	}
	if !x.remembered {
		found, err := person.Find(ctx, s, w)
		if err != nil {
			return err
		}
		if yes, err := c.agreed(x, found); err != nil || !yes {
			return err
		}
	}
	report, err := c.eraseNow(ctx, cfg, s, x, w)
	if err != nil {
		return err
	}
	kept, err := c.tellBackups(ctx, cfg, s)
	report.Backups = kept
	if perr := c.screen().Erased(report, x.json); perr != nil {
		return perr
	}
	return err
}

// agreed says what will go, and asks whether it may.
func (c *cli) agreed(x erasing, found person.Found) (bool, error) {
	if x.yes {
		return true, nil
	}
	if err := c.screen().Found(found, x.json); err != nil {
		return false, err
	}
	if !ui.IsTerminal(c.stdout) || !ui.IsTerminal(os.Stdin) {
		c.screen().Note("nothing is erased yet; --yes erases")
		return false, nil
	}
	return answered(os.Stdin, c.stderr, "Erase this for good? Type yes: ")
}

// answered asks a question and reports whether the answer is yes.
func answered(in io.Reader, out io.Writer, question string) (bool, error) {
	fmt.Fprint(out, question)
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return strings.EqualFold(strings.TrimSpace(line), "yes"), nil
}

// eraseNow erases under the archive lease, and writes the history of runs.
func (c *cli) eraseNow(ctx context.Context, cfg *config.Config, s *store.Store, x erasing, w person.Who) (r ui.Erased, err error) {
	o := archive.OptionsOf(cfg)
	h := runs.New(s, "erase", c.origin(), o.Lease, o.Traces)
	h.Run.Apps, h.Run.Whole = w.Apps, len(w.Apps) == 0
	began := time.Now()
	err = h.Do(ctx, func(ctx context.Context) error {
		return runs.UnderLease(ctx, s, o.Lease, func(ctx context.Context, guard hidden.Guard) error {
			e := person.Erasure{Who: w, Store: s, Guard: guard, RunID: h.Run.ID, Wait: x.wait}
			if !x.json {
				e.Step = func(name string) { c.screen().Note("erase: " + name) }
			}
			if x.remembered {
				r.Done, err = person.EraseRemembered(ctx, e)
				return err
			}
			err := e.Do(ctx)
			r.Done = e.Done
			return err
		})
	})
	r.Seconds = time.Since(began).Seconds()
	return r, err
}

// tellBackups writes the list of the erased next to the backups, so that a restore knows it,
// and returns the backups that were made before.
func (c *cli) tellBackups(ctx context.Context, cfg *config.Config, s *store.Store) (ui.Kept, error) {
	kept := ui.Kept{Place: cfg.BackupTo}
	if cfg.BackupTo == "" {
		return kept, nil
	}
	p, err := backup.Open(s.Conn(), cfg.BackupTo, s3Keys(cfg))
	if err == nil {
		kept.Notes, err = backup.List(ctx, p)
	}
	if err == nil {
		err = backup.TellErased(ctx, p, s)
	}
	if err != nil {
		return kept, fmt.Errorf("%w: it is erased, but %s was not told: %w; a backup from there would bring it back", archive.ErrPartial, cfg.BackupTo, err)
	}
	return kept, nil
}
