// Package migratedtest gives tests an archive of their own: a database with the schema, in
// the engine of embeddedtest.
package migratedtest

import (
	"testing"

	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

// Database makes an archive and returns its DSN.
func Database(t testing.TB) (dsn string) {
	t.Helper()
	dsn = embeddedtest.Database(t)
	Migrate(t, Connect(t, dsn))
	return dsn
}

// Migrate brings the schema of an archive up.
func Migrate(t testing.TB, s *store.Store) {
	t.Helper()
	m, err := schema.New(s.ClickHouse(), schema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Connect connects to an archive until the end of the test.
func Connect(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Open makes an archive and connects to it.
func Open(t testing.TB) *store.Store {
	t.Helper()
	return Connect(t, Database(t))
}
