package native

import (
	"slices"

	"github.com/ClickHouse/ch-go/proto"
)

// timeColumn and valueColumn keep their rows in the memory of the runs. Without
// compression the rows are sent from there; with it they are copied once, into the
// buffer to compress.
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

// shortRun is the number of rows below which a run is copied: sending it by itself
// costs more.
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

// pieceRows is the number of rows of a repeatedColumn that are in memory at once.
const pieceRows = 128 << 10

// repeatedColumn has one value a run. Its rows are made while they are sent, so a
// block may have any number of rows. With compression all rows are in memory.
type repeatedColumn[T uint8 | uint16 | uint32] struct {
	kind   proto.ColumnType
	runs   []Run
	values []uint32 // one for each run
	rows   int
	wire   func([]T) proto.ColInput // the values in wire format
	broken func()                   // called when sending fails: send nothing more
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
			return // the last piece, which w sends together with what follows
		}
		if _, err := w.Flush(); err != nil {
			c.broken()
		}
	})
}

// pieces makes the rows, pieceRows at a time. Each piece reuses the memory of the
// one before. The last piece, of fewer rows, is valid until the next call.
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
