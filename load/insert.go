package load

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cenkalti/backoff/v5"
)

// insert is one INSERT of one block, filled column by column in the order of
// its column list. The first error sticks and is returned by send.
type insert struct {
	table string
	batch driver.Batch
	calm  func() // ends the batch's interest in its context
	next  int
	err   error
}

func begin(ctx context.Context, conn driver.Conn, table, columns string) (*insert, error) {
	ctx, calm := heedUntil(ctx)
	b, err := conn.PrepareBatch(ctx, "INSERT INTO "+table+" ("+columns+")")
	if err != nil {
		calm()
		return nil, fmt.Errorf("insert into %s: %w", table, err)
	}
	return &insert{table: table, batch: b, calm: calm}, nil
}

// col appends a slice of values of the next column.
func (in *insert) col(values any) {
	if in.err == nil {
		in.err = in.batch.Column(in.next).Append(values)
		in.next++
	}
}

// send waits for the acknowledgement. An error leaves open whether the rows
// are in; one about the columns' values is not worth another attempt.
func (in *insert) send() error {
	defer in.calm()
	if in.err != nil {
		_ = in.batch.Abort()
		return backoff.Permanent(fmt.Errorf("insert into %s: column %d: %w", in.table, in.next, in.err))
	}
	if err := in.batch.Send(); err != nil {
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
