package main

import (
	"context"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

// TestReadersCreateNothing checks that commands that read say that an archive is missing, and
// create neither of its databases.
func TestReadersCreateNothing(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 1, QPS: -1})
	u, err := url.Parse(in.dsn())
	if err != nil {
		t.Fatal(err)
	}
	u.Path += "_missing"
	in.env = append(in.env, "CLICKHOUSE_DSN="+u.String())
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"status"}, exitFailed, "callvault archive creates it"},
		{[]string{"sql", "SHOW TABLES"}, exitFailed, "callvault archive creates it"},
		{[]string{"export", dir}, exitFailed, "callvault archive creates it"},
		{[]string{"verify"}, exitFailed, "callvault archive creates it"},
		{[]string{"backup", "--to", dir}, exitFailed, "callvault archive creates it"},
		{[]string{"backup", "list", "--to", dir}, exitDone, ""},
		{[]string{"migrate", "status"}, exitFailed, "callvault archive creates it"},
		{[]string{"doctor"}, exitDone, "versions pending"},
	} {
		code, out, errs := in.callvault(t.Context(), c.args...)
		if code != c.code || !strings.Contains(out+errs, c.says) || code != exitDone && strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit code %d, want %d\n%s%s", c.args, code, c.code, out, errs)
		}
		if n := in.number(t, "SELECT count() FROM system.databases WHERE startsWith(name, currentDatabase()) AND name LIKE '%missing%'"); n > 0 {
			t.Fatalf("%v created a database", c.args)
		}
	}
}

// TestLongOddName has an archive whose name needs quotes and ends with _store. It is archived,
// read, exported, backed up, restored under another such name and taken back. Another archive
// on the same server does not change.
func TestLongOddName(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 4, Calls: 3, QPS: -1})
	in.archive(t, exitDone)
	other := in.number(t, "SELECT count() FROM rooms_data")
	u, err := url.Parse(in.dsn())
	if err != nil {
		t.Fatal(err)
	}
	u.Path += " it's `1`-a_store"
	odd, again := strings.TrimPrefix(u.Path, "/"), strings.TrimPrefix(u.Path, "/")+" again"
	beside := in.store
	drop := func() {
		for _, name := range []string{odd, again} {
			for _, name := range []string{name, catalogue.StoreOf(name)} {
				if err := beside.Conn().Exec(context.WithoutCancel(t.Context()), "DROP DATABASE IF EXISTS "+sqltext.Identifier(name)+" SYNC"); err != nil {
					t.Error(err)
				}
			}
		}
	}
	defer drop()
	in.env = append(in.env, "CLICKHOUSE_DSN="+u.String(), "CALLVAULT_KEEP=400d")
	oddStore, err := connect.Store(t.Context(), u.String(), store.Options{Missing: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	defer oddStore.Close()
	in.store = oddStore
	in.archive(t, exitDone)
	compare(t, in.store, in.truth)
	agree(t, in.store)
	in.verify(t, exitDone)
	dir := t.TempDir()
	for _, args := range [][]string{
		{"status", "--space"}, {"export", filepath.Join(dir, "lake")}, {"backup", "--to", filepath.Join(dir, "backups"), "--verify"}, {"backup", "--to", filepath.Join(dir, "backups")},
		{"replay"}, {"sql", "SELECT * FROM disk_usage"}, {"restore", "--from", filepath.Join(dir, "backups"), "--database", again}, {"migrate", "down", "--yes"}, {"migrate", "up"},
	} {
		if code, out, errs := in.callvault(t.Context(), args...); code != exitDone {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
	if n := in.number(t, "SELECT count() FROM rooms"); n != 0 {
		t.Errorf("%d calls are left after migrate down", n)
	}
	u.Path = "/" + again
	restored, err := connect.Store(t.Context(), u.String(), store.Options{Missing: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	compare(t, restored, in.truth)
	agree(t, restored)
	in.store = beside
	if n := in.number(t, "SELECT count() FROM rooms_data"); n != other {
		t.Errorf("%d calls beside, there were %d", n, other)
	}
}

// TestDoctorNamesRights checks that doctor names missing rights on both databases.
func TestDoctorNamesRights(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 3, Calls: 1, QPS: -1})
	half := `<clickhouse><users><half><password>pw</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
		<grants><query>GRANT ALL ON trtc.*</query><query>GRANT SELECT, CREATE DATABASE ON trtc_store.*</query><query>GRANT CREATE TEMPORARY TABLE ON *.*</query><query>GRANT TABLE ENGINE ON *</query></grants>
	</half></users></clickhouse>`
	srv := embeddedtest.StartWithUsers(t, half)
	_, at, _ := strings.Cut(srv.DSN(), "@")
	in.env = append(slices.Clone(in.env), "CLICKHOUSE_DSN=clickhouse://half:pw@"+at)
	f := in.doctor(t, exitFailed)["rights"]
	const missing = "missing: ALTER DELETE ON `trtc_store`.*, CREATE TABLE ON `trtc_store`.*, DROP TABLE ON `trtc_store`.*, INSERT ON `trtc_store`.*, SELECT ON system.parts"
	if f.Found != missing || f.Try != "GRANT ALL ON `trtc`.* TO `half`; GRANT ALL ON `trtc_store`.* TO `half`; GRANT SELECT ON system.parts TO `half`" {
		t.Errorf("%+v", f)
	}
}
