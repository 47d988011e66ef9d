package load

import "github.com/ClickHouse/ch-go/proto"

// timeColumn and valueColumn are columns whose rows stay in the memory of their
// runs: sent from there where nothing is compressed, and otherwise copied once,
// into what is to be compressed.
type (
	timeColumn struct {
		runs []run
		rows int
	}
	valueColumn struct {
		runs []run
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
		proto.ColUInt32(c.runs[i].time).EncodeColumn(b)
	}
}

func (c valueColumn) EncodeColumn(b *proto.Buffer) {
	for i := range c.runs {
		proto.ColFloat64(c.runs[i].value).EncodeColumn(b)
	}
}

func (c timeColumn) WriteColumn(w *proto.Writer) {
	for i := range c.runs {
		writeRun(w, proto.ColUInt32(c.runs[i].time), c.runs[i].Rows)
	}
}

func (c valueColumn) WriteColumn(w *proto.Writer) {
	for i := range c.runs {
		writeRun(w, proto.ColFloat64(c.runs[i].value), c.runs[i].Rows)
	}
}

func writeRun(w *proto.Writer, rows proto.ColInput, n int) {
	if n < shortRun {
		w.ChainBuffer(rows.EncodeColumn)
		return
	}
	rows.WriteColumn(w)
}
