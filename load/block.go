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
	keys  []keyColumn
	time  timeColumn
	value valueColumn
	input proto.Input
}

// keyColumn has one value a run.
type keyColumn interface {
	proto.ColInput
	fill(runs []run, rows int)
	clear()
}

// newSampleBlock makes an empty block. broken is called when sending it fails.
func newSampleBlock(broken func()) *sampleBlock {
	b := &sampleBlock{}
	add := func(name string, c keyColumn) {
		b.keys = append(b.keys, c)
		b.input = append(b.input, proto.InputColumn{Name: name, Data: c})
	}
	words := func(name string, of func(*run) string) {
		add(name, newDictionary(proto.ColumnTypeString, new(proto.ColStr), of, broken))
	}
	add("load_id", newDictionary(proto.ColumnTypeUInt64, new(proto.ColUInt64), func(r *run) uint64 { return r.of.load }, broken))
	add("sdk_app_id", newDictionary(proto.ColumnTypeUInt32, new(proto.ColUInt32), func(r *run) uint32 { return uint32(r.of.of.unit.App) }, broken))
	words("comm_id", func(r *run) string { return r.commID })
	words("room_id", func(r *run) string { return r.roomID })
	words("user_id", func(r *run) string { return r.UserID })
	words("peer_id", func(r *run) string { return r.PeerID })
	words("metric", func(r *run) string { return r.Metric })
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
	for _, c := range b.keys {
		c.fill(runs, rows)
	}
	b.time = timeColumn{runs, rows}
	b.value = valueColumn{runs, rows}
}

// clear lets go of the runs and of their strings.
func (b *sampleBlock) clear() {
	b.time, b.value = timeColumn{}, valueColumn{}
	for _, c := range b.keys {
		c.clear()
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
