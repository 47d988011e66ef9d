package schema_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/callvault/callvault/load/store"
)

// attribute is a column as the database describes it.
type attribute struct{ name, kind, comment string }

// relation is a table or a view as the database describes it.
type relation struct {
	name, comment string
	isView        bool
	columns       []attribute
}

// relations reads the relations of the database, by name.
func relations(t *testing.T, s *store.Store) map[string]relation {
	t.Helper()
	all := map[string]relation{}
	for _, row := range column(t, s, "SELECT concat(name, '\t', engine, '\t', comment) FROM system.tables WHERE "+ofBoth) {
		f := strings.Split(row, "\t")
		all[f[0]] = relation{name: f[0], isView: f[1] == "View", comment: f[2]}
	}
	for _, row := range column(t, s, "SELECT concat(table, '\t', name, '\t', type, '\t', comment) FROM system.columns WHERE "+ofBoth+" ORDER BY table, position") {
		f := strings.Split(row, "\t")
		r := all[f[0]]
		r.columns = append(r.columns, attribute{f[1], plainKind(f[2]), f[3]})
		all[f[0]] = r
	}
	return all
}

var (
	wordKind = regexp.MustCompile(`LowCardinality\((\w+)\)`)
	zone     = regexp.MustCompile(`\('UTC'\)|, 'UTC'`)
)

// plainKind returns a type without the details that do not matter to readers.
func plainKind(kind string) string {
	return zone.ReplaceAllString(wordKind.ReplaceAllString(kind, "$1"), "")
}

// meaning identifies a column across relations: its name, and its comment without the
// vendor's names, which not all relations have.
type meaning struct{ name, text string }

var vendorNames = regexp.MustCompile(` \([A-Z]\w+(, [A-Z]\w+)*\)`)

func (a attribute) meaning() meaning {
	return meaning{a.name, vendorNames.ReplaceAllString(a.comment, "")}
}

// page is a page that is written from the live schema.
type page struct {
	*testing.T
	name    string // of the file
	all     map[string]relation
	order   []string              // relations that are shown column by column, in their order
	section map[string]bool       // those of order that have a section of their own
	in      map[meaning][]string  // those of order that have a column of this meaning, outside of patterns
	words   map[meaning]attribute // the column with the longest comment, of the commonest type
	shared  []meaning             // of the columns that are everywhere, the most frequent first
}

// everywhereFrom is the number of relations from which on a column counts as everywhere.
const everywhereFrom = 3

func newPage(t *testing.T, all map[string]relation, texts []string) *page {
	t.Helper()
	p := &page{T: t, all: all, section: map[string]bool{}, in: map[meaning][]string{}, words: map[meaning]attribute{}}
	for _, m := range block.FindAllStringSubmatch(strings.Join(texts, ""), -1) {
		for _, name := range strings.Fields(m[3]) {
			if m[2] != "list" {
				p.order, p.section[name] = append(p.order, name), m[2] == "sections"
			}
		}
	}
	kinds := map[meaning][]string{}
	var met []meaning
	for _, name := range p.order {
		for _, c := range all[name].columns {
			m := c.meaning()
			if _, _, ok := pattern(c); ok {
				continue
			}
			if len(p.in[m]) == 0 {
				met = append(met, m)
			}
			p.in[m], kinds[m] = append(p.in[m], name), append(kinds[m], c.kind)
			if len(c.comment) > len(p.words[m].comment) {
				p.words[m] = c
			}
		}
	}
	for _, m := range met {
		p.words[m] = attribute{m.name, commonest(kinds[m]), p.words[m].comment}
		if len(p.in[m]) >= everywhereFrom && !p.isQuality(m) {
			p.shared = append(p.shared, m)
		}
	}
	slices.SortStableFunc(p.shared, func(a, b meaning) int { return len(p.in[b]) - len(p.in[a]) })
	return p
}

func commonest(all []string) (most string) {
	n := map[string]int{}
	for _, one := range all {
		if n[one]++; n[one] > n[most] {
			most = one
		}
	}
	return most
}

// exact matches the end of a view's comment. The page says it once for all views.
var exact = regexp.MustCompile(`\. Exact(:.*)?$`)

const header = "| column | type | meaning |\n| --- | --- | --- |\n"

// sections returns relations, each under a heading.
func (p *page) sections(relations []string) string {
	var all []string
	for _, name := range relations {
		all = append(all, fmt.Sprintf("## %s\n\n%s.\n\n%s%s", name, exact.ReplaceAllString(p.all[name].comment, ""), header, p.rows(name)))
	}
	return strings.Join(all, "\n")
}

// table returns relations in one table.
func (p *page) table(relations []string) string {
	var b strings.Builder
	b.WriteString(header)
	for _, name := range relations {
		fmt.Fprintf(&b, "| **`%s`** | | **%s** |\n%s", name, exact.ReplaceAllString(p.all[name].comment, ""), p.rows(name))
	}
	return b.String()
}

// rows returns the rows of a relation: its columns, its patterns, and the columns that are
// explained elsewhere.
func (p *page) rows(name string) string {
	r, ok := p.all[name]
	if !ok {
		p.Errorf("there is no relation %s", name)
	}
	var rows []string
	elsewhere, patterns := map[string][]string{}, p.patterns(r)
	row := map[string]int{} // of the columns that are explained at a place
	for _, c := range r.columns {
		if measure, ending, ok := pattern(c); ok {
			if text := patterns[measure+" "+ending]; text != "" {
				rows = append(rows, text)
			}
			continue
		}
		m := c.meaning()
		place, chinese := p.place(name, m), strings.HasSuffix(c.name, "_zh")
		switch {
		case place == "" && chinese && r.has(strings.TrimSuffix(c.name, "_zh")):
		case place == "" && r.has(c.name+"_zh"):
			text := strings.Replace(p.words[m].comment, ", English", ", English and Chinese", 1)
			rows = append(rows, fmt.Sprintf("| `%s`, `%[1]s_zh` | %s | %s |\n", c.name, c.kind, cell(text)))
		case place == "":
			rows = append(rows, line(attribute{c.name, c.kind, p.words[m].comment}))
		default:
			if _, ok := row[place]; !ok {
				row[place] = len(rows)
				rows = append(rows, "")
			}
			text := "`" + c.name + "`"
			if c.kind != p.words[m].kind {
				text += " (" + c.kind + ")"
			}
			elsewhere[place] = append(elsewhere[place], text)
		}
	}
	for place, i := range row {
		rows[i] = fmt.Sprintf("| %s | | %s |\n", strings.Join(elsewhere[place], ", "), place)
	}
	return strings.Join(rows, "")
}

// place returns where a column of a relation is explained, or "" for the relation itself.
func (p *page) place(name string, m meaning) string {
	file := ""
	if p.name != pages[0] {
		file = pages[0]
	}
	switch {
	case p.isQuality(m):
		return "see [how good it was](" + file + "#how-good-it-was)"
	case slices.Contains(p.shared, m):
		return "see [everywhere](" + file + "#columns-that-are-everywhere)"
	case p.in[m][0] == name:
		return ""
	case p.section[p.in[m][0]]:
		return fmt.Sprintf("as in [%s](#%[1]s)", p.in[m][0])
	}
	return "as in " + p.in[m][0]
}

// everywhere returns a table of the columns that many relations have.
func (p *page) everywhere([]string) string {
	var rows []attribute
	for _, m := range p.shared {
		if slices.ContainsFunc(rows, func(a attribute) bool { return a.name == m.name }) {
			p.Errorf("%s is everywhere, but not always the same", m.name)
		}
		rows = append(rows, p.words[m])
	}
	return table(rows)
}

// qualities lists the columns about the quality of a call, a user or a pair.
var qualities = []string{"score", "grade", "judged_minutes", "bad_minutes", "bad_run_minutes", "worst_minute", "worst_metric", "fault", "cause", "cause_minutes", "cause_user_id", "diagnosis"}

// qualityOf returns a column of qualities with its explanation.
func (p *page) qualityOf(name string) attribute {
	for _, from := range []string{"call_users", "peer_quality"} {
		for _, c := range p.all[from].columns {
			if c.name == name {
				return c
			}
		}
	}
	return attribute{}
}

func (p *page) isQuality(m meaning) bool {
	return slices.Contains(qualities, m.name) && p.qualityOf(m.name).meaning() == m
}

// quality returns a table of qualities.
func (p *page) quality([]string) string {
	var rows []attribute
	for _, name := range qualities {
		rows = append(rows, p.qualityOf(name))
	}
	return table(rows)
}

// list returns a table of relations with the names of their columns.
func (p *page) list(names []string) string {
	var b strings.Builder
	b.WriteString("| relation | what it has | columns |\n| --- | --- | --- |\n")
	for _, name := range names {
		r := p.all[name]
		if r.isView {
			p.Errorf("the view %s needs a section of its own", name)
		}
		var columns []string
		for _, c := range r.columns {
			columns = append(columns, "`"+c.name+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, cell(r.comment), strings.Join(columns, ", "))
	}
	return b.String()
}

func table(rows []attribute) string {
	text := header
	for _, a := range rows {
		text += line(a)
	}
	return text
}

func line(a attribute) string {
	return fmt.Sprintf("| `%s` | %s | %s |\n", a.name, a.kind, cell(a.comment))
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
