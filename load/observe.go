package load

import (
	"context"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// observed tells how long each insert of a block took, from when it is sent to
// its acknowledgement.
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

// observedSink does the same for samples, which go their own way.
type observedSink struct {
	sampleSink
	tell func(string, time.Duration, error)
}

func (o observedSink) insert(ctx context.Context, runs []run) error {
	began := time.Now()
	err := o.sampleSink.insert(ctx, runs)
	o.tell(samplesTable, time.Since(began), err)
	return err
}

// Waiting is how many rows have been added and are not being inserted yet.
func (w *Writer) Waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.rows()
}
