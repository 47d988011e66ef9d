//go:build versions

package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/servertest"
)

// volatile relations tell when something was done, and what is on disk.
var volatile = []string{"archive_runs", "disk_usage", "ledger"}

// TestVersions goes through an archive's life on each version of ClickHouse, and holds
// what it shows against the vendor's truth and against the newest version.
func TestVersions(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	v := newVendor(t, simulator.Options{
		Seed: setting(t, "CALLVAULT_SEED", uint64(41)), Calls: 6, Mix: simulator.MixAll, Troubles: true, Statistics: true, QPS: -1,
		Apps: []uint32{1400353843, 1400353844}, Now: frozen(now),
	})
	var newest map[string]string
	for _, r := range slices.Backward(servertest.Releases) {
		t.Run(r.String(), func(t *testing.T) {
			server := r.Start(t)
			in := installOn(t, server, v, now)
			in.env = append(in.env, "CALLVAULT_REALTIME=true")
			in.migrates(t)
			in.archive(t, exitDone)
			compare(t, in.store, in.truth)
			shown := in.shown(t, "trtc", alike)
			if newest == nil {
				newest = shown
			}
			if diff := cmp.Diff(newest, shown); diff != "" {
				t.Errorf("the relations are not those of the newest version (-), but (+):\n%s", diff)
			}
			exact := in.shown(t, "trtc", same)
			if diff := cmp.Diff(exact, in.shown(t, "trtc", withNulls)); diff != "" {
				t.Errorf("with join_use_nulls = 1 there come (+):\n%s", diff)
			}
			in.healthy(t)
			in.verify(t, exitDone, "--all")
			in.restores(t)
			in.survives(t, server, v, now)
		})
	}
}

// rights are the statements of docs/operations.md that make the users.
var rights = regexp.MustCompile("(?m)^((?:CREATE USER|GRANT) [^;]*);")

// TestVersionsRights archives as a user who may no more than docs/operations.md says, and
// reads as its analyst.
func TestVersionsRights(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	v := newVendor(t, simulator.Options{Seed: 41, Calls: 2, Mix: simulator.MixOneToOne, QPS: -1, Now: frozen(now)})
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	all := rights.FindAllStringSubmatch(string(page), -1)
	if len(all) < 8 {
		t.Fatalf("docs/operations.md has %d statements", len(all))
	}
	for _, r := range servertest.Releases {
		if !r.MakesUsers() {
			continue
		}
		t.Run(r.String(), func(t *testing.T) {
			server := r.Start(t)
			as := func(user string) string {
				return regexp.MustCompile("//[^@]*@").ReplaceAllString(server.DatabaseDSN("trtc"), "//"+user+":%E2%80%A6@")
			}
			for _, m := range all[:8] {
				if _, err := server.Query(t.Context(), regexp.MustCompile(`\bcallvault\b`).ReplaceAllString(m[1], "archivist")); err != nil {
					t.Fatalf("%s: %v", m[1], err)
				}
			}
			in := &installation{now: frozen(now), env: environment(t, v, as("archivist"))}
			in.does(t, "migrate", "up")
			in.does(t, "archive", "--quiet")
			in.does(t, "archive", "--quiet")
			in.healthy(t)
			in.env = environment(t, v, as("analyst"))
			in.does(t, "sql", "SELECT * FROM calls")
			if code, _, _ := in.callvault(t.Context(), "sql", "SELECT count() FROM trtc_store.rooms_data"); code == exitDone {
				t.Error("the analyst reads the store")
			}
		})
	}
}

// TestReader lets a version of which there is no server read what another has written.
func TestReader(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	v := newVendor(t, simulator.Options{Seed: 41, Calls: 5, Mix: simulator.MixAll, Troubles: true, Statistics: true, QPS: -1, Apps: []uint32{1400353843, 1400353844}, Now: frozen(now)})
	server := servertest.Releases[2].Start(t) // the one before
	in := installOn(t, server, v, now)
	in.env = append(in.env, "CALLVAULT_REALTIME=true")
	in.archive(t, exitDone)
	for _, as := range []sight{same, withNulls} {
		want, asked := in.shown(t, "trtc", as), in.asks(t, "trtc", as)
		views := slices.Sorted(maps.Keys(asked))
		var statements []string
		for _, view := range views {
			statements = append(statements, asked[view])
		}
		got := map[string]string{}
		for i, result := range servertest.Reader.Read(t, server, statements) {
			got[views[i]] = result
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ClickHouse %s reads (+):\n%s", servertest.Reader, diff)
		}
		server.Restart(t)
		in = installOn(t, server, v, now)
	}
}

// TestTooOld says what a server is told that is older than any that works.
func TestTooOld(t *testing.T) {
	server := servertest.TooOld.Start(t)
	v := newVendor(t, simulator.Options{Seed: 1, Calls: 1, QPS: -1})
	in := &installation{now: time.Now, env: environment(t, v, server.DatabaseDSN("trtc"))}
	for _, args := range [][]string{{"migrate", "up"}, {"archive", "--quiet"}, {"serve"}, {"status"}, {"doctor"}} {
		code, out, errs := in.callvault(t.Context(), args...)
		said := errs
		if args[0] == "doctor" {
			said = out
		}
		if code != exitFailed || !strings.Contains(said, "ClickHouse is too old: it is version "+servertest.TooOld.Version+"; use "+store.Oldest+" or newer") ||
			args[0] != "doctor" && strings.Count(said, "\n") != 1 {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
	if n, err := server.Query(t.Context(), "SELECT count() FROM system.tables WHERE startsWith(database, 'trtc')"); err != nil || n != "0" {
		t.Errorf("it has %s tables, %v", n, err)
	}
}

// installOn joins a vendor with a server. The program's time is the vendor's.
func installOn(t *testing.T, server *servertest.Server, v *vendor, now time.Time) *installation {
	t.Helper()
	in := installAt(t, v, server.DatabaseDSN("trtc"), now)
	in.now = frozen(now)
	return in
}

// does runs a command that must succeed.
func (in *installation) does(t *testing.T, args ...string) {
	t.Helper()
	if code, _, errs := in.callvault(t.Context(), args...); code != exitDone {
		t.Fatalf("%s: exit code %d: %s", strings.Join(args, " "), code, errs)
	}
}

// migrates goes up, all the way down and up again.
func (in *installation) migrates(t *testing.T) {
	t.Helper()
	in.does(t, "migrate", "up")
	in.does(t, "migrate", "down", "--yes")
	in.does(t, "migrate", "up")
	in.does(t, "migrate", "status")
}

// healthy lets doctor look. ClickHouse 24.8 cannot be asked for rights.
func (in *installation) healthy(t *testing.T) {
	t.Helper()
	bad := in.doctor(t, exitDone)
	if bad["rights"].Found == "cannot be checked on this server" {
		delete(bad, "rights")
	}
	if len(bad) > 0 {
		t.Errorf("doctor: %+v", bad)
	}
}

// sight is how relations are looked at: %s in number stands for a column of numbers.
type sight struct{ number, settings string }

var (
	same      = sight{"%s", ""}
	withNulls = sight{"%s", ", join_use_nulls = 1"}
	// alike leaves out the order in which numbers were added up.
	alike = sight{"toFloat32(%s)", ""}
)

// shown tells the rows of each relation of a database, and a checksum of them where they
// say nothing of when they were written.
func (in *installation) shown(t *testing.T, database string, as sight) map[string]string {
	t.Helper()
	all := map[string]string{}
	for view, q := range in.asks(t, database, as) {
		all[view] = strings.Join(in.strings(t, q), "")
		if strings.HasPrefix(all[view], "0 ") {
			t.Errorf("%s.%s has no rows", database, view)
		}
	}
	if len(all) < 17 {
		t.Errorf("%d relations", len(all))
	}
	return all
}

// asks are the queries of shown. One thread adds up numbers in one order.
func (in *installation) asks(t *testing.T, database string, as sight) map[string]string {
	t.Helper()
	all := map[string]string{}
	views := in.strings(t, "SELECT name FROM system.tables WHERE database = '"+database+"' AND engine = 'View'")
	for _, view := range views {
		from := fmt.Sprintf("%s.%s SETTINGS max_threads = 1%s", database, view, as.settings)
		q := fmt.Sprintf("SELECT concat(toString(count()), ' rows, ', toString(sum(sipHash64(row)))) FROM (SELECT toString(tuple(%s)) AS row FROM %s)", in.columnsAs(t, database, view, as), from)
		switch {
		case slices.Contains(volatile, view):
			q = "SELECT if(count() > 0, 'some rows', '0 rows') FROM (SELECT * FROM " + from + ")"
		case view == "quality_streams" && as == alike: // a stream may be in several rows, which add up
			q = "SELECT concat(toString(uniqExact(comm_id, user_id, peer_id, day)), ' streams, ', toString(sum(rtt_samples)), ' values') FROM (SELECT * FROM " + from + ")"
		}
		all[view] = q
	}
	return all
}

// columnsAs lists the columns of a relation as they are read.
func (in *installation) columnsAs(t *testing.T, database, view string, as sight) string {
	t.Helper()
	var all []string
	for _, c := range in.strings(t, "SELECT concat(if(match(type, 'Float64.?$') AND NOT match(type, '^Array'), 'n', 't'), name) FROM system.columns WHERE database = '"+database+"' AND table = '"+view+"' ORDER BY position") {
		if name := "`" + c[1:] + "`"; c[0] == 'n' {
			all = append(all, fmt.Sprintf(as.number, name))
		} else {
			all = append(all, name)
		}
	}
	return strings.Join(all, ", ")
}

// restores backs the archive up, whole and what has come since, and restores it beside.
func (in *installation) restores(t *testing.T) {
	t.Helper()
	to := t.TempDir()
	in.does(t, "backup", "--to", to, "--verify")
	in.does(t, "archive", "--again", "--quiet")
	in.does(t, "backup", "--to", to, "--verify")
	if notes := backups(t, in.store, to); len(notes) != 2 || notes[1].Base != notes[0].Name {
		t.Errorf("backups %+v", notes)
	}
	in.does(t, "restore", "--from", to, "--database", "beside")
	if diff := cmp.Diff(in.shown(t, "trtc", same), in.shown(t, "beside", same)); diff != "" {
		t.Errorf("restored (+) is not what was archived (-):\n%s", diff)
	}
}

// survives kills the server: its tables are as they were, and a pass goes through.
func (in *installation) survives(t *testing.T, server *servertest.Server, v *vendor, now time.Time) {
	t.Helper()
	want := in.shown(t, "trtc", same)
	server.Restart(t)
	again := installOn(t, server, v, now)
	again.now = frozen(now)
	if diff := cmp.Diff(want, again.shown(t, "trtc", same)); diff != "" {
		t.Errorf("after a restart the relations are (+):\n%s", diff)
	}
	again.archive(t, exitDone)
}

// tests are those of other packages that a version must pass, too.
var tests = map[string]string{
	"./test/analyst": "^(TestCookbook|TestLongViewsWithAClientsSettings)$",
	"./backup":       "^Test[^L]",
	"./load/...":     "^Test[^L]",
}

// TestVersionsInOtherPackages runs tests of other packages on each version.
func TestVersionsInOtherPackages(t *testing.T) {
	for _, r := range servertest.Releases {
		t.Run(r.String(), func(t *testing.T) {
			server := r.Start(t)
			for _, name := range slices.Sorted(maps.Keys(tests)) {
				cmd := exec.CommandContext(t.Context(), "go", "test", "-count", "1", "-p", "1", "-run", tests[name], name)
				cmd.Dir = "../.."
				cmd.Env = append(os.Environ(), "CALLVAULT_TEST_SERVER="+server.Dir)
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Errorf("go test %s: %v", name, err)
				}
				t.Logf("%s", out)
			}
		})
	}
}
