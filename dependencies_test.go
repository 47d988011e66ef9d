package callvault_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

var update = flag.Bool("update", false, "write the list of modules into docs/dependencies.md")

// may lists the licences, by SPDX, under which a module may be in the program or in its tests:
// those that ask for their text to be kept, and MPL-2.0, which asks for the source of its own
// files: callvault uses them unchanged, and names the module and its version.
var may = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "Unlicense"}

// platforms are those of .goreleaser.yaml.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"}

// dependency is a module that callvault is made of.
type dependency struct{ Path, Dir string }

// modulesOf lists the modules of packages and of what these import, on some platforms.
func modulesOf(t *testing.T, platforms []string, args ...string) map[string]dependency {
	t.Helper()
	all := map[string]dependency{}
	for _, p := range platforms {
		system, processor, _ := strings.Cut(p, "/")
		list := exec.Command("go", append([]string{"list", "-deps", "-f", `{{with .Module}}{{if not .Main}}{"Path": {{printf "%q" .Path}}, "Dir": {{printf "%q" .Dir}}}{{end}}{{end}}`}, args...)...)
		list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor)
		eachOf(t, list, func(m dependency) { all[m.Path] = m })
	}
	return all
}

// eachOf reads JSON values that a command prints.
func eachOf(t *testing.T, list *exec.Cmd, f func(dependency)) {
	t.Helper()
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m dependency
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f(m)
	}
}

// licence names the licences of a module, from the texts in its folder.
func licence(t *testing.T, m dependency) string {
	t.Helper()
	var found []string
	files, err := os.ReadDir(m.Dir)
	if err != nil {
		t.Fatalf("%s: %v", m.Path, err)
	}
	for _, file := range files {
		name := strings.ToUpper(file.Name())
		if file.IsDir() || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "UNLICEN") && !strings.HasPrefix(name, "COPYING") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(m.Dir, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range licensecheck.Scan(text).Match {
			found = append(found, m.ID)
		}
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), ", ")
}

const dependencies = "docs/dependencies.md"

// rows are those of a table with these words in its head, cell by cell.
func rows(t *testing.T, text, head string) (all [][]string) {
	t.Helper()
	_, table, ok := strings.Cut(text, "\n"+head)
	if !ok {
		t.Fatalf("%s: no table %q", dependencies, head)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	for i, line := range strings.Split(table, "\n") {
		if i > 1 { // the rest of the head, and the rule
			cells := strings.Split(strings.Trim(line, "| "), " | ")
			all = append(all, cells)
		}
	}
	return all
}

// direct lists the modules that go.mod asks for by itself.
func direct(t *testing.T) (paths []string) {
	t.Helper()
	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	for _, r := range file.Require {
		if !r.Indirect {
			paths = append(paths, r.Path)
		}
	}
	return paths
}

// TestDirectDependencies holds the table of docs/dependencies.md against go.mod: each module
// that callvault asks for has a row, which says what for, why, and the right licence.
func TestDirectDependencies(t *testing.T) {
	text, err := os.ReadFile(dependencies)
	if err != nil {
		t.Fatal(err)
	}
	program := modulesOf(t, platforms, "./cmd/callvault")
	want := map[string]dependency{}
	eachOf(t, exec.Command("go", append([]string{"mod", "download", "-json"}, direct(t)...)...), func(m dependency) { want[m.Path] = m })
	for _, row := range rows(t, string(text), "| module |") {
		if len(row) != 6 || slices.Contains(row, "") {
			t.Errorf("not six cells: %q", row)
			continue
		}
		path := strings.Trim(row[0], "`")
		m, ok := want[path]
		if !ok {
			t.Errorf("%s is not in go.mod, or twice in the table", path)
			continue
		}
		delete(want, path)
		where := "tests"
		if _, ok := program[path]; ok {
			where = "program"
		}
		if row[1] != where || row[5] != licence(t, m) {
			t.Errorf("%s: it is in the %s, with the licence %s; the row says %q", path, where, licence(t, m), row)
		}
	}
	for path := range want {
		t.Errorf("%s has no row", path)
	}
}

// TestLicences sees that each module in the program or in its tests has a licence that callvault
// can keep, and that the list of those in the program is whole (-update writes it).
func TestLicences(t *testing.T) {
	for path, m := range modulesOf(t, platforms[:1], "-test", "./...") {
		found := licence(t, m)
		if found == "" || slices.ContainsFunc(strings.Split(found, ", "), func(l string) bool { return !slices.Contains(may, l) }) {
			t.Errorf("%s has the licence %q; may be: %v", path, found, may)
		}
	}
	var list strings.Builder
	all := modulesOf(t, platforms, "./cmd/callvault")
	for _, m := range slices.SortedFunc(maps.Values(all), func(a, b dependency) int { return cmp.Compare(a.Path, b.Path) }) {
		fmt.Fprintf(&list, "| `%s` | %s |\n", m.Path, licence(t, m))
	}
	text, err := os.ReadFile(dependencies)
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile(`(?s)(\n\| module in the program \| licence \|\n\| --- \| --- \|\n).*?\n\n`)
	whole := section.ReplaceAllString(string(text), "${1}"+strings.ReplaceAll(list.String(), "$", "$$")+"\n")
	if whole == string(text) {
		return
	}
	if !*update {
		t.Fatalf("the list in %s is not that of the program; go test -run TestLicences -update . writes it", dependencies)
	}
	if err := os.WriteFile(dependencies, []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
}
