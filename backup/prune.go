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

// orphaned is how old something without a note is when it counts as left by a
// backup that was cut short.
const orphaned = 48 * time.Hour

// Prune removes, from a folder, all but the latest keep chains, and what backups
// that were cut short have left. Object storage has rules of its own for that.
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
	for _, n := range slices.Backward(notes) { // what stands on another goes before it
		switch {
		case latest[n.chain()]:
		case n.Gone != "" && !slices.ContainsFunc(slices.Collect(maps.Keys(latest)), func(l string) bool { return l > n.chain() }):
			// its files may come back: it stays as long as no chain after it is kept
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

// kept are the latest keep chains.
func kept(notes []Note, keep int) map[string]bool {
	latest := map[string]bool{}
	for i := len(notes) - 1; i >= 0 && len(latest) < keep; i-- {
		if notes[i].sound() && notes[i].Kind == Full {
			latest[notes[i].Name] = true
		}
	}
	return latest
}

// orphans are what backups without a note have left.
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

// remove takes the note first: what is left of a backup then is none.
func (f folder) remove(name string) error {
	if err := os.Remove(f.path(name + ".json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.RemoveAll(filepath.Join(string(f), name))
}
