package native

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/sqltext"
)

// block is the rows of one INSERT of samples of one application, as they go onto
// the wire. Times stay where they are. The other columns are made while they are sent: values
// become decimals, and the rest has one value a run. To send less, the statement names the
// application and the least load, and each row has the difference to that load.
type block struct {
	app   call.AppID
	first uint64       // the least load
	load  numberColumn // load minus first
	words [len(wordsOf)]*dictionary
	time  timeColumn
	value decimals
	per   repeatedColumn[uint32]

	lengths []uint32    // of each run, in rows
	columns proto.Input // the last one has the odd values, which are mostly none
}

// wordsOf lists the columns of strings and how to read them from a run.
var wordsOf = [...]struct {
	column string
	of     func(*Run) string
}{
	{"comm_id", func(r *Run) string { return r.CommID }},
	{"room_id", func(r *Run) string { return r.RoomID }},
	{"user_id", func(r *Run) string { return r.UserID }},
	{"peer_id", func(r *Run) string { return r.PeerID }},
	{"metric", func(r *Run) string { return r.Metric }},
}

// newBlock makes an empty block, which calls broken when sending fails.
func newBlock(broken func()) *block {
	b := &block{load: newNumberColumn(broken)}
	b.per = repeatedColumn[uint32]{kind: proto.ColumnTypeUInt32, wire: wire32, broken: broken}
	b.columns = proto.Input{{Name: "load", Data: &b.load}}
	for i, w := range wordsOf {
		b.words[i] = newDictionary(broken)
		b.columns = append(b.columns, proto.InputColumn{Name: w.column, Data: b.words[i]})
	}
	b.columns = append(b.columns,
		proto.InputColumn{Name: "ts", Data: &b.time},
		proto.InputColumn{Name: "number", Data: newNumbers(&b.value, broken)},
		proto.InputColumn{Name: "per", Data: &b.per},
		proto.InputColumn{Name: "odd", Data: newOdd(&b.value, broken)})
	return b
}

// input returns the columns that the block sends. It has no column of odd values if there are none.
func (b *block) input() proto.Input {
	if b.value.odd {
		return b.columns
	}
	return b.columns[:len(b.columns)-1]
}

// insertInto is the INSERT statement of the block. With one thread, ClickHouse
// computes the columns in the thread that reads them.
func (b *block) insertInto(table string) string {
	input := b.input()
	names, columns := make([]string, len(input)), make([]string, len(input))
	for i, c := range input {
		names[i], columns[i] = c.Name, c.Name+" "+string(c.Data.Type())
	}
	same := strings.Join(names[1:], ", ")
	return fmt.Sprintf("INSERT INTO %s (load_id, sdk_app_id, %s) SELECT toUInt64(%d) + load, toUInt32(%d), %s FROM input(%s) SETTINGS max_threads = 1 FORMAT Native",
		table, same, b.first, b.app, same, sqltext.Literal(strings.Join(columns, ", ")))
}

// fill sets the runs of the block, at least one. The block refers to them until clear.
func (b *block) fill(runs []Run) {
	rows := 0
	b.app, b.first = runs[0].App, runs[0].Load
	b.lengths = b.lengths[:0]
	for i := range runs {
		rows += runs[i].Rows
		b.lengths = append(b.lengths, uint32(runs[i].Rows))
		b.first = min(b.first, runs[i].Load)
	}
	b.load.fill(runs, b.lengths, rows, func(r *Run) uint32 { return uint32(r.Load - b.first) })
	for i := range b.words {
		b.words[i].fill(runs, b.lengths, rows, wordsOf[i].of)
	}
	b.time = timeColumn{runs, rows}
	b.value.fill(runs, rows)
	b.per.fill(b.value.perOf, b.value.lengths, rows)
}

// clear drops the references to the runs and their strings.
func (b *block) clear() {
	b.load.clear()
	b.time = timeColumn{}
	b.value.clear()
	b.per.clear()
	for i := range b.words {
		b.words[i].clear()
	}
}

// appendRepeated appends v n times, n > 0. It doubles the copied part each time.
func appendRepeated[C ~[]T, T any](column C, v T, n int) C {
	from := len(column)
	column = slices.Grow(column, n)[:from+n]
	tail := column[from:]
	tail[0] = v
	for done := 1; done < n; done *= 2 {
		copy(tail[done:], tail[:done])
	}
	return column
}
