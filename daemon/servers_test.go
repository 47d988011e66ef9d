package daemon

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/migratedtest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }

// TestJudge checks what the daemon does each minute with calls that other limits judged: it
// judges them, and says so once. Without an archive it does nothing.
func TestJudge(t *testing.T) {
	var said bytes.Buffer
	d := &daemon{Options: Options{Log: slog.New(slog.NewTextHandler(&said, nil))}}
	dsn := embeddedtest.Database(t)
	s := migratedtest.Connect(t, dsn)
	d.store.Store(s)
	if err := d.judge(t.Context()); err != nil || said.Len() > 0 {
		t.Errorf("no archive: %v\n%s", err, &said)
	}
	migratedtest.Migrate(t, s)
	if err := s.StoreConn().Exec(t.Context(), "INSERT INTO calls_data (load_id, sdk_app_id, comm_id) VALUES (1, 1, 'a')"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.judge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(said.String(), "which were changed"); n != 1 {
		t.Errorf("said %d times:\n%s", n, &said)
	}
	var limits string
	if err := s.StoreConn().QueryRow(t.Context(), "SELECT judged_by FROM calls_data").Scan(&limits); err != nil || limits != "2 5 10 1 5 10 15 10 5 100 200 400 60 85 95" {
		t.Errorf("judged by %q, %v", limits, err)
	}
}
