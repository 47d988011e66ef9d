package schema_test

import (
	"fmt"
	"slices"
	"strings"
)

// numbered lists the tables that turn numbers into words, by their keys.
var numbered = []struct{ key, relation string }{
	{"event_id", "event_names"}, {"experience_id", "experience_names"}, {"abnormal_event_id", "abnormal_event_names"},
}

// has reports whether r has all of columns.
func (r relation) has(columns ...string) bool {
	for _, name := range columns {
		if !slices.ContainsFunc(r.columns, func(a attribute) bool { return a.name == name }) {
			return false
		}
	}
	return true
}

// links returns the lines of the picture that end at r.
func links(r relation) (lines []string) {
	line := func(parent, kind, by string) {
		if parent != r.name {
			lines = append(lines, fmt.Sprintf("    %s %s %s : \"%s\"\n", parent, kind, r.name, by))
		}
	}
	switch call, user := r.has("comm_id"), r.has("user_id"); {
	case r.name == "rooms":
		line("calls", "||--||", "comm_id")
	case r.name == "call_users", call && !user:
		line("calls", "||--o{", "comm_id")
	case call:
		line("call_users", "||--o{", "comm_id, user_id")
	case r.has("room_id"):
		line("calls", "}o--o{", "room_id")
	}
	if r.has("day", "sdk_version") {
		line("quality_days", "||--o{", "day, sdk_version, device_type")
	}
	// The decoded views have the words in them.
	if strings.HasSuffix(r.name, "_decoded") {
		return lines
	}
	if r.has("event_id", "param_one") {
		line("event_values", "|o--o{", "event_id, param_one")
	}
	for _, n := range numbered {
		if r.has(n.key) && r.name != "event_values" {
			line(n.relation, "|o--o{", n.key)
		}
	}
	return lines
}

// picture returns the picture of how the relations are joined.
func (p *page) picture([]string) string {
	var b strings.Builder
	b.WriteString("```mermaid\nerDiagram\n")
	for _, name := range p.order {
		for _, line := range links(p.all[name]) {
			b.WriteString(line)
		}
	}
	b.WriteString("```\n")
	return b.String()
}
