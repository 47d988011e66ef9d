package load

import (
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// sampleBlock is the rows of one INSERT of samples as they go onto the wire.
// Its columns are reused; times and values stay where they are.
type sampleBlock struct {
	load  proto.ColUInt64
	app   proto.ColUInt32
	words [5]dictionary // comm_id, room_id, user_id, peer_id, metric
	time  timeColumn
	value valueColumn
	input proto.Input
}

// words of a run, in the order of sampleBlock.words.
var wordsOf = [...]func(*run) string{
	func(r *run) string { return r.commID },
	func(r *run) string { return r.roomID },
	func(r *run) string { return r.UserID },
	func(r *run) string { return r.PeerID },
	func(r *run) string { return r.Metric },
}

func newSampleBlock() *sampleBlock {
	b := &sampleBlock{}
	b.input = proto.Input{
		{Name: "load_id", Data: &b.load},
		{Name: "sdk_app_id", Data: &b.app},
		{Name: "comm_id", Data: &b.words[0].column},
		{Name: "room_id", Data: &b.words[1].column},
		{Name: "user_id", Data: &b.words[2].column},
		{Name: "peer_id", Data: &b.words[3].column},
		{Name: "metric", Data: &b.words[4].column},
		{Name: "ts", Data: &b.time},
		{Name: "value", Data: &b.value},
	}
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

// fill makes the block those runs, which it refers to until clear. Keys are
// looked up and written by run.
func (b *sampleBlock) fill(runs []run) {
	b.load, b.app = b.load[:0], b.app[:0]
	rows := 0
	for i := range runs {
		rows += runs[i].Rows
	}
	b.load, b.app = slices.Grow(b.load, rows), slices.Grow(b.app, rows)
	for i := range runs {
		b.load = appendRepeated(b.load, runs[i].of.load, runs[i].Rows)
		b.app = appendRepeated(b.app, uint32(runs[i].of.of.unit.App), runs[i].Rows)
	}
	for i := range b.words {
		b.words[i].fill(runs, rows, wordsOf[i])
	}
	b.time = timeColumn{runs, rows}
	b.value = valueColumn{runs, rows}
}

// clear lets go of the runs and of their strings.
func (b *sampleBlock) clear() {
	b.time, b.value = timeColumn{}, valueColumn{}
	for i := range b.words {
		clear(b.words[i].index)
	}
}

// dictionary is a LowCardinality(String) column.
type dictionary struct {
	column proto.ColLowCardinalityRaw
	index  map[string]int
	words  proto.ColStr
	keys   []int // of the runs
}

func (d *dictionary) fill(runs []run, rows int, word func(*run) string) {
	d.reset()
	last, k := "", 0
	for i := range runs {
		if w := word(&runs[i]); w != last {
			last, k = w, d.key(w)
		}
		d.keys = append(d.keys, k)
	}
	c := &d.column
	switch n := len(d.words.Pos); {
	case n <= 1<<8:
		c.Key, c.Keys8 = proto.KeyUInt8, appendKeys(c.Keys8, runs, rows, d.keys)
	case n <= 1<<16:
		c.Key, c.Keys16 = proto.KeyUInt16, appendKeys(c.Keys16, runs, rows, d.keys)
	default:
		c.Key, c.Keys32 = proto.KeyUInt32, appendKeys(c.Keys32, runs, rows, d.keys)
	}
}

// reset empties the column. ClickHouse's dictionaries begin with the default.
func (d *dictionary) reset() {
	if d.index == nil {
		d.index = map[string]int{}
		d.column.Index = &d.words
	}
	clear(d.index)
	d.column.Reset()
	d.words.Append("")
	d.index[""] = 0
	d.keys = d.keys[:0]
}

// key is the place of a word in the dictionary.
func (d *dictionary) key(word string) int {
	k, ok := d.index[word]
	if !ok {
		k = len(d.words.Pos)
		d.index[word] = k
		d.words.Append(word)
	}
	return k
}

func appendKeys[C ~[]T, T uint8 | uint16 | uint32](column C, runs []run, rows int, keys []int) C {
	column = slices.Grow(column, rows)
	for i, k := range keys {
		column = appendRepeated(column, T(k), runs[i].Rows)
	}
	return column
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
