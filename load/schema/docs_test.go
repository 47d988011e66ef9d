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
		if m[2] == "entities" {
			return m[1] + entities(t, s) + m[3]
		}
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

// keys are the columns by which relations are joined and told apart, in the
// picture's order.
var keys = []string{"sdk_app_id", "comm_id", "room_id", "user_id", "peer_id", "direction", "metric", "day", "minute", "ts", "event_id", "param_one", "experience_id", "abnormal_event_id", "measure"}

// names are the tables that put numbers into words, by the number.
var names = map[string]string{"event_id": "event_names", "experience_id": "experience_names", "abnormal_event_id": "abnormal_event_names"}

// links are the lines of the picture that end at a relation with these columns.
func links(relation string, columns map[string]string) (lines []string) {
	line := func(parent, kind, by string) {
		if parent != relation {
			lines = append(lines, fmt.Sprintf("%s %s %s : \"%s\"", parent, kind, relation, by))
		}
	}
	switch call, user := columns["comm_id"] != "", columns["user_id"] != ""; {
	case relation == "rooms":
		line("calls", "||--||", "comm_id")
	case relation == "call_users", call && !user:
		line("calls", "||--o{", "comm_id")
	case call:
		line("call_users", "||--o{", "comm_id, user_id")
	case columns["room_id"] != "":
		line("calls", "}o--o{", "room_id")
	}
	for _, key := range keys {
		if names[key] != "" && columns[key] != "" {
			line(names[key], "|o--o{", key)
		}
	}
	return lines
}

// entities is a picture of the relations that analysts read: those that have a
// key and are no bookkeeping.
func entities(t *testing.T, s *load.Store) string {
	t.Helper()
	columns := map[string]map[string]string{}
	const q = `SELECT concat(table, ' ', name, ' ', replaceRegexpAll(type, '^(LowCardinality|Nullable)\\(|[(,].*$|\\)$', '')) FROM system.columns
		WHERE database = currentDatabase() AND NOT match(table, '_data$|^ledger|^hidden_loads$|^raw_responses$|^lease$|^schema_migrations$') ORDER BY table, position`
	var order []string
	for _, row := range column(t, s, q) {
		f := strings.Fields(row)
		if columns[f[0]] == nil {
			columns[f[0]] = map[string]string{}
			order = append(order, f[0])
		}
		columns[f[0]][f[1]] = f[2]
	}
	var b strings.Builder
	b.WriteString("```mermaid\nerDiagram\n")
	for _, name := range order {
		for _, line := range links(name, columns[name]) {
			b.WriteString("    " + line + "\n")
		}
	}
	for _, name := range order {
		fmt.Fprintf(&b, "    %s {\n", name)
		for _, key := range keys {
			if kind := columns[name][key]; kind != "" {
				fmt.Fprintf(&b, "        %s %s\n", kind, key)
			}
		}
		b.WriteString("    }\n")
	}
	b.WriteString("```\n")
	return b.String()
}
