package native

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

// SamplesTable is the table of a Sender's inserts.
const SamplesTable = "quality_samples_data"

// Sender inserts samples with ch-go, which sends columns from where they are;
// clickhouse-go, used for all other tables, costs many times as much. A Sender is
// safe for concurrent use.
type Sender struct {
	options []ch.Options // one for each address, in the order they are tried

	mu     sync.Mutex
	idle   []*connection
	closed bool
}

// connection is a connection to ClickHouse with its buffers.
type connection struct {
	client *ch.Client // nil: not connected
	used   time.Time
	block  *block
}

func newConnection() *connection {
	c := &connection{}
	c.block = newBlock(c.hangUp)
	return c
}

const (
	// Parallel is the number of concurrent INSERTs of samples that pays off. As many
	// idle connections are kept.
	Parallel = 2
	// staleAfter is how long a connection may be idle and still be used again.
	// Network devices drop idle connections sooner than the server does.
	staleAfter = time.Minute
	// answerPoll is how often a waiting client checks its context.
	answerPoll = time.Second
)

// NewSender makes a Sender for the server and the database of o. It does not connect.
func NewSender(o *clickhouse.Options) *Sender {
	s := &Sender{}
	for _, addr := range o.Addr {
		s.options = append(s.options, wireOptions(o, addr))
	}
	return s
}

// wireOptions translates the options of clickhouse-go into those of ch-go.
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

// dialer dials like clickhouse-go.
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

// Insert sends the rows of runs as one INSERT of one block and waits for the
// acknowledgement. There must be at least one run; all must be sorted, of one
// application, and of loads less than 2^32 apart. Insert keeps no reference to the
// runs. After an error the rows may or may not be in the table.
func (s *Sender) Insert(ctx context.Context, runs []Run) (err error) {
	rows := 0
	for i := range runs {
		rows += runs[i].Rows
	}
	ctx, span := beginInsert(ctx, SamplesTable)
	defer func() { endInsert(span, rows, rows*bytesASample, err) }()
	c := s.take()
	defer s.put(c)
	err = c.dial(ctx, s.options)
	if err == nil {
		c.block.fill(runs)
		defer c.block.clear()
		err = c.send(ctx)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, context.Canceled): // within ch-go: the connection broke
		err = errors.New(err.Error())
	}
	return fmt.Errorf("insert into %s: %w", SamplesTable, err)
}

// dial connects to the first address that answers, unless c is connected.
func (c *connection) dial(ctx context.Context, options []ch.Options) (err error) {
	if c.client != nil && time.Since(c.used) > staleAfter {
		c.hangUp()
	}
	for i := 0; c.client == nil && i < len(options); i++ {
		c.client, err = ch.Dial(ctx, options[i])
		if err != nil && retry.Code(err) != 0 {
			return err // an exception of the server
		}
	}
	if c.client == nil {
		return err
	}
	return nil
}

// send sends the block. It hangs up after any error.
func (c *connection) send(ctx context.Context) error {
	client := c.client
	unhook := context.AfterFunc(ctx, func() { client.Close() }) // ends any wait of ch-go
	err := client.Do(ctx, ch.Query{Body: c.block.insertInto(SamplesTable), Input: c.block.input()})
	if !unhook() || err != nil {
		c.hangUp()
	}
	c.used = time.Now()
	return err
}

func (c *connection) hangUp() {
	if c.client != nil {
		_ = c.client.Close()
		c.client = nil
	}
}

func (s *Sender) take() *connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return c
	}
	return newConnection()
}

func (s *Sender) put(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.idle) >= Parallel {
		c.hangUp()
		return
	}
	s.idle = append(s.idle, c)
}

// Close closes the idle connections. Those in use are closed after their INSERT.
func (s *Sender) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, c := range s.idle {
		c.hangUp()
	}
	s.idle = nil
}
