package schema_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/retry"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

// server is an engine with the test's own users, and the store of a user with all rights.
type server struct {
	*testing.T
	dsn  *url.URL
	root *store.Store
}

const secret = "secret"

// newServer starts an engine that has users with these rights.
func newServer(t *testing.T, users map[string][]string) *server {
	t.Helper()
	var xml strings.Builder
	for name, rights := range users {
		fmt.Fprintf(&xml, "<%s><password>%s</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota><grants>", name, secret)
		for _, right := range rights {
			fmt.Fprintf(&xml, "<query>GRANT %s</query>", right)
		}
		fmt.Fprintf(&xml, "</grants></%s>", name)
	}
	srv := embeddedtest.StartWithUsers(t, "<clickhouse><users>"+xml.String()+"</users></clickhouse>")
	dsn, err := url.Parse(srv.DSN())
	if err != nil {
		t.Fatal(err)
	}
	s := &server{T: t, dsn: dsn}
	s.root = s.as(dsn.User, "default")
	return s
}

// as connects as a user, and creates the database if it is missing.
func (s *server) as(user *url.Userinfo, database string) *store.Store {
	s.Helper()
	u := *s.dsn
	u.User, u.Path = user, "/"+database
	store, err := store.Open(s.Context(), u.String(), store.Options{Missing: store.Create})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { store.Close() })
	return store
}

// TestWhoMayReadWhat makes an archive, whose name needs quoting, as a user with rights on
// its two databases only. An analyst with rights on the database of the relations reads all
// relations, and can read nothing that they do not show.
func TestWhoMayReadWhat(t *testing.T) {
	t.Parallel()
	const name = "o`dd n-me"
	database, tables := sqltext.Identifier(name), sqltext.Identifier(catalogue.StoreOf(name))
	s := newServer(t, map[string][]string{
		"half":   {"ALL ON " + database + ".*"},
		"writer": {"ALL ON " + database + ".*", "ALL ON " + tables + ".*", "SELECT ON system.parts", "TABLE ENGINE ON *"}, // this engine wants the last one
		"reader": {"SELECT ON " + database + ".*"},
	})
	as := func(user string) *store.Store { return s.as(url.UserPassword(user, secret), name) }
	_, err := newSchema(t, as("half"), schema.Options{}).Up(t.Context())
	if err == nil || !strings.HasSuffix(err.Error(), catalogue.Grants(name, "half")) || strings.Contains(err.Error(), "\n") {
		t.Errorf("without rights on the tables: %v", err)
	}
	w := as("writer")
	if _, err := newSchema(t, w, schema.Options{}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, q := range written {
		if err := archive(w).Exec(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}

	a := as("reader")
	var relations []string
	for _, r := range catalogue.Relations() {
		relations = append(relations, r.Name)
	}
	slices.Sort(relations)
	if diff := cmp.Diff(relations, column(t, a, "SHOW TABLES")); diff != "" {
		t.Errorf("relations (-listed +shown):\n%s", diff)
	}
	for _, r := range relations {
		if err := a.Conn().Exec(t.Context(), "SELECT * FROM "+r); err != nil {
			t.Errorf("%s: %v", r, err)
		}
	}
	for r, want := range shown {
		if diff := cmp.Diff(want, rowsIn(t, a, []string{r})[r]); diff != "" {
			t.Errorf("rows of %s (-committed +shown):\n%s", r, diff)
		}
	}
	const denied = 497
	for _, table := range column(t, w, "SELECT name FROM system.tables WHERE database = currentDatabase() || '_store'") {
		if err := a.Conn().Exec(t.Context(), "SELECT count() FROM "+tables+"."+table); retry.Code(err) != denied {
			t.Errorf("an analyst reads %s: %v", table, err)
		}
	}
	makers := "SELECT DISTINCT definer FROM system.tables WHERE database = currentDatabase() AND engine = 'View'"
	if got := column(t, s.as(s.dsn.User, name), makers); !slices.Equal(got, []string{"writer"}) {
		t.Errorf("the views read with the rights of %v", got)
	}
	for _, q := range []string{
		"SHOW TABLES FROM " + tables, "SELECT name FROM system.databases WHERE endsWith(name, '_store')", "SELECT table FROM system.columns WHERE endsWith(database, '_store')",
	} {
		if got := column(t, a, q); len(got) > 0 {
			t.Errorf("an analyst sees %v: %s", got, q)
		}
	}
	// The user who restores an archive makes the views anew.
	root := s.as(s.dsn.User, name)
	if err := newSchema(t, root, schema.Options{}).Views(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := column(t, root, makers); !slices.Equal(got, []string{s.dsn.User.Username()}) {
		t.Errorf("the views made anew read with the rights of %v", got)
	}
}

// TestArchivesBesideEachOther checks that an archive's name may end with _store, and that no
// archive takes a database of another one.
func TestArchivesBesideEachOther(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	up := func(name string) error {
		store := s.as(s.dsn.User, name)
		m := newSchema(t, store, schema.Options{LockWait: time.Minute})
		_, err := m.Up(t.Context())
		if err == nil {
			err = archive(store).Exec(t.Context(), "INSERT INTO rooms_data (load_id, comm_id) VALUES (1, '"+name+"')")
		}
		_, serr := m.Status(t.Context())
		return errors.Join(err, serr)
	}
	for _, name := range []string{"mine", "yours_store"} {
		if err := up(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"mine_store", "yours", "yours_store_store"} {
		if err := up(name); !errors.Is(err, schema.ErrTaken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"mine", "yours_store"} {
		if got := column(t, s.root, "SELECT toString(comm_id) FROM "+name+".rooms"); !slices.Equal(got, []string{name}) {
			t.Errorf("calls of %s: %v", name, got)
		}
		if _, err := newSchema(t, s.as(s.dsn.User, name), schema.Options{}).Down(t.Context(), 0); err != nil {
			t.Error(err)
		}
	}
}
