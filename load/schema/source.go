package schema

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/golang-migrate/migrate/v4/source"
)

// file is one version of the schema: NNNN_name.
type file struct {
	version uint
	name    string
}

// files is golang-migrate's source over a Schema's files, in order of version.
// A migration's first line names its file, for the driver's errors.
type files struct {
	schema *Schema
	all    []file
}

// list finds the versions. Each must have a way up and a way down.
func list(fsys fs.FS) ([]file, error) {
	names, err := fs.Glob(fsys, "*.up.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	valid := regexp.MustCompile(`^([0-9]{4})_([a-z0-9_]+)$`)
	var all []file
	for _, name := range names {
		m := valid.FindStringSubmatch(strings.TrimSuffix(name, ".up.sql"))
		if m == nil {
			return nil, fmt.Errorf("list migrations: %s is not named NNNN_name.up.sql", name)
		}
		v, _ := strconv.ParseUint(m[1], 10, 32) // four digits
		all = append(all, file{uint(v), m[0]})
		if _, err := fs.Stat(fsys, m[0]+".down.sql"); err != nil {
			return nil, fmt.Errorf("list migrations: %w", err)
		}
	}
	slices.SortFunc(all, func(a, b file) int { return int(a.version) - int(b.version) })
	for i := 1; i < len(all); i++ {
		if all[i].version == all[i-1].version {
			return nil, fmt.Errorf("list migrations: %s and %s have one number", all[i-1].name, all[i].name)
		}
	}
	return all, nil
}

func (f *files) index(version uint) int {
	return slices.IndexFunc(f.all, func(x file) bool { return x.version == version })
}

func (f *files) at(i int) (uint, error) {
	if i < 0 || i >= len(f.all) {
		return 0, os.ErrNotExist
	}
	return f.all[i].version, nil
}

func (f *files) First() (uint, error) { return f.at(0) }

func (f *files) Prev(version uint) (uint, error) { return f.at(f.index(version) - 1) }

func (f *files) Next(version uint) (uint, error) {
	i := f.index(version)
	if i < 0 {
		return 0, os.ErrNotExist
	}
	return f.at(i + 1)
}

func (f *files) ReadUp(version uint) (io.ReadCloser, string, error) {
	return f.read(version, ".up.sql")
}

func (f *files) ReadDown(version uint) (io.ReadCloser, string, error) {
	return f.read(version, ".down.sql")
}

func (f *files) read(version uint, suffix string) (io.ReadCloser, string, error) {
	i := f.index(version)
	if i < 0 {
		return nil, "", os.ErrNotExist
	}
	text, err := f.schema.render(f.all[i].name + suffix)
	if err != nil {
		return nil, "", err
	}
	text = f.all[i].name + suffix + "\n" + text
	return io.NopCloser(strings.NewReader(text)), f.all[i].name, nil
}

// Open and Close are part of golang-migrate's interface. A files is not opened by address.
func (f *files) Open(string) (source.Driver, error) { return f, nil }
func (f *files) Close() error                       { return nil }
