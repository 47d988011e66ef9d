package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/load"
)

// printQuery runs a query and writes its result to w.
func printQuery(ctx context.Context, s *load.Store, query string, format func(io.Writer) resultWriter, w io.Writer) error {
	rows, err := s.Conn().Query(ctx, query)
	if errors.Is(err, io.EOF) { // done, and there is no result
		return nil
	}
	if err != nil {
		return queryError(err)
	}
	defer rows.Close()
	types := rows.ColumnTypes()
	if len(types) == 0 { // a statement without a result
		return queryError(rows.Err())
	}
	cols := make([]column, len(types))
	for i, t := range types {
		cols[i] = column{t.Name(), t.DatabaseTypeName()}
	}
	out := format(w)
	if err := out.columns(cols); err != nil {
		return err
	}
	for rows.Next() {
		dest := make([]any, len(types))
		for i, t := range types {
			dest[i] = reflect.New(t.ScanType()).Interface()
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i := range dest {
			dest[i] = plainValue(reflect.ValueOf(dest[i]).Elem(), cols[i].kind)
		}
		if err := out.row(dest); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return queryError(err)
	}
	return out.end()
}

// queryError keeps the server's explanation to one line.
func queryError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*clickhouse.Exception); ok {
		msg, _, _ := strings.Cut(e.Message, "\n")
		return fmt.Errorf("query: %s (code %d)", msg, e.Code)
	}
	return fmt.Errorf("query: %w", err)
}

// plainValue turns a scanned value into nil, a number, a bool, a string or a
// list or map of these: what every format can write.
func plainValue(v reflect.Value, kind string) any {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return formatTime(x, kind)
	case fmt.Stringer:
		return x.String()
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plainValue(v.Index(i), kind)
		}
		return list
	case reflect.Map:
		m := map[string]any{}
		for k, x := range v.Seq2() {
			m[cell(plainValue(k, kind))] = plainValue(x, kind)
		}
		return m
	}
	return v.Interface()
}

func formatTime(t time.Time, kind string) string {
	switch {
	case strings.Contains(kind, "Date") && !strings.Contains(kind, "DateTime"):
		return t.Format(time.DateOnly)
	case strings.Contains(kind, "DateTime64"):
		return t.Format("2006-01-02 15:04:05.000")
	}
	return t.Format(time.DateTime)
}

// queries cuts a text at every ";" that ends a line, or the text.
func queries(text string) []string {
	var all []string
	var b strings.Builder
	add := func() {
		if q := strings.TrimSpace(b.String()); q != "" {
			all = append(all, q)
		}
		b.Reset()
	}
	for line := range strings.Lines(text) {
		rest, end := strings.CutSuffix(strings.TrimRight(line, " \t\r\n"), ";")
		b.WriteString(rest + "\n")
		if end {
			add()
		}
	}
	add()
	return all
}
