package load

import (
	"context"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/load/native"
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

// sampleSender inserts samples: see native.Sender.
type sampleSender interface {
	Insert(context.Context, []native.Run) error
	Close()
}

// observedSender does the same for samples, which go their own way.
type observedSender struct {
	sampleSender
	tell func(string, time.Duration, error)
}

func (o observedSender) Insert(ctx context.Context, runs []native.Run) error {
	began := time.Now()
	err := o.sampleSender.Insert(ctx, runs)
	o.tell(native.SamplesTable, time.Since(began), err)
	return err
}

// Waiting is how many rows have been added and are not being inserted yet.
func (w *Writer) Waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.rows()
}
