package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

// Results of a command.
const (
	works   = ""
	refused = "refused" // exit code 1, one line
	creates = "creates" // it makes or fills the databases; not tried
	apart   = "apart"   // it does not use the archive

	elsewhere = "elsewhere" // console_test.go tries it
)

// commands has every command, and what it does if the database is missing or the archive is
// newer than the program.
var commands = []struct {
	args           string
	reads          bool // it must change nothing
	missing, newer string
}{
	{"archive", false, creates, refused},
	{"plan", true, refused, refused},
	{"serve", false, creates, refused},
	{"schedules", true, works, works},
	{"status", true, refused, refused},
	{"status --space", true, refused, refused},
	{"verify", false, refused, refused},
	{"doctor", true, works, "a finding"},
	{"replay", false, refused, refused},
	{"export DIR/lake", true, refused, refused},
	{"console --listen 127.0.0.1:0", false, elsewhere, refused},
	{"report CALL -o DIR/call.html", false, elsewhere, refused},
	{"backup --to DIR/backups", false, refused, refused},
	{"backup list --to DIR/backups", true, works, works},
	{"backup verify --to DIR/backups", false, creates, works},
	{"restore --from DIR/backups", false, creates, creates},
	{"person somebody", true, refused, refused},
	{"erase --user somebody --yes", false, refused, refused},
	{"judge", false, refused, refused},
	{"grants analyst --user somebody", true, works, works},
	{"migrate up", false, creates, refused},
	{"migrate down --yes", false, refused, refused},
	{"migrate status", true, refused, works},
	{"migrate force 1", false, refused, refused},
	{"sql SELECT+1", true, refused, works},
	{"demo", false, apart, apart},
	{"clickhouse", false, apart, apart},
	{"simulate", false, apart, apart},
	{"man DIR/man", false, apart, apart},
}

// leaves returns the commands without subcommands.
func leaves(cmd *cobra.Command) (all []*cobra.Command) {
	for _, sub := range cmd.Commands() {
		all = append(all, leaves(sub)...)
	}
	if cmd.HasParent() && (cmd.Annotations[annotation] != "" || !cmd.HasSubCommands()) {
		all = append(all, cmd)
	}
	return all
}

// TestHelpTellsChanges checks that the help of every command says in one line what it
// changes, and that the tests of this file try it.
func TestHelpTellsChanges(t *testing.T) {
	for _, cmd := range leaves(newRoot(&process{})) {
		path := strings.TrimPrefix(cmd.CommandPath(), "callvault ")
		if n := strings.Count(cmd.Long, "\n\nChanges: "); n != 1 || !strings.HasSuffix(cmd.Long, ".") {
			t.Errorf("%s: the help says %d times what it changes:\n%s", path, n, cmd.Long)
		}
		tried := slices.IndexFunc(commands, func(c struct {
			args           string
			reads          bool
			missing, newer string
		}) bool {
			return c.args == path || strings.HasPrefix(c.args, path+" ")
		})
		if tried < 0 {
			t.Errorf("%s is not in the list", path)
			continue
		}
		nothing := strings.Contains(cmd.Annotations[annotation], "nothing") && !strings.Contains(cmd.Annotations[annotation], "databases")
		if c := commands[tried]; nothing != c.reads && c.missing != apart && c.missing != elsewhere {
			t.Errorf("%s changes %s", path, cmd.Annotations[annotation])
		}
	}
}

// tables lists all tables of a server except its own, with their numbers of rows.
func tables(t *testing.T, s *store.Store) (all []string) {
	t.Helper()
	const q = `SELECT arraySort(groupArray(name)) FROM (
		SELECT name FROM system.databases UNION ALL
		SELECT concat(database, '.', name, ' ', toString(uuid), ' ', toString(total_rows), ' ', create_table_query) FROM system.tables WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema'))`
	if err := s.Conn().QueryRow(t.Context(), q).Scan(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// apartFromOthers installs a vendor and a ClickHouse of the test's own, with a user who
// may only read.
func apartFromOthers(t *testing.T) (in *installation, reader string) {
	t.Helper()
	in = install(t, simulator.Options{Seed: 3, Calls: 2, QPS: -1})
	const reading = `<clickhouse><users><reader><password>pw</password><networks><ip>127.0.0.1</ip></networks><profile>reader</profile><quota>default</quota>
		<grants><query>GRANT SELECT, SHOW ON trtc.*</query><query>GRANT SELECT, SHOW ON trtc_store.*</query><query>GRANT SELECT ON system.*</query></grants>
	</reader></users><profiles><reader><readonly>2</readonly></reader></profiles></clickhouse>`
	srv := embeddedtest.StartWithUsers(t, reading)
	store, err := store.Open(t.Context(), srv.DSN(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	in.store = store
	in.env = slices.DeleteFunc(in.env, func(v string) bool { return strings.HasPrefix(v, "CLICKHOUSE_DSN=") })
	in.env = append(in.env, "CLICKHOUSE_DSN="+srv.DSN())
	u, err := url.Parse(srv.DSN())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("reader", "pw")
	return in, u.String()
}

// arguments returns the arguments of a command of the list.
func arguments(args, dir string) []string {
	all := strings.Fields(strings.ReplaceAll(args, "DIR", dir))
	for i := range all {
		all[i] = strings.ReplaceAll(all[i], "+", " ")
	}
	return all
}

// TestLongReadersChangeNothing lists databases and tables before and after each command that
// changes nothing: with an archive, with a missing database, and with a read-only user.
func TestLongReadersChangeNothing(t *testing.T) {
	t.Parallel()
	in, reader := apartFromOthers(t)
	own, dsn := in.env, in.dsn()
	in.archive(t, exitDone)
	dir := t.TempDir()
	missing := strings.Replace(dsn, "/trtc", "/trtcc", 1)
	for name, dsn := range map[string]string{"archive": dsn, "missing": missing, "reader": reader} {
		in.env = append(slices.Clone(own), "CLICKHOUSE_DSN="+dsn)
		for _, c := range commands {
			if !c.reads && (name != "missing" || c.missing != refused) {
				continue
			}
			before := tables(t, in.store)
			code, out, errs := in.callvault(t.Context(), arguments(c.args, filepath.Join(dir, name))...)
			if diff := cmp.Diff(before, tables(t, in.store)); diff != "" {
				t.Errorf("%s, %s: changes\n%s", name, c.args, diff)
			}
			switch {
			case name == "missing" && c.missing == refused:
				if code != exitFailed || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, `database "trtcc": the database does not exist`) || out != "" {
					t.Errorf("%s, %s: exit code %d\n%s%s", name, c.args, code, out, errs)
				}
			case name == "reader" && c.args == "doctor":
				if code != exitFailed || !strings.Contains(out, "GRANT ALL ON `trtc`.* TO `reader`") {
					t.Errorf("%s, %s: exit code %d\n%s%s", name, c.args, code, out, errs)
				}
			case code != exitDone:
				t.Errorf("%s, %s: exit code %d\n%s%s", name, c.args, code, out, errs)
			}
		}
	}
}

// TestLongNewerArchive checks that a program refuses an archive that a newer program has
// changed, in one line with both versions, and leaves it alone.
func TestLongNewerArchive(t *testing.T) {
	t.Parallel()
	in, _ := apartFromOthers(t)
	in.archive(t, exitDone)
	known := in.number(t, "SELECT toUInt64(max(version)) FROM trtc_store.schema_migrations")
	if err := in.store.Conn().Exec(t.Context(), "INSERT INTO trtc_store.schema_migrations (version, dirty, sequence) SELECT 9999, 0, max(sequence) + 1 FROM trtc_store.schema_migrations"); err != nil {
		t.Fatal(err)
	}
	says := fmt.Sprintf("the archive has version 9999 of the schema, and this program knows no more than version %d: update callvault", known)
	dir := t.TempDir()
	for _, c := range commands {
		before := tables(t, in.store)
		switch c.newer {
		case refused:
			code, out, errs := in.callvault(t.Context(), arguments(c.args, dir)...)
			if code != exitFailed || !strings.Contains(errs, says) || strings.Count(errs, "callvault: ") != 1 || c.args != "serve" && strings.Count(errs, "\n") != 1 {
				t.Errorf("%s: exit code %d\n%s%s", c.args, code, out, errs)
			}
		case "a finding":
			if f := in.doctor(t, exitFailed)["schema"]; !strings.Contains(f.Found, "version 9999") || f.Try != "update callvault" {
				t.Errorf("doctor: %+v", f)
			}
		case works:
			if code, out, errs := in.callvault(t.Context(), arguments(c.args, dir)...); code != exitDone && c.args != "backup verify --to DIR/backups" {
				t.Errorf("%s: exit code %d\n%s%s", c.args, code, out, errs)
			}
		}
		if diff := cmp.Diff(before, tables(t, in.store)); diff != "" {
			t.Errorf("%s: changes\n%s", c.args, diff)
		}
	}
}

// TestWhichDatabase checks that a DSN without a path means the database default, and that
// ClickHouse's own databases are refused.
func TestWhichDatabase(t *testing.T) {
	t.Parallel()
	in, _ := apartFromOthers(t)
	own, trtc := in.env, in.dsn()
	for _, database := range []string{"system", "information_schema", "INFORMATION_SCHEMA"} {
		for _, dsn := range []string{strings.Replace(trtc, "/trtc", "/"+database, 1), trtc + "?database=" + database} {
			in.env = append(slices.Clone(own), "CLICKHOUSE_DSN="+dsn)
			code, _, errs := in.callvault(t.Context(), "archive")
			if code != exitUsage || !strings.Contains(errs, "CLICKHOUSE_DSN: ") || !strings.Contains(errs, "the database "+database+" is ClickHouse's own") {
				t.Errorf("%s: exit code %d\n%s", database, code, errs)
			}
		}
	}
	for _, dsn := range []string{strings.Replace(trtc, "/trtc", "", 1), strings.Replace(trtc, "/trtc", "/", 1)} {
		in.env = append(slices.Clone(own), "CLICKHOUSE_DSN="+dsn)
		in.archive(t, exitDone)
		if n := in.number(t, "SELECT count() FROM default.rooms"); n != 2 {
			t.Errorf("%d calls in default", n)
		}
	}
}
