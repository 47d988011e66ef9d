package backup

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/migratedtest"
)

// archive returns a database with the schema and a call that is not committed.
func archive(t *testing.T) *store.Store {
	t.Helper()
	s := migratedtest.Open(t)
	exec(t, s,
		"INSERT INTO hidden_loads (load_id, step) VALUES (1, 'opened')",
		"INSERT INTO rooms_data VALUES (1, 1, 'a', 'r', 1000, NULL, false, 'u'), (2, 1, 'b', 'r', 1000, NULL, false, 'u')",
		"INSERT INTO raw_responses (response_id, asked_at, run_id, sdk_app_id, action, request, body, expires_at) VALUES (1, 0, '', 1, '', '', 'soon', today()), (2, 0, '', 1, '', '', 'later', today() + 9)",
	)
	return s
}

func exec(t *testing.T, s *store.Store, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if err := s.StoreConn().Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
}

// TestContentsAreOfOneMoment changes the tables while the contents are read, as a pass does
// when it commits and purges.
func TestContentsAreOfOneMoment(t *testing.T) {
	t.Parallel()
	s := archive(t)
	want, err := contentsOf(t.Context(), s.Conn(), s.Cluster(), s.Database(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := contents(t.Context(), s.Conn(), s.Cluster(), s.Database(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, s,
		"INSERT INTO hidden_loads (load_id, step) VALUES (1, 'committed'), (2, 'replaced')",
		"INSERT INTO rooms_data VALUES (3, 1, 'c', 'r', 1000, NULL, false, 'u')",
		"DELETE FROM rooms_data WHERE load_id = 2",
		"OPTIMIZE TABLE rooms_data FINAL",
	)
	got, err := rows.read()
	if err != nil {
		t.Fatal(err)
	}
	if d := compare(want, got, time.Now()); len(d) > 0 {
		t.Errorf("what was read has changed: %v", d)
	}
	now, err := contentsOf(t.Context(), s.Conn(), s.Cluster(), s.Database(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	differs := map[string]bool{}
	for _, d := range compare(want, now, time.Now()) {
		differs[d.Of] = true
	}
	if diff := cmp.Diff(map[string]bool{"hidden_loads": true, "rooms_data": true, "rooms": true}, differs); diff != "" {
		t.Error(diff)
	}
}

// TestCompare finds missing, additional and different rows, and ignores expired ones.
func TestCompare(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	wanted := []Content{{"a", 1, "0A"}, {"b", 2, "0B"}, {"c", 3, "0C"}, {expiring + "2026-11-25", 4, "0D"}, {expiring + "2026-12-25", 5, "0E"}}
	restored := []Content{{"a", 1, "0A"}, {"b", 2, "FF"}, {"d", 4, "0D"}, {expiring + "2026-12-25", 4, "0E"}}
	want := []string{
		"b: its 2 rows have a different checksum in the archive",
		"c: 3 rows are missing",
		"raw_responses expiring 2026-12-25: 4 rows, the archive had 5",
		"d: 4 rows that the archive did not have",
	}
	var got []string
	for _, d := range compare(wanted, restored, now) {
		got = append(got, d.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
