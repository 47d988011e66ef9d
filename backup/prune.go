package backup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// orphaned is the age from which on files without a note count as left by an unfinished
// backup.
const orphaned = 48 * time.Hour

// Prune removes all chains except the latest keep ones from a folder, and what unfinished
// backups have left. Object storage has rules of its own for that.
func Prune(ctx context.Context, p Place, keep int, now time.Time) (removed []string, err error) {
	f, ok := p.(folder)
	if !ok {
		return nil, fmt.Errorf("%w: callvault removes nothing from object storage; let a lifecycle rule do it", ErrPlace)
	}
	notes, err := List(ctx, p)
	if err != nil {
		return nil, err
	}
	var names []string
	latest := kept(notes, keep)
	newest := slices.Max(append(slices.Collect(maps.Keys(latest)), ""))
	for _, n := range slices.Backward(notes) { // an incremental backup goes before its base
		switch {
		case latest[n.chain()]:
		case n.Gone != "" && n.chain() > newest:
			// its files may reappear: it is kept as long as no later chain is kept
		default:
			names = append(names, n.Name)
		}
	}
	left, err := f.orphans(notes, now)
	if err != nil {
		return nil, err
	}
	for _, name := range append(names, left...) {
		if err := f.remove(name); err != nil {
			return removed, fmt.Errorf("remove backup %s: %w", name, err)
		}
		removed = append(removed, name)
	}
	return removed, nil
}

// kept returns the latest keep chains.
func kept(notes []Note, keep int) map[string]bool {
	latest := map[string]bool{}
	for i := len(notes) - 1; i >= 0 && len(latest) < keep; i-- {
		if notes[i].sound() && notes[i].Kind == Full {
			latest[notes[i].Name] = true
		}
	}
	return latest
}

// orphans returns what backups without a note have left.
func (f folder) orphans(notes []Note, now time.Time) (names []string, err error) {
	noted := map[string]bool{}
	for _, n := range notes {
		noted[n.Name] = true
	}
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		began, _, _ := strings.Cut(e.Name(), "Z-")
		at, terr := time.Parse(strings.TrimSuffix(nameTime, "Z"), began)
		if e.IsDir() && backupName.MatchString(e.Name()) && !noted[e.Name()] && terr == nil && now.Sub(at) > orphaned {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// remove removes the note first: without a note the rest is no backup.
func (f folder) remove(name string) error {
	if err := os.Remove(f.path(name + ".json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.RemoveAll(filepath.Join(string(f), name))
}
