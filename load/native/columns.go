package native

import (
	"slices"

	"github.com/ClickHouse/ch-go/proto"
)

// timeColumn keeps its rows in the memory of the runs. Without compression the rows are
// sent from there; with it they are copied once, into the buffer to compress.
type timeColumn struct {
	runs []Run
	rows int
}

// shortRun is the number of rows below which a run is copied: sending it by itself
// costs more.
const shortRun = 64

func (timeColumn) Type() proto.ColumnType { return proto.ColumnTypeDateTime.With("'UTC'") }
func (c timeColumn) Rows() int            { return c.rows }

func (c timeColumn) EncodeColumn(b *proto.Buffer) {
	for i := range c.runs {
		proto.ColUInt32(c.runs[i].Time).EncodeColumn(b)
	}
}

func (c timeColumn) WriteColumn(w *proto.Writer) {
	for i := range c.runs {
		writeRun(w, proto.ColUInt32(c.runs[i].Time), c.runs[i].Rows)
	}
}

func writeRun(w *proto.Writer, rows proto.ColInput, n int) {
	if n < shortRun {
		w.ChainBuffer(rows.EncodeColumn)
		return
	}
	rows.WriteColumn(w)
}

// pieceRows is the number of rows that are in memory at once, of a column whose rows are made
// while they are sent.
const pieceRows = 128 << 10

func encodePieces[T any](b *proto.Buffer, wire func([]T) proto.ColInput, pieces func(func([]T))) {
	pieces(func(p []T) { wire(p).EncodeColumn(b) })
}

func writePieces[T any](w *proto.Writer, wire func([]T) proto.ColInput, pieces func(func([]T)), broken func()) {
	pieces(func(p []T) {
		wire(p).WriteColumn(w)
		if len(p) < pieceRows {
			return // the last piece, which w sends together with what follows
		}
		if _, err := w.Flush(); err != nil {
			broken()
		}
	})
}

// repeatedColumn has one value a run. Its rows are made while they are sent, so a
// block may have any number of rows. With compression all rows are in memory.
type repeatedColumn[T uint8 | uint16 | uint32] struct {
	kind   proto.ColumnType
	times  []uint32 // of each value
	values []uint32 // one for each run
	rows   int
	wire   func([]T) proto.ColInput // the values in wire format
	broken func()                   // called when sending fails: send nothing more
	piece  []T
}

// fill sets the values, and how many times each is repeated, which is rows in all. The column
// refers to them until clear.
func (c *repeatedColumn[T]) fill(values, times []uint32, rows int) {
	c.values, c.times, c.rows = values, times, rows
}

func (c *repeatedColumn[T]) clear() { c.fill(nil, nil, 0) }

func (c *repeatedColumn[T]) Type() proto.ColumnType { return c.kind }
func (c *repeatedColumn[T]) Rows() int              { return c.rows }

func (c *repeatedColumn[T]) EncodeColumn(b *proto.Buffer) { encodePieces(b, c.wire, c.pieces) }
func (c *repeatedColumn[T]) WriteColumn(w *proto.Writer)  { writePieces(w, c.wire, c.pieces, c.broken) }

// pieces makes the rows, pieceRows at a time. Each piece reuses the memory of the
// one before. The last piece, of fewer rows, is valid until the next call.
func (c *repeatedColumn[T]) pieces(use func([]T)) {
	p := slices.Grow(c.piece[:0], min(pieceRows, c.rows))
	for i, value := range c.values {
		v := T(value)
		for n := int(c.times[i]); n > 0; {
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
