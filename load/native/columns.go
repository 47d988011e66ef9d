package native

import (
	"slices"

	"github.com/ClickHouse/ch-go/proto"
)

// timeColumn and valueColumn are columns whose rows stay in the memory of their
// runs: sent from there where nothing is compressed, and otherwise copied once,
// into what is to be compressed.
type (
	timeColumn struct {
		runs []Run
		rows int
	}
	valueColumn struct {
		runs []Run
		rows int
	}
)

// shortRun is how many rows cost less to copy than to send by themselves.
const shortRun = 64

func (timeColumn) Type() proto.ColumnType  { return proto.ColumnTypeDateTime.With("'UTC'") }
func (valueColumn) Type() proto.ColumnType { return proto.ColumnTypeFloat64 }

func (c timeColumn) Rows() int  { return c.rows }
func (c valueColumn) Rows() int { return c.rows }

func (c timeColumn) EncodeColumn(b *proto.Buffer) {
	for i := range c.runs {
		proto.ColUInt32(c.runs[i].Time).EncodeColumn(b)
	}
}

func (c valueColumn) EncodeColumn(b *proto.Buffer) {
	for i := range c.runs {
		proto.ColFloat64(c.runs[i].Value).EncodeColumn(b)
	}
}

func (c timeColumn) WriteColumn(w *proto.Writer) {
	for i := range c.runs {
		writeRun(w, proto.ColUInt32(c.runs[i].Time), c.runs[i].Rows)
	}
}

func (c valueColumn) WriteColumn(w *proto.Writer) {
	for i := range c.runs {
		writeRun(w, proto.ColFloat64(c.runs[i].Value), c.runs[i].Rows)
	}
}

func writeRun(w *proto.Writer, rows proto.ColInput, n int) {
	if n < shortRun {
		w.ChainBuffer(rows.EncodeColumn)
		return
	}
	rows.WriteColumn(w)
}

// pieceRows is how many rows of a repeatedColumn are in memory at once.
const pieceRows = 128 << 10

// repeatedColumn has one value a run. Its rows are made while they are sent, so
// that a block may have any number; only what is to be compressed is in memory
// as a whole.
type repeatedColumn[T uint8 | uint16 | uint32] struct {
	kind   proto.ColumnType
	runs   []Run
	values []uint32 // of the runs
	rows   int
	wire   func([]T) proto.ColInput // the values as they are on the wire
	broken func()                   // sending failed: nothing more must be sent
	piece  []T
}

func (c *repeatedColumn[T]) fill(runs []Run, rows int, values []uint32) {
	c.runs, c.rows, c.values = runs, rows, values
}

func (c *repeatedColumn[T]) clear() { c.fill(nil, 0, nil) }

func (c *repeatedColumn[T]) Type() proto.ColumnType { return c.kind }
func (c *repeatedColumn[T]) Rows() int              { return c.rows }

func (c *repeatedColumn[T]) EncodeColumn(b *proto.Buffer) {
	c.pieces(func(p []T) { c.wire(p).EncodeColumn(b) })
}

func (c *repeatedColumn[T]) WriteColumn(w *proto.Writer) {
	c.pieces(func(p []T) {
		c.wire(p).WriteColumn(w)
		if len(p) < pieceRows {
			return // the last piece, which stays as it is until it is sent with what follows
		}
		if _, err := w.Flush(); err != nil {
			c.broken()
		}
	})
}

// pieces makes the rows, pieceRows at a time, each in the memory of the one
// before; the last piece, of fewer rows, stays until the next call.
func (c *repeatedColumn[T]) pieces(use func([]T)) {
	p := slices.Grow(c.piece[:0], min(pieceRows, c.rows))
	for i := range c.runs {
		v := T(c.values[i])
		for n := c.runs[i].Rows; n > 0; {
			k := min(n, pieceRows-len(p))
			p = appendRepeated(p, v, k)
			if n -= k; len(p) == pieceRows {
				use(p)
				p = p[:0]
			}
		}
	}
	if len(p) > 0 {
		use(p)
	}
	c.piece = p[:0]
}
