package store

import (
	"context"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// observed reports how long each block took from sending to its acknowledgement.
type observed struct {
	driver.Conn
	tell func(table string, took time.Duration, err error)
}

func (o observed) PrepareBatch(ctx context.Context, query string, opts ...driver.PrepareBatchOption) (driver.Batch, error) {
	b, err := o.Conn.PrepareBatch(ctx, query, opts...)
	if err != nil {
		return nil, err
	}
	table, _, _ := strings.Cut(strings.TrimPrefix(query, "INSERT INTO "), " ")
	return observedBatch{b, table, o.tell}, nil
}

type observedBatch struct {
	driver.Batch
	table string
	tell  func(string, time.Duration, error)
}

func (b observedBatch) Send() error {
	began := time.Now()
	err := b.Batch.Send()
	b.tell(b.table, time.Since(began), err)
	return err
}
