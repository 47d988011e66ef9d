package native

import (
	"context"
	"reflect"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/callvault/callvault/internal/span"
)

// Attributes of spans.
const (
	attrTable = attribute.Key("callvault.table")
	AttrRows  = attribute.Key("callvault.rows")
	attrBytes = attribute.Key("callvault.bytes") // of the values, before they are encoded
)

func beginInsert(ctx context.Context, table string) (context.Context, trace.Span) {
	return span.Begin(ctx, "insert "+table, attrTable.String(table), attribute.String("db.system.name", "clickhouse"))
}

func endInsert(s trace.Span, rows, bytes int, err error) {
	s.SetAttributes(AttrRows.Int(rows), attrBytes.Int(bytes))
	span.End(s, err)
}

// bytesOf estimates the memory of a value, including the memory it refers to.
func bytesOf(v reflect.Value) int {
	size := int(v.Type().Size())
	switch v.Kind() {
	case reflect.String:
		return size + v.Len()
	case reflect.Pointer:
		if v.IsNil() {
			return size
		}
		return size + bytesOf(v.Elem())
	case reflect.Slice:
		switch v.Type().Elem().Kind() {
		case reflect.String, reflect.Slice, reflect.Pointer:
			for i := range v.Len() {
				size += bytesOf(v.Index(i))
			}
			return size
		}
		return size + v.Len()*int(v.Type().Elem().Size())
	}
	return size
}
