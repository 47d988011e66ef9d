package analyst

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// allValues is Grafana's value for All.
const allValues = "$__all"

// variable is a variable of a dashboard.
type variable struct {
	Name, Type string
	IncludeAll bool
	Query      query
	Current    current
}

// query of a variable: an object with SQL or, of a variable of another type, text.
type query struct {
	RawSQL string `json:"rawSql"`
}

func (q *query) UnmarshalJSON(b []byte) error {
	type object query
	if b[0] != '{' {
		return nil
	}
	return json.Unmarshal(b, (*object)(q))
}

// current is the value of a variable: one value, or a list.
type current struct{ Value any }

func (c current) first() string {
	if list, ok := c.Value.([]any); ok {
		return fmt.Sprint(list[0])
	}
	return fmt.Sprint(c.Value)
}

// grafana writes queries as Grafana and its ClickHouse data source do.
type grafana struct {
	from, to time.Time
	interval time.Duration
	chosen   map[string]string // of each variable; allValues: All
}

var (
	conditional = regexp.MustCompile(`\$__conditionalAll\((.*?), \$(\w+)\)`)
	named       = regexp.MustCompile(`\$\{(\w+):singlequote\}`)
	macro       = regexp.MustCompile(`\$__(\w+)(?:\(([^()]*)\))?`)
)

// render follows the data source's documentation ("Macros" in its query editor,
// "Template variables"): conditions that hold for All first, then variables with
// the format singlequote, which escapes quotes with a backslash, then macros.
func (g *grafana) render(t *testing.T, sql string) string {
	t.Helper()
	sql = conditional.ReplaceAllStringFunc(sql, func(s string) string {
		m := conditional.FindStringSubmatch(s)
		if g.chosen[m[2]] == allValues || g.chosen[m[2]] == "" {
			return "1=1"
		}
		return m[1]
	})
	sql = named.ReplaceAllStringFunc(sql, func(s string) string {
		value, ok := g.chosen[named.FindStringSubmatch(s)[1]]
		if !ok {
			t.Errorf("%s is no variable that comes before", s)
		}
		return "'" + strings.ReplaceAll(value, "'", `\'`) + "'"
	})
	sql = macro.ReplaceAllStringFunc(sql, func(s string) string {
		m := macro.FindStringSubmatch(s)
		out := g.macro(m[1], m[2])
		if out == "" {
			t.Errorf("%s is no macro known here", s)
		}
		return out
	})
	if strings.Contains(sql, "$") {
		t.Errorf("not rendered: %s", sql)
	}
	return sql
}

func (g *grafana) macro(name, column string) string {
	between := func(format string, from, to any) string {
		return fmt.Sprintf("%[1]s >= "+format+" AND %[1]s <= "+strings.ReplaceAll(format, "[2]", "[3]"), column, from, to)
	}
	switch name {
	case "timeFilter":
		return between("toDateTime(%[2]v)", g.from.Unix(), g.to.Unix())
	case "timeFilter_ms":
		return between("fromUnixTimestamp64Milli(%[2]v)", g.from.UnixMilli(), g.to.UnixMilli())
	case "dateFilter":
		return between("toDate('%[2]v')", g.from.Format(time.DateOnly), g.to.Format(time.DateOnly))
	case "timeInterval":
		return fmt.Sprintf("toStartOfInterval(toDateTime(%s), INTERVAL %d second)", column, int(max(g.interval.Seconds(), 1)))
	}
	return ""
}

// rows are those of an answer, the first column of each.
func (s *server) rows(t *testing.T, name, sql string) (first []string) {
	t.Helper()
	text, _, err := s.query(t.Context(), sql, "TSV")
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, sql)
	}
	for line := range strings.Lines(text) {
		value, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		first = append(first, value)
	}
	return first
}

// columns are the names of an answer's.
func (s *server) columns(t *testing.T, name, sql string) []string {
	t.Helper()
	text, _, err := s.query(t.Context(), "SELECT * FROM ("+sql+") LIMIT 0", "TSVWithNames")
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, sql)
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\t")
}
