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

// Columns are the columns of one INSERT, to be filled in the order of its column list.
// After the first error nothing more is taken, and nothing is sent.
type Columns struct {
	span  trace.Span
	rows  int
	bytes int // of the values in memory, counted where there is a span
	batch driver.Batch
	next  int
	err   error
}

// Insert inserts what fill gives and waits for the acknowledgement. An error
// leaves open whether the rows are in; one about the columns' values is not worth
// another attempt. Its span ends with it, whether the block was sent or not.
func Insert(ctx context.Context, conn driver.Conn, table, columns string, fill func(*Columns)) (err error) {
	ctx, s := beginInsert(ctx, table)
	in := &Columns{span: s}
	defer func() { endInsert(s, in.rows, in.bytes, err) }()
	ctx, detach := detachable(ctx) // ends the batch's interest in its context
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

// Add appends a slice of values of the next column.
func (in *Columns) Add(values any) {
	if in.err == nil {
		in.err = in.batch.Column(in.next).Append(values)
		in.next++
	}
	if in.span.IsRecording() {
		in.rows, in.bytes = reflect.ValueOf(values).Len(), in.bytes+bytesOf(reflect.ValueOf(values))
	}
}

// Add appends a column of one field of all rows.
func Add[R, T any](in *Columns, rows []R, field func(*R) T) { in.Add(Each(rows, field)) }

// Each makes a slice of one field of all rows.
func Each[R, T any](rows []R, field func(*R) T) []T {
	c := make([]T, len(rows))
	for i := range rows {
		c[i] = field(&rows[i])
	}
	return c
}

// Encodable is a column in the form it has on the wire.
type Encodable interface {
	EncodeColumn(*proto.Buffer)
	Rows() int
}

// Encoded hands the next column over as if it had come from the server:
// clickhouse-go fills arrays and tuples by reflection, value by value.
func (in *Columns) Encoded(c Encodable) {
	if in.err != nil {
		return
	}
	var b proto.Buffer
	c.EncodeColumn(&b)
	in.err = in.batch.Columns()[in.next].Decode(proto.NewReader(bytes.NewReader(b.Buf)), c.Rows())
	in.next++
}

// Arrays is a column of arrays: where each ends, and the columns of the elements.
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
