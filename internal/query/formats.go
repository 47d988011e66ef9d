package query

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/internal/words"
)

// resultWriter writes a result: the columns once, then the rows, then the end.
type resultWriter interface {
	columns(cols []column) error
	row(values []any) error
	end() error
}

type column struct{ name, kind string }

func (c column) numeric() bool {
	k := strings.TrimPrefix(strings.TrimPrefix(c.kind, "LowCardinality("), "Nullable(")
	for _, p := range []string{"Int", "UInt", "Float", "Decimal"} {
		if strings.HasPrefix(k, p) {
			return true
		}
	}
	return false
}

// Sheet is where a result is written.
type Sheet struct {
	W     io.Writer
	Width int               // of the terminal, in columns; 0: there is no terminal
	Note  func(text string) // prints a remark for the user, outside of the result
}

// Format returns a writer of a result.
type Format func(Sheet) resultWriter

// formats has the formats by name, including ClickHouse's own names.
var formats = map[string]Format{
	"table": func(s Sheet) resultWriter { return &tableWriter{to: s} },
	"csv":   func(s Sheet) resultWriter { return &csvWriter{w: csv.NewWriter(s.W)} },
	"tsv": func(s Sheet) resultWriter {
		return &tsvWriter{s.W, strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r")}
	},
	"jsonl":    func(s Sheet) resultWriter { return &jsonlWriter{w: s.W} },
	"vertical": func(s Sheet) resultWriter { return &verticalWriter{w: s.W} },
}

var aliases = map[string]string{
	"pretty": "table", "prettycompact": "table", "csvwithnames": "csv", "tsvwithnames": "tsv",
	"tabseparated": "tsv", "tabseparatedwithnames": "tsv", "json": "jsonl", "jsoneachrow": "jsonl", "ndjson": "jsonl",
}

// FormatNames returns the names of formats, sorted.
func FormatNames() []string { return slices.Sorted(maps.Keys(formats)) }

// FindFormat returns the format with a name.
func FindFormat(name string) (Format, error) {
	name = strings.ToLower(name)
	if a, ok := aliases[name]; ok {
		name = a
	}
	if f, ok := formats[name]; ok {
		return f, nil
	}
	return nil, fmt.Errorf("format %q is unknown; use %s", name, strings.Join(FormatNames(), ", "))
}

type csvWriter struct{ w *csv.Writer }

func (o *csvWriter) columns(cols []column) error { return o.w.Write(names(cols)) }

func (o *csvWriter) row(values []any) error {
	r := make([]string, len(values))
	for i, v := range values {
		if v != nil {
			r[i] = cell(v)
		}
	}
	return o.w.Write(r)
}

func (o *csvWriter) end() error {
	o.w.Flush()
	return o.w.Error()
}

func names(cols []column) []string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.name
	}
	return out
}

type tsvWriter struct {
	w      io.Writer
	escape *strings.Replacer
}

func (o *tsvWriter) columns(cols []column) error {
	_, err := fmt.Fprintln(o.w, strings.Join(names(cols), "\t"))
	return err
}

// row escapes as ClickHouse's TabSeparated does.
func (o *tsvWriter) row(values []any) error {
	r := make([]string, len(values))
	for i, v := range values {
		r[i] = "\\N"
		if v != nil {
			r[i] = o.escape.Replace(cell(v))
		}
	}
	_, err := fmt.Fprintln(o.w, strings.Join(r, "\t"))
	return err
}

func (o *tsvWriter) end() error { return nil }

type jsonlWriter struct {
	w     io.Writer
	names [][]byte // as JSON
}

func (o *jsonlWriter) columns(cols []column) error {
	for _, c := range cols {
		o.names = append(o.names, append(appendString(nil, c.name), ':'))
	}
	return nil
}

func (o *jsonlWriter) row(values []any) error {
	b := []byte{'{'}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(append(b, o.names[i]...), v, false)
	}
	_, err := o.w.Write(append(b, '}', '\n'))
	return err
}

func (o *jsonlWriter) end() error { return nil }

type verticalWriter struct {
	w     io.Writer
	names []string
	width int
	n     int
}

func (o *verticalWriter) columns(cols []column) error {
	for _, c := range cols {
		name := words.Printable(c.name)
		o.names = append(o.names, name)
		o.width = max(o.width, text.LongestLineLen(name))
	}
	return nil
}

func (o *verticalWriter) row(values []any) error {
	r := make([]string, len(values))
	for i, v := range values {
		r[i] = words.Printable(cell(v))
	}
	return o.texts(r)
}

// texts writes a row with printable cells.
func (o *verticalWriter) texts(cells []string) error {
	o.n++
	if _, err := fmt.Fprintf(o.w, "Row %d\n", o.n); err != nil {
		return err
	}
	for i, c := range cells {
		c = strings.ReplaceAll(c, "\n", "\n"+strings.Repeat(" ", o.width+4))
		if _, err := fmt.Fprintf(o.w, "  %s  %s\n", text.AlignLeft.Apply(o.names[i], o.width), c); err != nil {
			return err
		}
	}
	return nil
}

func (o *verticalWriter) end() error { return nil }
