package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/load/retry"
)

const samplesTable = "quality_samples_data"

// sampleSink inserts samples. It is safe for concurrent use.
type sampleSink interface {
	// insert sends the rows of sorted runs, at least one, all of one application
	// and of loads less than 2^32 apart, as one INSERT of one block and waits for
	// the acknowledgement. It has let go of the runs when it returns. An error
	// leaves open whether the rows are in.
	insert(ctx context.Context, runs []run) error
	close()
}

// wire is the sampleSink for real: ch-go, which takes columns as they are. All
// other tables go through clickhouse-go, whose columns cost many times as much.
type wire struct {
	options []ch.Options // one for each address, tried in order

	mu     sync.Mutex
	idle   []*lane
	closed bool
}

// lane is a connection, or none yet, and the buffers that go with it.
type lane struct {
	client *ch.Client // nil: to be dialled
	used   time.Time
	block  *sampleBlock
}

func newLane() *lane {
	l := &lane{}
	l.block = newSampleBlock(l.hangUp)
	return l
}

const (
	// lanes is how many INSERTs a flush has at once, and how many lanes are kept.
	lanes = 2
	// staleAfter is how long a connection may have been idle to be used again;
	// whoever is on the way forgets connections sooner than the server does.
	staleAfter = time.Minute
	// answerPoll is how often a waiting client looks whether its context ended.
	answerPoll = time.Second
)

func newWire(o *clickhouse.Options) *wire {
	w := &wire{}
	for _, addr := range o.Addr {
		w.options = append(w.options, wireOptions(o, addr))
	}
	return w
}

// wireOptions says to ch-go what o says to clickhouse-go.
func wireOptions(o *clickhouse.Options, addr string) ch.Options {
	c := ch.Options{
		Address: addr, Database: o.Auth.Database, User: o.Auth.Username, Password: o.Auth.Password,
		ClientName: "callvault", DialTimeout: o.DialTimeout, ReadTimeout: answerPoll,
		Dialer: dialer{o},
	}
	for name, v := range o.Settings {
		setting := ch.Setting{Key: name, Value: fmt.Sprint(v), Important: true}
		if custom, ok := v.(clickhouse.CustomSetting); ok {
			setting = ch.Setting{Key: name, Value: custom.Value, Custom: true}
		}
		c.Settings = append(c.Settings, setting)
	}
	if o.Compression == nil {
		return c
	}
	c.CompressionLevel = ch.CompressionLevel(o.Compression.Level)
	switch o.Compression.Method {
	case clickhouse.CompressionLZ4:
		c.Compression = ch.CompressionLZ4
	case clickhouse.CompressionLZ4HC:
		c.Compression = ch.CompressionLZ4HC
	case clickhouse.CompressionZSTD:
		c.Compression = ch.CompressionZSTD
	}
	return c
}

// dialer dials as clickhouse-go does.
type dialer struct{ *clickhouse.Options }

func (d dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	n := &net.Dialer{Timeout: d.DialTimeout}
	switch {
	case d.Options.DialContext != nil:
		return d.Options.DialContext(ctx, addr)
	case d.TLS != nil:
		return (&tls.Dialer{NetDialer: n, Config: d.TLS}).DialContext(ctx, network, addr)
	}
	return n.DialContext(ctx, network, addr)
}

func (w *wire) insert(ctx context.Context, runs []run) (err error) {
	rows := 0
	for i := range runs {
		rows += runs[i].Rows
	}
	ctx, s := beginInsert(ctx, samplesTable)
	defer func() { endInsert(s, rows, runBytes(rows), err) }()
	l := w.take()
	defer w.put(l)
	err = l.dial(ctx, w.options)
	if err == nil {
		l.block.fill(runs)
		defer l.block.clear()
		err = l.send(ctx)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, context.Canceled): // within ch-go: the connection broke
		err = errors.New(err.Error())
	}
	return fmt.Errorf("insert into %s: %w", samplesTable, err)
}

// dial connects to the first address that answers, unless l is connected.
func (l *lane) dial(ctx context.Context, options []ch.Options) (err error) {
	if l.client != nil && time.Since(l.used) > staleAfter {
		l.hangUp()
	}
	for i := 0; l.client == nil && i < len(options); i++ {
		l.client, err = ch.Dial(ctx, options[i])
		if err != nil && retry.Code(err) != 0 {
			return err // the server's own word
		}
	}
	if l.client == nil {
		return err
	}
	return nil
}

// send sends the block. Only a connection without any trouble is used again.
func (l *lane) send(ctx context.Context) error {
	client := l.client
	calm := context.AfterFunc(ctx, func() { client.Close() }) // whatever ch-go waits for
	err := client.Do(ctx, ch.Query{Body: l.block.insertInto(samplesTable), Input: l.block.input})
	if !calm() || err != nil {
		l.hangUp()
	}
	l.used = time.Now()
	return err
}

func (l *lane) hangUp() {
	if l.client != nil {
		_ = l.client.Close()
		l.client = nil
	}
}

func (w *wire) take() *lane {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.idle); n > 0 {
		l := w.idle[n-1]
		w.idle = w.idle[:n-1]
		return l
	}
	return newLane()
}

func (w *wire) put(l *lane) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.idle) >= lanes {
		l.hangUp()
		return
	}
	w.idle = append(w.idle, l)
}

// close closes the connections that are idle, and later those in use.
func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for _, l := range w.idle {
		l.hangUp()
	}
	w.idle = nil
}
