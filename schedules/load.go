package schedules

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	_ "time/tzdata" // a container may have no time zones
)

//go:embed *.cron
var defaults embed.FS

// Load reads the built-in entries and the *.cron files of dir. A file replaces the
// built-in entry of its name. dir may be "". Entries are sorted by name.
func Load(dir string) ([]Entry, error) {
	entries := map[string]Entry{}
	if err := read(defaults, entries); err != nil {
		return nil, err
	}
	if dir != "" {
		if err := read(os.DirFS(dir), entries); err != nil {
			return nil, err
		}
	}
	all := make([]Entry, 0, len(entries))
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		all = append(all, entries[name])
	}
	return all, nil
}

// read adds the entries of a folder.
func read(folder fs.FS, to map[string]Entry) error {
	files, err := fs.ReadDir(folder, ".")
	if err != nil {
		return fmt.Errorf("read schedules: %w", err)
	}
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".cron")
		if !ok || f.IsDir() {
			continue
		}
		text, err := fs.ReadFile(folder, f.Name())
		if err != nil {
			return fmt.Errorf("read schedules: %w", err)
		}
		if to[name], err = parse(name, strings.TrimPrefix(string(text), "\ufeff")); err != nil {
			return err
		}
	}
	return nil
}
