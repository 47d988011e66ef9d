package native

import (
	"bytes"
	"context"
	"fmt"
	"reflect"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/otel/trace"
)

// Columns takes the columns of one INSERT, in the order of its column list. After
// the first error it ignores further columns, and nothing is sent.
type Columns struct {
	span  trace.Span
	rows  int
	bytes int // of the values in memory; counted only for a recording span
	batch driver.Batch
	next  int
	err   error
}

// Insert inserts the columns that fill adds and waits for the acknowledgement.
// After an error the rows may or may not be in the table. An error about the values
// of the columns is permanent (backoff.Permanent).
func Insert(ctx context.Context, conn driver.Conn, table, columns string, fill func(*Columns)) (err error) {
	ctx, s := beginInsert(ctx, table)
	in := &Columns{span: s}
	defer func() { endInsert(s, in.rows, in.bytes, err) }()
	ctx, detach := detachable(ctx)
	defer detach()
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

// Add adds the next column: a slice with one value a row.
func (in *Columns) Add(values any) {
	if in.err == nil {
		in.err = in.batch.Column(in.next).Append(values)
		in.next++
	}
	if in.span.IsRecording() {
		in.rows, in.bytes = reflect.ValueOf(values).Len(), in.bytes+bytesOf(reflect.ValueOf(values))
	}
}

// Add adds the next column: one field of each row.
func Add[R, T any](in *Columns, rows []R, field func(*R) T) { in.Add(Each(rows, field)) }

// Each returns a slice with one field of each row.
func Each[R, T any](rows []R, field func(*R) T) []T {
	c := make([]T, len(rows))
	for i := range rows {
		c[i] = field(&rows[i])
	}
	return c
}

// Encodable is a column in wire format.
type Encodable interface {
	EncodeColumn(*proto.Buffer)
	Rows() int
}

// Encoded adds the next column as if it had come from the server. Add is slow for
// arrays and tuples: clickhouse-go fills them by reflection, value by value.
func (in *Columns) Encoded(c Encodable) {
	if in.err != nil {
		return
	}
	var b proto.Buffer
	c.EncodeColumn(&b)
	in.err = in.batch.Columns()[in.next].Decode(proto.NewReader(bytes.NewReader(b.Buf)), c.Rows())
	in.next++
}

// Arrays is a column of arrays: the end of each, and the columns of the elements.
type Arrays struct {
	Ends     proto.ColUInt64
	Elements []Encodable
}

func (a *Arrays) Rows() int { return len(a.Ends) }

func (a *Arrays) EncodeColumn(b *proto.Buffer) {
	a.Ends.EncodeColumn(b)
	for _, e := range a.Elements {
		e.EncodeColumn(b)
	}
}
