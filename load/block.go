package load

import (
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// sampleBlock is the rows of one INSERT of samples as they go onto the wire.
// Times and values stay where they are; the other columns have one value a run
// and are made while they are sent.
type sampleBlock struct {
	load  repeatedColumn[uint64]
	app   repeatedColumn[uint32]
	words [len(wordsOf)]*dictionary
	time  timeColumn
	value valueColumn
	input proto.Input
}

// wordsOf are the columns of strings and their value in a run.
var wordsOf = [...]struct {
	column string
	of     func(*run) string
}{
	{"comm_id", func(r *run) string { return r.commID }},
	{"room_id", func(r *run) string { return r.roomID }},
	{"user_id", func(r *run) string { return r.UserID }},
	{"peer_id", func(r *run) string { return r.PeerID }},
	{"metric", func(r *run) string { return r.Metric }},
}

// newSampleBlock makes an empty block. broken is called when sending it fails.
func newSampleBlock(broken func()) *sampleBlock {
	b := &sampleBlock{
		load: repeatedColumn[uint64]{kind: proto.ColumnTypeUInt64, wire: wire64, broken: broken},
		app:  repeatedColumn[uint32]{kind: proto.ColumnTypeUInt32, wire: wire32, broken: broken},
	}
	b.input = proto.Input{{Name: "load_id", Data: &b.load}, {Name: "sdk_app_id", Data: &b.app}}
	for i, w := range wordsOf {
		b.words[i] = newDictionary(broken)
		b.input = append(b.input, proto.InputColumn{Name: w.column, Data: b.words[i]})
	}
	b.input = append(b.input, proto.InputColumn{Name: "ts", Data: &b.time}, proto.InputColumn{Name: "value", Data: &b.value})
	return b
}

// insertInto is the statement that the block goes with.
func (b *sampleBlock) insertInto(table string) string {
	names := make([]string, len(b.input))
	for i := range b.input {
		names[i] = b.input[i].Name
	}
	return "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES"
}

// fill makes the block those runs, which it refers to until clear.
func (b *sampleBlock) fill(runs []run) {
	rows := 0
	for i := range runs {
		rows += runs[i].Rows
	}
	b.load.runs, b.load.rows = runs, rows
	b.load.value = func(i int) uint64 { return runs[i].of.load }
	b.app.runs, b.app.rows = runs, rows
	b.app.value = func(i int) uint32 { return uint32(runs[i].of.of.unit.App) }
	for i := range b.words {
		b.words[i].fill(runs, rows, wordsOf[i].of)
	}
	b.time = timeColumn{runs, rows}
	b.value = valueColumn{runs, rows}
}

// clear lets go of the runs and of their strings.
func (b *sampleBlock) clear() {
	b.load.runs, b.load.value = nil, nil
	b.app.runs, b.app.value = nil, nil
	b.time, b.value = timeColumn{}, valueColumn{}
	for i := range b.words {
		b.words[i].clear()
	}
}

// appendRepeated appends v n times, n > 0, by copies that double.
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
