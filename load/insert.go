package load

import (
	"context"
	"fmt"
	"reflect"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/otel/trace"
)

// insert is one INSERT of one block, filled column by column in the order of
// its column list. The first error sticks and keeps it from being sent.
type insert struct {
	span  trace.Span
	rows  int
	bytes int // of the values in memory, counted where there is a span
	batch driver.Batch
	next  int
	err   error
}

// insertBlock inserts what fill gives and waits for the acknowledgement. An error
// leaves open whether the rows are in; one about the columns' values is not worth
// another attempt. Its span ends with it, whether the block was sent or not.
func insertBlock(ctx context.Context, conn driver.Conn, table, columns string, fill func(*insert)) (err error) {
	ctx, s := beginInsert(ctx, table)
	in := &insert{span: s}
	defer func() { endInsert(s, in.rows, in.bytes, err) }()
	ctx, calm := heedUntil(ctx) // ends the batch's interest in its context
	defer calm()
	if in.batch, err = conn.PrepareBatch(ctx, "INSERT INTO "+table+" ("+columns+")"); err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	fill(in)
	if in.err != nil {
		_ = in.batch.Abort()
		return backoff.Permanent(fmt.Errorf("insert into %s: column %d: %w", table, in.next, in.err))
	}
	if err = in.batch.Send(); err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	return nil
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

// column makes a slice of one field of all rows.
func column[R, T any](rows []R, field func(*R) T) []T {
	c := make([]T, len(rows))
	for i := range rows {
		c[i] = field(&rows[i])
	}
	return c
}
