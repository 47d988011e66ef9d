package native

import "github.com/ClickHouse/ch-go/proto"

// numberColumn is a column of one whole number a run. The largest number decides
// whether the column has 8, 16 or 32 bits.
type numberColumn struct {
	numbers  []uint32 // one for each run
	width    proto.CardinalityKey
	number8  repeatedColumn[uint8]
	number16 repeatedColumn[uint16]
	number32 repeatedColumn[uint32]
}

func newNumberColumn(broken func()) numberColumn {
	return numberColumn{
		number8:  repeatedColumn[uint8]{kind: proto.ColumnTypeUInt8, wire: wire8, broken: broken},
		number16: repeatedColumn[uint16]{kind: proto.ColumnTypeUInt16, wire: wire16, broken: broken},
		number32: repeatedColumn[uint32]{kind: proto.ColumnTypeUInt32, wire: wire32, broken: broken},
	}
}

// fill sets the runs of the column and the rows of each. It refers to the latter until clear.
func (c *numberColumn) fill(runs []Run, lengths []uint32, rows int, number func(*Run) uint32) {
	c.clear()
	most := uint32(0)
	for i := range runs {
		n := number(&runs[i])
		c.numbers = append(c.numbers, n)
		most = max(most, n)
	}
	switch {
	case most < 1<<8:
		c.width = proto.KeyUInt8
		c.number8.fill(c.numbers, lengths, rows)
	case most < 1<<16:
		c.width = proto.KeyUInt16
		c.number16.fill(c.numbers, lengths, rows)
	default:
		c.width = proto.KeyUInt32
		c.number32.fill(c.numbers, lengths, rows)
	}
}

// clear drops the references to the runs.
func (c *numberColumn) clear() {
	c.numbers = c.numbers[:0]
	c.number8.clear()
	c.number16.clear()
	c.number32.clear()
}

// column returns the column of the width in use.
func (c *numberColumn) column() proto.ColInput {
	switch c.width {
	case proto.KeyUInt8:
		return &c.number8
	case proto.KeyUInt16:
		return &c.number16
	}
	return &c.number32
}

func (c *numberColumn) Type() proto.ColumnType       { return c.column().Type() }
func (c *numberColumn) Rows() int                    { return c.column().Rows() }
func (c *numberColumn) EncodeColumn(b *proto.Buffer) { c.column().EncodeColumn(b) }
func (c *numberColumn) WriteColumn(w *proto.Writer)  { c.column().WriteColumn(w) }

func wire8(v []uint8) proto.ColInput   { return proto.ColUInt8(v) }
func wire16(v []uint16) proto.ColInput { return proto.ColUInt16(v) }
func wire32(v []uint32) proto.ColInput { return proto.ColUInt32(v) }
