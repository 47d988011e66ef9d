package main

import (
	"encoding/xml"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/internal/grants"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/retry"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
)

const denied = 497 // ClickHouse's code where a right is missing

// granted is an engine whose users have the rights of roles.
type granted struct {
	*installation
	t    *testing.T
	dsn  *url.URL
	root *store.Store
}

// user is a user of ClickHouse, with the statements that give the rights.
type user struct {
	name       string
	statements []string
	filter     map[string]string // row policies by relation
}

// statementsOf are those of a role for the archive of the embedded engine.
func statementsOf(t *testing.T, columns map[string][]string, r grants.Role, name string) []string {
	t.Helper()
	all, err := grants.Statements(r, grants.Options{Database: embedded.DefaultDatabase, User: name, Columns: columns})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// but are the statements without one.
func but(all []string, i int) []string { return slices.Delete(slices.Clone(all), i, i+1) }

// start starts an engine with the users. The embedded engine takes them from a file.
func startWith(t *testing.T, users []user) *granted {
	t.Helper()
	var b strings.Builder
	escape := func(s string) { _ = xml.EscapeText(&b, []byte(s)) }
	for _, u := range users {
		fmt.Fprintf(&b, "<%s><password>secret</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota><grants>", u.name)
		for _, q := range u.statements {
			b.WriteString("<query>")
			escape(strings.TrimSuffix(q, " TO "+sqltext.Identifier(u.name)))
			b.WriteString("</query>")
		}
		b.WriteString("</grants><databases><" + embedded.DefaultDatabase + ">")
		for relation, filter := range u.filter {
			fmt.Fprintf(&b, "<%s><filter>%s</filter></%s>", relation, filter, relation)
		}
		fmt.Fprintf(&b, "</%s></databases></%s>", embedded.DefaultDatabase, u.name)
	}
	srv := embeddedtest.StartWithUsers(t, "<clickhouse><users>"+b.String()+"</users></clickhouse>")
	u, err := url.Parse(srv.DSN())
	if err != nil {
		t.Fatal(err)
	}
	g := &granted{t: t, dsn: u}
	if g.root, err = store.Open(t.Context(), srv.DSN(), store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.root.Close() })
	return g
}

// of is the DSN of a user.
func (a *granted) of(user string) string {
	u := *a.dsn
	u.User = url.UserPassword(user, "secret")
	return u.String()
}

func (a *granted) as(user string) *store.Store {
	a.t.Helper()
	s, err := store.Open(a.t.Context(), a.of(user), store.Options{Missing: store.Ignore})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { s.Close() })
	return s
}

// TestLongGrants runs the program and the readers with exactly the rights of their roles, and
// with one right less.
func TestLongGrants(t *testing.T) {
	t.Parallel()
	example := install(t, simulator.Options{Seed: 1, Calls: 1, QPS: -1})
	if code, _, errs := example.callvault(t.Context(), "migrate", "up"); code != exitDone {
		t.Fatal(errs)
	}
	columns, err := schema.ColumnsOf(t.Context(), example.store.Conn(), example.store.Database())
	if err != nil {
		t.Fatal(err)
	}
	apps := []uint32{1400000001, 1400000002}
	var users []user
	add := func(name string, r grants.Role) (all []string) {
		all = statementsOf(t, columns, r, name)
		users = append(users, user{name: name, statements: all})
		return all
	}
	add("vault", grants.Archiver)
	add("ann", grants.Analyst)
	add("mask", grants.Masked)
	board := add("board", grants.Dashboard)
	saver := add("saver", grants.Backup)
	users = append(users, user{name: "ann_less", statements: but(statementsOf(t, columns, grants.Analyst, "ann_less"), 4)},
		user{name: "mask_less", statements: but(statementsOf(t, columns, grants.Masked, "mask_less"), 4)})
	for i := range saver {
		name := fmt.Sprint("saver", i)
		users = append(users, user{name: name, statements: but(statementsOf(t, columns, grants.Backup, name), i)})
	}
	for i := range 2 { // the database, and that of the tables
		name := fmt.Sprint("vault", i)
		users = append(users, user{name: name, statements: but(statementsOf(t, columns, grants.Archiver, name), i)})
	}
	for i, app := range apps {
		name, filter := fmt.Sprint("only", i), map[string]string{}
		for _, r := range catalogue.Views() {
			if r != "archive_runs" && r != "disk_usage" {
				filter[r] = fmt.Sprintf("sdk_app_id = %d", app)
			}
		}
		users = append(users, user{name, statementsOf(t, columns, grants.Analyst, name), filter})
	}
	a := startWith(t, users)
	v := newVendor(t, simulator.Options{Seed: 9, Calls: 4, Mix: simulator.MixOneToOne, QPS: -1, Apps: apps, Now: frozen(time.Now().Truncate(time.Second))})
	a.installation = &installation{vendor: v, sim: v.Simulator, now: time.Now, env: environment(t, v, a.of("vault")), store: a.root}
	for i := range 2 {
		if code, _ := a.try(fmt.Sprint("vault", i), "archive"); code == exitDone {
			t.Errorf("a pass does not need %s", statementsOf(t, columns, grants.Archiver, "vault")[i])
		}
	}
	a.archive(t, exitDone)
	for _, args := range [][]string{{"status", "--space"}, {"plan"}, {"verify"}, {"replay"}, {"person", "x"}, {"erase", "--user", "nobody", "--yes"}, {"export", t.TempDir(), "--relation", "calls"}, {"sql", "SELECT count() FROM calls"}} {
		if code, errs := a.try("vault", args...); code != exitDone {
			t.Errorf("%v as the archiver: exit code %d\n%s", args, code, errs)
		}
	}
	a.readers(t, board)
	a.applications(t, apps)
	for i := range saver {
		code, errs := a.try(fmt.Sprint("saver", i), "backup", "--full", "--to", embeddedtest.Dir(t))
		if code == exitDone && errs == "" && !strings.Contains(saver[i], "TEMPORARY") { // which older servers need
			t.Errorf("a backup does not need %s", saver[i])
		}
	}
	if code, errs := a.try("saver", "backup", "--full", "--to", embeddedtest.Dir(t)); code != exitDone {
		t.Errorf("backup as its operator: exit code %d\n%s", code, errs)
	}
}

// try runs the program as a user.
func (a *granted) try(user string, args ...string) (code int, errs string) {
	in := *a.installation
	in.env = append(slices.Clone(in.env), "CLICKHOUSE_DSN="+a.of(user))
	code, _, errs = in.callvault(a.t.Context(), args...)
	return code, errs
}

// readable says which relations a user can read a column of: the first that is not personal,
// and the first that is.
func (a *granted) readable(user string) (plain, personal []string) {
	a.t.Helper()
	s := a.as(user)
	for _, r := range catalogue.Relations() {
		hidden := r.Personal.Columns()
		columns := archivetest.Strings(a.t, a.root.Conn(), "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = ?", r.Name)
		open := slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return slices.Contains(hidden, c) })
		for _, x := range []struct {
			columns []string
			to      *[]string
		}{{open, &plain}, {hidden, &personal}} {
			for _, c := range x.columns {
				err := s.Conn().Exec(a.t.Context(), "SELECT "+sqltext.Identifier(c)+" FROM "+r.Name+" LIMIT 1")
				if err != nil && retry.Code(err) != denied {
					a.t.Fatal(err)
				}
				if err == nil {
					*x.to = append(*x.to, r.Name)
					break
				}
			}
		}
	}
	return plain, personal
}

var all = func() (names []string) {
	for _, r := range catalogue.Relations() {
		names = append(names, r.Name)
	}
	return names
}()

func (a *granted) readers(t *testing.T, board []string) {
	t.Helper()
	if plain, personal := a.readable("ann"); !slices.Equal(plain, all) || len(personal) < 15 {
		t.Errorf("an analyst reads %v, %v", plain, personal)
	}
	if plain, personal := a.readable("mask"); !slices.Equal(plain, all) || len(personal) > 0 {
		t.Errorf("an analyst without personal data reads %v, and personal columns of %v", plain, personal)
	}
	for _, user := range []string{"ann_less", "mask_less"} { // each grant is for one relation
		if plain, _ := a.readable(user); len(plain) != len(all)-1 {
			t.Errorf("%s reads %d relations with a grant less", user, len(plain))
		}
	}
	for _, user := range []string{"ann", "mask", "board", "only0"} {
		s := a.as(user)
		for _, table := range catalogue.Tables() {
			if err := s.Conn().Exec(t.Context(), "SELECT count() FROM "+catalogue.StoreOf(embedded.DefaultDatabase)+"."+table.Name); retry.Code(err) != denied && table.Name != "lease_keeper" {
				t.Errorf("%s reads %s: %v", user, table.Name, err)
			}
		}
	}
	var wanted []string
	for _, q := range board {
		_, relation, _ := strings.Cut(strings.Fields(q)[3], ".")
		wanted = append(wanted, strings.Trim(relation, "`"))
	}
	slices.Sort(wanted)
	if diff := cmp.Diff(readByDashboards(t), wanted); diff != "" {
		t.Errorf("relations of dashboards (-read +granted):\n%s", diff)
	}
}

var fromRelation = regexp.MustCompile(`(?:FROM|JOIN) ([a-z_]+)`)

// readByDashboards lists the relations that the queries of the dashboards name.
func readByDashboards(t *testing.T) (names []string) {
	t.Helper()
	files, _ := filepath.Glob("../../packaging/grafana/dashboards/*.json")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fromRelation.FindAllStringSubmatch(string(text), -1) {
			if slices.Contains(all, m[1]) {
				names = append(names, m[1])
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// applications checks that a policy on a relation shows the rows of one application, and does
// not change what others see. The engine takes policies from its file; it reads the statements
// of the role as they are printed.
func (a *granted) applications(t *testing.T, apps []uint32) {
	t.Helper()
	for i, app := range apps {
		s := a.as(fmt.Sprint("only", i))
		for _, r := range []string{"rooms", "calls", "user_sessions", "quality_samples", "call_users", "quality_days", "events_decoded", "ledger"} {
			var total, mine, want, others uint64
			q := fmt.Sprintf("SELECT count(), countIf(sdk_app_id = %d) FROM %s", app, r)
			archivetest.Each(t, s.Conn(), q, nil, func() {}, &total, &mine)
			archivetest.Each(t, a.as("ann").Conn(), q, nil, func() {}, &others, &want)
			if total != mine || mine != want || others <= want {
				t.Errorf("a reader of %d sees %d rows of %s, %d of them its own; an analyst %d of %d", app, total, r, mine, want, others)
			}
		}
	}
	printed, err := grants.Statements(grants.Analyst, grants.Options{Database: "o`dd", User: "it's `me`", Apps: []call.AppID{1, 2}})
	if err != nil || len(printed) < 40 {
		t.Fatal(printed, err)
	}
	for _, q := range printed {
		if err := a.root.Conn().Exec(t.Context(), "EXPLAIN AST "+q); err != nil {
			t.Errorf("%s: %v", q, err)
		}
		if strings.Contains(q, "archive_runs") || strings.Contains(q, "disk_usage") {
			t.Errorf("it shows what is about all applications: %s", q)
		}
	}
}

// TestPersonalColumns: a column by which a person can be known is in the catalogue.
func TestPersonalColumns(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 1, Calls: 1, QPS: -1})
	if code, _, errs := in.callvault(t.Context(), "migrate", "up"); code != exitDone {
		t.Fatal(errs)
	}
	want := map[string][]string{}
	for _, r := range catalogue.Relations() {
		want[r.Name] = r.Personal.Columns()
	}
	suspicious := regexp.MustCompile(`(^|_)(user_id|peer_id|ip|users|diagnosis|reason|part_key)$`)
	var table, name, kind string
	archivetest.Each(t, in.store.Conn(), "SELECT table, name, type FROM system.columns WHERE database = currentDatabase()", nil, func() {
		counts := strings.HasPrefix(kind, "UInt")
		if listed := slices.Contains(want[table], name); listed != (suspicious.MatchString(name) && !counts) {
			t.Errorf("%s.%s (%s): listed as personal %t", table, name, kind, listed)
		}
	}, &table, &name, &kind)
}
