package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"
)

// column is a column of a table or of a view, as SQL.
type column struct{ name, kind, value, comment, codec string }

// columns prints as a list of definitions, without a comma at the end.
type columns []column

var oneColumn = regexp.MustCompile("^(`[^`]+`|\\w+) (.+?)( (?:DEFAULT|MATERIALIZED|ALIAS) .+?)?( COMMENT '(?:[^']|'')*')( CODEC\\(.+\\))?,?$")

// parseColumns reads definitions, one a line.
func parseColumns(text string) (columns, error) {
	var all columns
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		m := oneColumn.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("not a column with a comment: %s", line)
		}
		all = append(all, column{m[1], m[2], m[3], m[4], m[5]})
	}
	return all, nil
}

func (c column) String() string { return c.name + " " + c.kind + c.value + c.comment + c.codec }

func (cs columns) String() string { return cs.join(",\n    ", column.String) }

func (cs columns) join(sep string, text func(column) string) string {
	all := make([]string, len(cs))
	for i, c := range cs {
		all[i] = text(c)
	}
	return strings.Join(all, sep)
}

// each returns cs with every column changed by f.
func (cs columns) each(f func(*column)) columns {
	cs = slices.Clone(cs)
	for i := range cs {
		f(&cs[i])
	}
	return cs
}

// compressed gives ZSTD of a level as the codec to the stored columns that have none.
func compressed(level int, cs columns) columns {
	return cs.each(func(c *column) {
		if c.codec == "" && !strings.HasPrefix(c.value, " ALIAS ") {
			c.codec = fmt.Sprintf(" CODEC(ZSTD(%d))", level)
		}
	})
}

// shown returns a table's columns as a view has them.
func shown(cs columns) columns {
	return cs.each(func(c *column) { c.value, c.codec = "", "" })
}

// names returns the columns' names, as a SELECT has them.
func names(cs columns) string { return cs.join(", ", func(c column) string { return c.name }) }

// without leaves out the columns whose names end with "_" and one of endings. The columns
// are the last argument because a template's pipe passes them last.
func without(args ...any) (columns, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("without: no columns")
	}
	cs, ok := args[len(args)-1].(columns)
	if !ok {
		return nil, fmt.Errorf("without: no columns")
	}
	return slices.DeleteFunc(slices.Clone(cs), func(c column) bool {
		return slices.ContainsFunc(args[:len(args)-1], func(ending any) bool { return strings.HasSuffix(c.name, fmt.Sprint("_", ending)) })
	}), nil
}

// measure returns the six columns of a measure: the number of samples, and their average,
// least, median, 95th percentile and greatest value. what describes the measure, with its
// unit and the vendor's name.
func measure(name, what string) columns {
	one := func(ending, kind, comment string) column {
		return column{name: name + "_" + ending, kind: kind, comment: remark(comment)}
	}
	const number, none = "Nullable(Float64)", "; NULL: no sample"
	return columns{
		one("samples", "UInt64", "Samples of: "+lower(what)),
		one("avg", number, what+": average"+none),
		one("min", number, what+": least"+none),
		one("p50", number, what+": half of the samples are no greater; of the rounded values, within 3.2 %"+none),
		one("p95", number, what+": 95 % of the samples are no greater; of the rounded values, within 3.2 %"+none),
		one("max", number, what+": greatest"+none),
	}
}

// summed is a metric of a stream: a tuple in one column of a table, and a column of a view
// for each field of the tuple.
type summed struct {
	name, metric, what string
	histogram          bool // whether the view shows the histogram
}

// Stored returns the table's column.
func (s summed) Stored() columns {
	return columns{{
		name:    s.name,
		kind:    "Tuple(samples UInt32, sum Float64, min Float64, max Float64, values Array(Float32), counts Array(UInt32))",
		comment: remark(fmt.Sprintf("%s (%s); no samples: 0 and empty", s.what, s.metric)),
	}}
}

// Shown returns the view's columns.
func (s summed) Shown() columns {
	one := func(field, kind, comment string) column {
		return column{name: s.name + "_" + field, kind: kind, comment: remark(comment)}
	}
	all := columns{
		one("samples", "UInt32", "Samples of "+s.metric),
		one("sum", "Float64", fmt.Sprintf("Sum of: %s (%s)", lower(s.what), s.metric)),
		one("min", "Float64", fmt.Sprintf("Smallest value of %s; 0: no sample", s.metric)),
		one("max", "Float64", fmt.Sprintf("Greatest value of %s; 0: no sample", s.metric)),
	}
	if s.histogram {
		all = append(all,
			one("values", "Array(Float32)", fmt.Sprintf("Histogram of %s: the rounded values, in order", s.metric)),
			one("counts", "Array(UInt32)", fmt.Sprintf("Histogram of %s: how many samples had each of %s_values", s.metric, s.name)))
	}
	return all
}

// Selected returns the expressions that the view selects for its columns.
func (s summed) Selected() string {
	return s.Shown().join(", ", func(c column) string {
		return s.name + "." + strings.TrimPrefix(c.name, s.name+"_") + " AS " + c.name
	})
}

func remark(text string) string { return " COMMENT '" + strings.ReplaceAll(text, "'", "''") + "'" }

// lower begins a text with a small letter.
func lower(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(r)) + text[n:]
}

// step is a line of let: a name for an expression.
var step = regexp.MustCompile(`^(and )?(\w+) = (.+)$`)

// let makes one expression from lines "name = expression" and a last line, the result. Each
// line may use the names above it. A line that begins with "and" does not use the name of
// the line before: both get their names at once.
func let(text string) (string, error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	result := strings.TrimSpace(lines[len(lines)-1])
	var named, of []string // of the lines that get their names at once, the last first
	for _, line := range slices.Backward(lines[:len(lines)-1]) {
		m := step.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			return "", fmt.Errorf("let: not a name and an expression: %s", line)
		}
		named, of = append(named, m[2]), append(of, "["+m[3]+"]")
		if m[1] == "" {
			result = fmt.Sprintf("arrayMap((%s) -> %s, %s)[1]", strings.Join(named, ", "), result, strings.Join(of, ", "))
			named, of = nil, nil
		}
	}
	if named != nil {
		return "", fmt.Errorf("let: nothing is before: and %s", named[0])
	}
	return result, nil
}

// columnWords returns the template words for the columns of a file.
func columnWords(t *template.Template) template.FuncMap {
	return template.FuncMap{
		"columns": func(block string) (columns, error) {
			var b strings.Builder
			if err := t.ExecuteTemplate(&b, block, nil); err != nil {
				return nil, err
			}
			return parseColumns(b.String())
		},
		"let": func(block string, data any) (string, error) {
			var b strings.Builder
			if err := t.ExecuteTemplate(&b, block, data); err != nil {
				return "", err
			}
			return let(b.String())
		},
		"compressed": compressed,
		"shown":      shown,
		"names":      names,
		"without":    without,
		"measure":    measure,
		"sums":       func(name, metric, what string) summed { return summed{name, metric, what, false} },
		"histogram":  func(name, metric, what string) summed { return summed{name, metric, what, true} },
		"list":       func(all ...any) []any { return all },
	}
}
