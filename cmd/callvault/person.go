package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/identity"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/person"
)

func (c *cli) personCmd() *cobra.Command {
	var apps []string
	var asJSON bool
	var folder string
	cmd := &cobra.Command{
		Use:   "person ID",
		Short: "Find a person: every row, kept response and entry of the ledger that names one",
		Long: `List where the archive names a user: in each relation as the user, as the peer of
another, and as the creator of a room, with the number of rows and their first and
last time; in kept responses; in the ledger. The user of callvault must be allowed to
read the tables, not only the relations.

With --export everything that the relations have is written to a folder, once as JSON
lines and once as Parquet: one file of each for every relation, and person.json with
the list. Rows that name the person as the peer of another name the other, too. Kept
responses are listed, not written: they are about several people.

An ID that begins with a dash comes after --.

Exit codes: 0 done, also where nothing is found; 1 failed.`,
		Example: `  callvault person alice
  callvault person alice --app 1400353843 --json
  callvault person alice --export /secure/alice
  callvault person -- -alice`,
		Annotations: changes("nothing; with --export files in the folder"),
		Args:        cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := appIDs(apps)
			if err != nil {
				return err
			}
			if args[0] == "" {
				return usagef("the ID of the person is empty")
			}
			return c.person(cmd.Context(), person.Who{Users: []string{args[0]}, Apps: ids}, folder, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&apps, "app", nil, "only these SDKAppIDs (repeatable)")
	f.BoolVar(&asJSON, "json", false, "print the list as JSON")
	f.StringVar(&folder, "export", "", "also write all rows to this `folder`")
	return cmd
}

// identities returns ids with all pseudonyms under which the archive may have them.
func identities(cfg *config.Config, kind identity.Kind, ids []string) (all []string) {
	for _, id := range ids {
		all = append(append(all, id), cfg.IdentityKeys().Pseudonyms(kind, id)...)
	}
	return all
}

// appIDs reads the flag --app.
func appIDs(flags []string) (ids []call.AppID, err error) {
	for _, a := range flags {
		id, err := config.ParseAppID(a)
		if err != nil {
			return nil, usagef("--app: %v", err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (c *cli) person(ctx context.Context, w person.Who, folder string, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	w.Users = identities(cfg, identity.User, w.Users)
	s, done, err := c.openToRead(ctx, cfg, reading{})
	if err != nil {
		return err
	}
	defer done()
	if err := connect.Migrated(ctx, s); err != nil {
		return err
	}
	found, err := person.Find(ctx, s, w)
	if err != nil {
		return err
	}
	if folder != "" {
		if err := exportPerson(ctx, cfg, s, w, found, folder); err != nil {
			return err
		}
	}
	return c.screen().Found(found, asJSON)
}

// exportPerson writes the rows of a person, and the list of them.
func exportPerson(ctx context.Context, cfg *config.Config, s *store.Store, w person.Who, found person.Found, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("export to %s: %w", folder, err)
	}
	to, err := export.OpenFolder(ctx, s.Conn(), s.ClickHouse(), cfg.HTTP, folder)
	if err != nil {
		return err
	}
	defer to.Close()
	for _, q := range w.Queries() {
		for _, f := range []export.Format{export.JSONLines(), export.Parquet()} {
			if _, err := to.Write(ctx, "", q.Relation+"."+f.Name, q.Text, f); err != nil {
				return fmt.Errorf("export %s: %w", q.Relation, err)
			}
		}
	}
	list, err := json.MarshalIndent(found, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "person.json"), append(list, '\n'), 0o600)
}
