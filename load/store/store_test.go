package store

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/test/embeddedtest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dsn := embeddedtest.Database(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	closed := l.Addr().String()
	must(t, l.Close())
	change := func(f func(*url.URL)) string {
		u, err := url.Parse(dsn)
		must(t, err)
		f(u)
		return u.String()
	}
	const secret = "s3cret"
	for name, c := range map[string]struct {
		dsn  string
		want error
	}{
		"empty":        {"", ErrDSN},
		"no scheme":    {"localhost:9000/trtc", ErrDSN},
		"http":         {"http://user:" + secret + "@localhost:8123/trtc", ErrDSN},
		"slash":        {"clickhouse://user:12/" + secret + "@localhost:9000/trtc", ErrDSN},
		"parameter":    {"clickhouse://user:" + secret + "@localhost:9000/trtc?dial_timeout=" + secret, ErrDSN},
		"unreachable":  {"clickhouse://user:" + secret + "@" + closed + "/trtc", ErrUnreachable},
		"unknown host": {"clickhouse://user:" + secret + "@callvault.invalid:9000/trtc", ErrUnreachable},
		"password":     {change(func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), secret) }), ErrAuth},
		"user":         {change(func(u *url.URL) { u.User = url.UserPassword("nobody", secret) }), ErrAuth},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := Open(ctx, c.dsn, Options{})
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "\n") {
				t.Errorf("tells the password or more than a line: %v", err)
			}
			t.Log(err)
		})
	}
}

// TestMissingDatabase checks that Open creates the database only with Create.
func TestMissingDatabase(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(embeddedtest.Database(t))
	must(t, err)
	u.Path += "_`new"
	if _, err := Open(t.Context(), u.String(), Options{}); !errors.Is(err, ErrNoDatabase) {
		t.Fatalf("got %v", err)
	}
	s, err := Open(t.Context(), u.String(), Options{Missing: Ignore})
	must(t, err)
	defer s.Close()
	var there bool
	must(t, s.Conn().QueryRow(t.Context(), "SELECT count() > 0 FROM system.databases WHERE name LIKE '%`new'").Scan(&there))
	if there {
		t.Error("the database was created")
	}
	s, err = Open(t.Context(), u.String(), Options{Missing: Create})
	must(t, err)
	defer s.Close()
	defer func() {
		must(t, s.Conn().Exec(context.Background(), "DROP DATABASE "+sqltext.Identifier(s.Database())))
	}()
	must(t, s.Conn().QueryRow(t.Context(), "SELECT currentDatabase() LIKE '%`new'").Scan(&there))
	if !there {
		t.Error("another database is used")
	}
}

// TestDatabaseOfDSN checks that Options.Database wins over the DSN's database, wherever the
// DSN names it.
func TestDatabaseOfDSN(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"clickhouse://h": "default", "clickhouse://h/": "default", "clickhouse://h/a": "a", "clickhouse://h/a?database=b": "b", "clickhouse://h:1,i:2/a": "a",
		"clickhouse://h/system_of_ours": "system_of_ours",
	} {
		ch, err := parseDSN(dsn, Options{})
		must(t, err)
		other, err := parseDSN(dsn, Options{Database: "other"})
		must(t, err)
		if ch.Auth.Database != want || other.Auth.Database != "other" {
			t.Errorf("%s: %s, and %s", dsn, ch.Auth.Database, other.Auth.Database)
		}
	}
}
