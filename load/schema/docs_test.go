package schema_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/load/schema"
)

var update = flag.Bool("update", false, "write the pages of the schema anew")

// pages lists the pages with parts that are written from the live schema.
var pages = []string{"schema.md", "bookkeeping.md"}

// block matches such a part: its kind, one of parts, and its relations.
var block = regexp.MustCompile(`(?s)(<!-- generated: (\w+)([\w ]*) -->\n)(.*?)(<!-- end -->)`)

// parts holds the kinds of blocks. A relation has a section of its own, shares a table with
// others, or is listed with the names of its columns.
var parts = map[string]func(p *page, relations []string) string{
	"picture":  (*page).picture,
	"columns":  (*page).everywhere,
	"quality":  (*page).quality,
	"metrics":  (*page).metrics,
	"endings":  (*page).endings,
	"sections": (*page).sections,
	"table":    (*page).table,
	"list":     (*page).list,
}

// TestSchemaPages compares the pages of the schema with the live schema: every relation and
// every column is there once, as the database has it.
func TestSchemaPages(t *testing.T) {
	t.Parallel()
	s := connect(t)
	if _, err := newSchema(t, s, schema.Options{}).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, name := range pages {
		text, err := os.ReadFile("../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	p := newPage(t, relations(t, s), texts)
	seen := map[string]map[string]int{}
	for i, name := range pages {
		p.name = name
		got := block.ReplaceAllStringFunc(texts[i], func(b string) string {
			m := block.FindStringSubmatch(b)
			if parts[m[2]] == nil {
				t.Fatalf("%s: there is no part %s", name, m[2])
			}
			return m[1] + parts[m[2]](p, strings.Fields(m[3])) + m[5]
		})
		read(got, seen)
		if *update {
			if err := os.WriteFile("../../docs/"+name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if diff := cmp.Diff(texts[i], got); diff != "" {
			t.Errorf("docs/%s is not the live schema (go test ./load/schema -update writes it):\n%s", name, diff)
		}
	}
	covered(t, p.all, seen)
}

var (
	beginning = regexp.MustCompile("^(?:## |\\| \\*\\*`)(\\w+)(?:`\\*\\* \\|.*)?\n$")
	nameOf    = regexp.MustCompile("`([^`]+)`")
)

// read reads the blocks of relations as people do, and counts in seen how often each
// relation has each column: in a row of its own, in a row of a pattern that lists its
// measure, or by its name in a row that says where it is explained.
func read(text string, seen map[string]map[string]int) {
	for _, m := range block.FindAllStringSubmatch(text, -1) {
		relation := ""
		for line := range strings.Lines(m[4]) {
			cells := strings.Split(strings.ReplaceAll(line, `\|`, ""), " | ")
			first := nameOf.FindAllStringSubmatch(cells[0], -1)
			switch begins := beginning.FindStringSubmatch(line); {
			case begins != nil && (m[2] == "sections" || m[2] == "table"):
				relation = begins[1]
				seen[relation] = map[string]int{}
			case m[2] == "list" && len(first) > 0:
				seen[first[0][1]] = map[string]int{}
				for _, name := range nameOf.FindAllStringSubmatch(cells[2], -1) {
					seen[first[0][1]][name[1]]++
				}
			case relation == "" || !strings.HasPrefix(line, "| `"):
			case strings.Contains(cells[0], "<measure>"):
				for _, measure := range nameOf.FindAllStringSubmatch(cells[2], -1) {
					for _, ending := range first {
						seen[relation][strings.Replace(ending[1], "<measure>", measure[1], 1)]++
					}
				}
			default:
				for _, name := range first {
					seen[relation][name[1]]++
				}
			}
		}
	}
}

// covered returns the columns that are not on the pages exactly once, or that do not exist.
func covered(t *testing.T, all map[string]relation, seen map[string]map[string]int) {
	t.Helper()
	for name, r := range all {
		if strings.HasSuffix(name, "_data") && all[strings.TrimSuffix(name, "_data")].name != "" {
			continue // the view has them
		}
		if seen[name] == nil {
			t.Errorf("%s is not on the pages", name)
			continue
		}
		for _, c := range r.columns {
			if n := seen[name][c.name]; n != 1 {
				t.Errorf("%s.%s is on the pages %d times", name, c.name, n)
			}
			delete(seen[name], c.name)
		}
		for c := range seen[name] {
			t.Errorf("%s has no column %s", name, c)
		}
	}
}
