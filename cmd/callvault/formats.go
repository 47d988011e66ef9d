package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// resultWriter writes a result: columns once, then the rows, then end.
type resultWriter interface {
	columns(cols []column) error
	row(values []any) error
	end() error
}

type column struct{ name, kind string }

func (c column) numeric() bool {
	k := strings.TrimPrefix(c.kind, "Nullable(")
	for _, p := range []string{"Int", "UInt", "Float", "Decimal"} {
		if strings.HasPrefix(k, p) {
			return true
		}
	}
	return false
}

// formats by name. ClickHouse's own names are understood as well.
var formats = map[string]func(io.Writer) resultWriter{
	"table":    func(w io.Writer) resultWriter { return newTableWriter(w) },
	"csv":      func(w io.Writer) resultWriter { return &csvWriter{w: csv.NewWriter(w)} },
	"tsv":      func(w io.Writer) resultWriter { return &tsvWriter{w: w} },
	"jsonl":    func(w io.Writer) resultWriter { return &jsonlWriter{w: w} },
	"vertical": func(w io.Writer) resultWriter { return &verticalWriter{w: w} },
}

var aliases = map[string]string{
	"pretty": "table", "prettycompact": "table", "csvwithnames": "csv", "tsvwithnames": "tsv",
	"tabseparated": "tsv", "tabseparatedwithnames": "tsv", "json": "jsonl", "jsoneachrow": "jsonl", "ndjson": "jsonl",
}

func formatNames() []string { return slices.Sorted(maps.Keys(formats)) }

func formatter(name string) (func(io.Writer) resultWriter, error) {
	name = strings.ToLower(name)
	if a, ok := aliases[name]; ok {
		name = a
	}
	if f, ok := formats[name]; ok {
		return f, nil
	}
	return nil, usagef("--format %q is unknown; use %s", name, strings.Join(formatNames(), ", "))
}

// cell is a value as text.
func cell(v any) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(x), 'g', -1, 32)
	case string:
		return x
	}
	if b, err := json.Marshal(v); err == nil {
		return string(b)
	}
	return fmt.Sprint(v)
}

type tableWriter struct {
	t table.Writer
	w io.Writer
}

func newTableWriter(w io.Writer) *tableWriter {
	t := table.NewWriter()
	t.SetStyle(table.StyleRounded)
	t.Style().Format.Header = text.FormatDefault
	return &tableWriter{t, w}
}

func (o *tableWriter) columns(cols []column) error {
	var head table.Row
	var configs []table.ColumnConfig
	for i, c := range cols {
		head = append(head, c.name)
		if c.numeric() {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	o.t.AppendHeader(head)
	o.t.SetColumnConfigs(configs)
	return nil
}

func (o *tableWriter) row(values []any) error {
	r := make(table.Row, len(values))
	for i, v := range values {
		r[i] = printable(cell(v))
	}
	o.t.AppendRow(r)
	return nil
}

func (o *tableWriter) end() error {
	_, err := fmt.Fprintln(o.w, o.t.Render())
	return err
}

// printable shows control characters, which could upset a terminal, as escapes.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 }) {
		return strings.Trim(strconv.Quote(s), `"`)
	}
	return s
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

type tsvWriter struct{ w io.Writer }

func (o *tsvWriter) columns(cols []column) error {
	_, err := fmt.Fprintln(o.w, strings.Join(names(cols), "\t"))
	return err
}

// row escapes as ClickHouse's TabSeparated does.
func (o *tsvWriter) row(values []any) error {
	escape := strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r")
	r := make([]string, len(values))
	for i, v := range values {
		r[i] = "\\N"
		if v != nil {
			r[i] = escape.Replace(cell(v))
		}
	}
	_, err := fmt.Fprintln(o.w, strings.Join(r, "\t"))
	return err
}

func (o *tsvWriter) end() error { return nil }

type jsonlWriter struct {
	w    io.Writer
	cols []column
}

func (o *jsonlWriter) columns(cols []column) error { o.cols = cols; return nil }

func (o *jsonlWriter) row(values []any) error {
	b := []byte{'{'}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			v = nil
		}
		name, err := json.Marshal(o.cols[i].name)
		if err != nil {
			return err
		}
		value, err := json.Marshal(v)
		if err != nil {
			return err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	_, err := o.w.Write(append(b, '}', '\n'))
	return err
}

func (o *jsonlWriter) end() error { return nil }

type verticalWriter struct {
	w    io.Writer
	cols []column
	n    int
}

func (o *verticalWriter) columns(cols []column) error { o.cols = cols; return nil }

func (o *verticalWriter) row(values []any) error {
	o.n++
	if _, err := fmt.Fprintf(o.w, "Row %d\n", o.n); err != nil {
		return err
	}
	width := 0
	for _, c := range o.cols {
		width = max(width, len(c.name))
	}
	for i, v := range values {
		if _, err := fmt.Fprintf(o.w, "  %-*s  %s\n", width, o.cols[i].name, printable(cell(v))); err != nil {
			return err
		}
	}
	return nil
}

func (o *verticalWriter) end() error { return nil }
