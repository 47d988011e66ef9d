package upkeep

import (
	"os"
	"testing"
	"time"

	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

var t0 = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func number(t testing.TB, s *store.Store, q string) uint64 {
	t.Helper()
	return archivetest.Number(t, archivetest.Conn(s.Conn(), s.Database()), q)
}

// value checks that a query's only value is want.
func value(t testing.TB, s *store.Store, q string, want uint64) {
	t.Helper()
	if got := number(t, s, q); got != want {
		t.Fatalf("%s: got %d, want %d", q, got, want)
	}
}
