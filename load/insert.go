package load

import (
	"context"
	"fmt"
	"reflect"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/otel/trace"

	"github.com/callvault/callvault/internal/span"
)

// insert is one INSERT of one block, filled column by column in the order of
// its column list. The first error sticks and is returned by send.
type insert struct {
	table string
	span  trace.Span
	rows  int
	bytes int // of the values in memory, counted where there is a span
	batch driver.Batch
	calm  func() // ends the batch's interest in its context
	next  int
	err   error
}

func begin(ctx context.Context, conn driver.Conn, table, columns string) (*insert, error) {
	ctx, s := beginInsert(ctx, table)
	ctx, calm := heedUntil(ctx)
	b, err := conn.PrepareBatch(ctx, "INSERT INTO "+table+" ("+columns+")")
	if err != nil {
		calm()
		span.End(s, err)
		return nil, fmt.Errorf("insert into %s: %w", table, err)
	}
	return &insert{table: table, span: s, batch: b, calm: calm}, nil
}

// col appends a slice of values of the next column.
func (in *insert) col(values any) {
	if in.err == nil {
		in.err = in.batch.Column(in.next).Append(values)
		in.next++
	}
	if in.span.IsRecording() {
		in.rows, in.bytes = reflect.ValueOf(values).Len(), in.bytes+bytesOf(reflect.ValueOf(values))
	}
}

// send waits for the acknowledgement. An error leaves open whether the rows
// are in; one about the columns' values is not worth another attempt.
func (in *insert) send() (err error) {
	defer in.calm()
	defer func() { endInsert(in.span, in.rows, in.bytes, err) }()
	if in.err != nil {
		_ = in.batch.Abort()
		return backoff.Permanent(fmt.Errorf("insert into %s: column %d: %w", in.table, in.next, in.err))
	}
	if err = in.batch.Send(); err != nil {
		return fmt.Errorf("insert into %s: %w", in.table, err)
	}
	return nil
}

// column makes a slice of one field of all rows.
func column[R, T any](rows []R, field func(*R) T) []T {
	c := make([]T, len(rows))
	for i := range rows {
		c[i] = field(&rows[i])
	}
	return c
}
