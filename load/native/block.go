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
// the wire. Times and values stay where they are. The other columns have one value
// a run and are made while they are sent. To send less, the statement names the
// application and the least load, and each row has the difference to that load.
type block struct {
	app   call.AppID
	first uint64       // the least load
	load  numberColumn // load minus first
	words [len(wordsOf)]*dictionary
	time  timeColumn
	value valueColumn
	input proto.Input
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
	b.input = proto.Input{{Name: "load", Data: &b.load}}
	for i, w := range wordsOf {
		b.words[i] = newDictionary(broken)
		b.input = append(b.input, proto.InputColumn{Name: w.column, Data: b.words[i]})
	}
	b.input = append(b.input, proto.InputColumn{Name: "ts", Data: &b.time}, proto.InputColumn{Name: "value", Data: &b.value})
	return b
}

// insertInto is the INSERT statement of the block. With one thread, ClickHouse
// computes the columns in the thread that reads them.
func (b *block) insertInto(table string) string {
	names, columns := make([]string, len(b.input)), make([]string, len(b.input))
	for i, c := range b.input {
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
	for i := range runs {
		rows += runs[i].Rows
		b.first = min(b.first, runs[i].Load)
	}
	b.load.fill(runs, rows, func(r *Run) uint32 { return uint32(r.Load - b.first) })
	for i := range b.words {
		b.words[i].fill(runs, rows, wordsOf[i].of)
	}
	b.time = timeColumn{runs, rows}
	b.value = valueColumn{runs, rows}
}

// clear drops the references to the runs and their strings.
func (b *block) clear() {
	b.load.clear()
	b.time, b.value = timeColumn{}, valueColumn{}
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
