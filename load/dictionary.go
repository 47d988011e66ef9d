package load

import "github.com/ClickHouse/ch-go/proto"

// dictionary is a LowCardinality(String) column: the words, and for each run
// which of them is its rows' value.
type dictionary struct {
	index map[string]int
	words proto.ColStr
	keys  []int // of the runs
	width proto.CardinalityKey
	key8  repeatedColumn[uint8]
	key16 repeatedColumn[uint16]
	key32 repeatedColumn[uint32]
}

func newDictionary(broken func()) *dictionary {
	d := &dictionary{index: map[string]int{}}
	d.key8 = repeatedColumn[uint8]{wire: wire8, broken: broken, value: func(i int) uint8 { return uint8(d.keys[i]) }}
	d.key16 = repeatedColumn[uint16]{wire: wire16, broken: broken, value: func(i int) uint16 { return uint16(d.keys[i]) }}
	d.key32 = repeatedColumn[uint32]{wire: wire32, broken: broken, value: func(i int) uint32 { return uint32(d.keys[i]) }}
	return d
}

// fill makes the column one of those runs. Words are looked up by run.
func (d *dictionary) fill(runs []run, rows int, word func(*run) string) {
	d.clear()
	d.words.Append("") // ClickHouse's dictionaries begin with the default
	d.index[""] = 0
	last, k := "", 0
	for i := range runs {
		if w := word(&runs[i]); w != last {
			last, k = w, d.key(w)
		}
		d.keys = append(d.keys, k)
	}
	switch n := d.words.Rows(); {
	case n <= 1<<8:
		d.width, d.key8.runs, d.key8.rows = proto.KeyUInt8, runs, rows
	case n <= 1<<16:
		d.width, d.key16.runs, d.key16.rows = proto.KeyUInt16, runs, rows
	default:
		d.width, d.key32.runs, d.key32.rows = proto.KeyUInt32, runs, rows
	}
}

// clear lets go of the runs and of their strings.
func (d *dictionary) clear() {
	clear(d.index)
	d.words.Reset()
	d.keys = d.keys[:0]
	d.key8.runs, d.key16.runs, d.key32.runs = nil, nil, nil
}

// key is the place of a word in the dictionary.
func (d *dictionary) key(word string) int {
	k, ok := d.index[word]
	if !ok {
		k = d.words.Rows()
		d.index[word] = k
		d.words.Append(word)
	}
	return k
}

// column is the column of the keys.
func (d *dictionary) column() proto.ColInput {
	switch d.width {
	case proto.KeyUInt8:
		return &d.key8
	case proto.KeyUInt16:
		return &d.key16
	}
	return &d.key32
}

func (d *dictionary) Type() proto.ColumnType {
	return proto.ColumnTypeLowCardinality.Sub(proto.ColumnTypeString)
}
func (d *dictionary) Rows() int { return d.column().Rows() }

// EncodeState and head are the native format's, as ClickHouse's
// SerializationLowCardinality has it.
func (d *dictionary) EncodeState(b *proto.Buffer) {
	const sharedDictionariesWithAdditionalKeys = 1
	b.PutInt64(sharedDictionariesWithAdditionalKeys)
}

func (d *dictionary) head(b *proto.Buffer) {
	const hasAdditionalKeys, needUpdateDictionary = 1 << 9, 1 << 10
	b.PutInt64(hasAdditionalKeys | needUpdateDictionary | int64(d.width))
	b.PutInt64(int64(d.words.Rows()))
	d.words.EncodeColumn(b)
	b.PutInt64(int64(d.Rows()))
}

func (d *dictionary) EncodeColumn(b *proto.Buffer) {
	d.head(b)
	d.column().EncodeColumn(b)
}

func (d *dictionary) WriteColumn(w *proto.Writer) {
	w.ChainBuffer(d.head)
	d.column().WriteColumn(w)
}
