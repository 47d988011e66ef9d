//go:build cluster

package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/retry"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/clustertest"
)

const secretOfUsers = "secret"

// as leads a user with secretOfUsers to a node.
func as(t *testing.T, n *clustertest.Node, user string) string {
	t.Helper()
	u, err := url.Parse(n.DSN("trtc"))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, secretOfUsers)
	return u.String()
}

// grant gives a user, whom it makes, the rights of a role.
func (f *fleet) grant(t *testing.T, user string, args ...string) {
	t.Helper()
	root, err := store.Open(t.Context(), f.Node(1, 1).DSN("default"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	statements := []string{fmt.Sprintf("CREATE USER %s ON CLUSTER %s IDENTIFIED WITH plaintext_password BY '%s'", user, f.Name(), secretOfUsers)}
	for line := range strings.Lines(f.must(t, append([]string{"grants", "--user", user}, args...)...)) {
		statements = append(statements, strings.TrimSuffix(strings.TrimSpace(line), ";"))
	}
	for _, q := range statements {
		if err := root.Conn().Exec(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// TestClusterRights works on a cluster with the rights that callvault grants prints, and no
// others: the program makes an archive, changes it and backs it up, and readers see on each
// server what they may.
func TestClusterRights(t *testing.T) {
	apps := []uint32{1400353843, 1400353844}
	f := installOn(t, clustertest.StartByUser(t, 2, 2, "keeper", secretOfUsers), simulator.Options{Seed: 8, Calls: 8, Apps: apps, QPS: -1})
	root, err := store.Open(t.Context(), f.Node(1, 1).DSN("default"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	f.grant(t, "keeper", "archiver")
	if err := root.Conn().Exec(t.Context(), "CREATE DATABASE trtc ON CLUSTER "+f.Name()); err != nil {
		t.Fatal(err)
	}
	administrator := f.env[1]
	f.env[1] = "CLICKHOUSE_DSN=" + as(t, f.Node(1, 1), "keeper")
	f.must(t, "doctor")
	f.archive(t, exitDone)
	f.archive(t, exitDone, "--again")
	f.must(t, "verify")
	f.must(t, "replay")
	f.must(t, "backup", "--to", t.TempDir())
	f.exact(t)

	f.env[1] = administrator
	f.grant(t, "analyst", "analyst")
	f.grant(t, "masked", "masked")
	f.grant(t, "saver", "backup")
	f.grant(t, "team", "analyst", "--app", fmt.Sprint(apps[0]))
	f.env[1] = "CLICKHOUSE_DSN=" + as(t, f.Node(1, 1), "saver")
	f.must(t, "backup", "--to", t.TempDir())
	f.env[1] = administrator
	open := func(n *clustertest.Node, user string) *store.Store {
		s, err := connect.Store(t.Context(), as(t, n, user), store.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	for _, n := range f.Nodes() {
		all, analyst, masked, team := f.reader(t, n), open(n, "analyst"), open(n, "masked"), open(n, "team")
		for _, r := range catalogue.Relations() {
			if r.Name == "disk_usage" || r.Name == "archive_runs" {
				continue
			}
			const q = "SELECT toString(count()) FROM "
			want := archivetest.Strings(t, all.Conn(), q+r.Name)
			if got := archivetest.Strings(t, analyst.Conn(), q+"(SELECT * FROM "+r.Name+")"); got[0] != want[0] {
				t.Errorf("%s: an analyst sees %s rows of %s, there are %s", n, got, r.Name, want)
			}
		}
		const ofTeam = "SELECT toString(count()) FROM rooms WHERE sdk_app_id = "
		if got, want := archivetest.Strings(t, team.Conn(), "SELECT toString(count()) FROM rooms"), archivetest.Strings(t, all.Conn(), ofTeam+fmt.Sprint(apps[0])); got[0] != want[0] {
			t.Errorf("%s: a team sees %s rooms, it has %s", n, got, want)
		}
		var rooms uint64
		if err := masked.Conn().QueryRow(t.Context(), "SELECT count(comm_id) FROM rooms").Scan(&rooms); err != nil || rooms == 0 {
			t.Errorf("%s: a masked reader sees %d rooms, %v", n, rooms, err)
		}
		for user, q := range map[string]string{"masked": "SELECT user_id FROM user_sessions", "analyst": "SELECT count() FROM trtc_store.rooms_data_shard", "team": "SELECT count() FROM trtc_store.rooms_data"} {
			if err := open(n, user).Conn().Exec(t.Context(), q); retry.Code(err) != denied {
				t.Errorf("%s: %s by %s: %v", n, q, user, err)
			}
		}
	}
}
