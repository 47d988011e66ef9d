package schema_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/schema"
)

var update = flag.Bool("update", false, "write docs/schema.md anew")

// block is a part of the page that is written from the live schema.
var block = regexp.MustCompile(`(?s)(<!-- generated: (\w+) -->\n).*?(<!-- end -->)`)

// TestSchemaPage holds docs/schema.md against the live schema: every relation
// in it as it is, and every relation of the database in it.
func TestSchemaPage(t *testing.T) {
	t.Parallel()
	const file = "../../docs/schema.md"
	s := store(t)
	if _, err := newSchema(t, s, schema.Options{}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	got := block.ReplaceAllStringFunc(string(page), func(b string) string {
		m := block.FindStringSubmatch(b)
		shown[m[2]] = true
		return m[1] + describe(t, s, m[2]) + m[3]
	})
	for _, name := range column(t, s, "SELECT name FROM system.tables WHERE database = currentDatabase()") {
		if !shown[name] && !shown[strings.TrimSuffix(name, "_data")] {
			t.Errorf("%s is not on the page", name)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(page), got); diff != "" {
		t.Errorf("docs/schema.md is not the live schema (go test ./load/schema -update writes it):\n%s", diff)
	}
}

// describe is a relation as Markdown: its comment and its columns.
func describe(t *testing.T, s *load.Store, relation string) string {
	t.Helper()
	var b strings.Builder
	where := " WHERE database = currentDatabase() AND "
	comment := column(t, s, "SELECT comment FROM system.tables"+where+"name = '"+relation+"'")
	if len(comment) != 1 {
		t.Errorf("there is no relation %s", relation)
		return ""
	}
	fmt.Fprintf(&b, "%s.\n\n| column | type | meaning |\n| --- | --- | --- |\n", comment[0])
	for _, row := range column(t, s, `SELECT concat('| `+"`', name, '`"+` | ', replaceAll(type, '|', '\\|'), ' | ', replaceAll(comment, '|', '\\|'), ' |')
		FROM system.columns`+where+"table = '"+relation+"' ORDER BY position") {
		b.WriteString(row + "\n")
	}
	return b.String()
}
