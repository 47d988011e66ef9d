package backup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noted puts the folder and the note of a backup in a place.
func noted(t *testing.T, p folder, n Note) {
	t.Helper()
	if err := os.MkdirAll(p.path(n.Name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.path(n.Name), listOf), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeNote(t.Context(), p, n); err != nil {
		t.Fatal(err)
	}
}

// TestPrune keeps two chains and removes only old leftovers. A full backup that differs does
// not count as a chain.
func TestPrune(t *testing.T) {
	t.Parallel()
	p := folder(t.TempDir())
	day := func(d int) time.Time { return time.Date(2026, 11, d, 2, 0, 0, 0, time.UTC) }
	full := func(d int) string { return nameOf(day(d), Full) }
	part := func(d int) string { return nameOf(day(d), Incremental) }
	for _, n := range []Note{
		{Name: full(1), Kind: Full}, {Name: part(2), Kind: Incremental, Base: full(1)},
		{Name: full(8), Kind: Full}, {Name: part(9), Kind: Incremental, Base: full(8)},
		{Name: full(15), Kind: Full}, {Name: full(16), Kind: Full, Differs: []string{"rooms: 1 rows are missing"}},
	} {
		noted(t, p, n)
	}
	for _, name := range []string{full(3), part(21), "of-somebody-else"} {
		if err := os.Mkdir(p.path(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := Prune(t.Context(), p, 2, day(22))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{full(16), part(2), full(1), full(3)}, removed); diff != "" {
		t.Error(diff)
	}
	left, err := filepath.Glob(p.path("*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	want := []string{"of-somebody-else", part(21)}
	for _, name := range []string{full(8), part(9), full(15)} {
		want = append(want, name, name+".json")
	}
	slices.Sort(want)
	slices.Sort(left)
	if diff := cmp.Diff(want, left); diff != "" {
		t.Error(diff)
	}
}

// TestBase checks that the base is the latest full backup that is young enough and has no
// known fault.
func TestBase(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)
	notes := []Note{
		{Name: "1", Kind: Full, Began: now.AddDate(0, 0, -5)},
		{Name: "2", Kind: Full, Began: now.AddDate(0, 0, -3), Differs: []string{"x"}},
		{Name: "3", Kind: Incremental, Base: "1", Began: now.AddDate(0, 0, -1)},
	}
	for days, want := range map[int]bool{7: true, 4: false, 0: false} {
		if n, ok, lost := latestFull(notes, now.AddDate(0, 0, -days)); ok != want || n.Name != "1" || lost != "" {
			t.Errorf("%d days: %v %v %q", days, n.Name, ok, lost)
		}
	}
	notes = append(notes, Note{Name: "4", Kind: Full, Began: now.AddDate(0, 0, -2), Gone: "4"})
	if n, ok, lost := latestFull(notes, now.AddDate(0, 0, -7)); !ok || n.Name != "1" || lost != "4" {
		t.Errorf("a later one is gone: %v %v %q", n.Name, ok, lost)
	}
	if n, ok, lost := latestFull(notes[3:], now.AddDate(0, 0, -7)); ok || lost != "4" {
		t.Errorf("the only one is gone: %v %v %q", n.Name, ok, lost)
	}
}

// TestGone checks backups whose files were removed, and those based on them: they are listed
// as gone, found with the reason, and pruned only after later ones.
func TestGone(t *testing.T) {
	t.Parallel()
	p := folder(t.TempDir())
	day := func(d int) time.Time { return time.Date(2026, 11, d, 2, 0, 0, 0, time.UTC) }
	full := func(d int) string { return nameOf(day(d), Full) }
	part := nameOf(day(9), Incremental)
	for _, n := range []Note{{Name: full(1), Kind: Full}, {Name: full(8), Kind: Full}, {Name: part, Kind: Incremental, Base: full(8)}} {
		noted(t, p, n)
	}
	if err := os.RemoveAll(p.path(full(8))); err != nil {
		t.Fatal(err)
	}
	notes, err := List(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	gone := map[string]string{}
	for _, n := range notes {
		gone[n.Name] = n.Gone
	}
	if diff := cmp.Diff(map[string]string{full(1): "", full(8): full(8), part: full(8)}, gone); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"", part, full(8)} {
		if _, err := Find(notes, name); !errors.Is(err, ErrGone) || !strings.Contains(err.Error(), full(8)) {
			t.Errorf("find %q: %v", name, err)
		}
	}
	if removed, err := Prune(t.Context(), p, 1, day(10)); err != nil || len(removed) > 0 {
		t.Errorf("removed %v, %v", removed, err)
	}
	noted(t, p, Note{Name: full(11), Kind: Full})
	removed, err := Prune(t.Context(), p, 1, day(12))
	if diff := cmp.Diff([]string{part, full(8), full(1)}, removed); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
