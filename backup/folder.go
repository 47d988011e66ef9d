package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/callvault/callvault/internal/sqltext"
)

// folder is an absolute path, the same for ClickHouse and for this program.
type folder string

func (f folder) String() string { return string(f) }

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

func (f folder) expression(name string) string { return "File(" + sqltext.Literal(f.path(name)) + ")" }

func (f folder) onBase(base string) []string { return []string{"base_backup = " + f.expression(base)} }

func (f folder) mask(text string) string { return text }

func (f folder) notes(context.Context) ([][]byte, error) {
	names, err := filepath.Glob(f.path("*Z-*.json"))
	if err != nil {
		return nil, err
	}
	var files [][]byte
	for _, name := range names {
		if !backupName.MatchString(strings.TrimSuffix(filepath.Base(name), ".json")) {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, text)
	}
	return files, nil
}

// there counts a folder that this program may not read as a backup.
func (f folder) there(context.Context) (map[string]bool, error) {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, e := range entries {
		if !e.IsDir() || !backupName.MatchString(e.Name()) {
			continue
		}
		if _, err := os.Stat(filepath.Join(f.path(e.Name()), listOf)); !errors.Is(err, os.ErrNotExist) {
			found[e.Name()] = true
		}
	}
	return found, nil
}

func (f folder) begun(_ context.Context, name string) bool {
	_, err := os.Stat(filepath.Join(f.path(name), ofShards))
	return err == nil
}

// write moves the note into its place when it is whole and on the disk.
func (f folder) write(_ context.Context, name string, note []byte) error {
	return renameio.WriteFile(f.path(name+".json"), note, 0o600, renameio.WithTempDir(string(f)))
}

func (f folder) read(_ context.Context, name string) ([]byte, error) {
	text, err := os.ReadFile(f.path(name + ".json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

func (f folder) complete(_ context.Context, name string) error {
	if _, err := os.Stat(f.path(name)); err != nil {
		return fmt.Errorf("%w: ClickHouse has written %s to its own disk, where this program does not see it; mount one folder under one path for both, or use s3://", ErrPlace, f.path(name))
	}
	return nil
}
