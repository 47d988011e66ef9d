package native

import "github.com/ClickHouse/ch-go/proto"

// dictionary is a LowCardinality(String) column: the words, and for each run the
// key of its word.
type dictionary struct {
	index map[string]uint32
	words proto.ColStr
	keys  numberColumn
}

func newDictionary(broken func()) *dictionary {
	return &dictionary{index: map[string]uint32{}, keys: newNumberColumn(broken)}
}

// fill sets the runs of the column, and the rows of each, and looks up the word of each.
func (d *dictionary) fill(runs []Run, lengths []uint32, rows int, word func(*Run) string) {
	d.clear()
	d.key("") // ClickHouse's dictionaries begin with the default
	last, k := "", uint32(0)
	d.keys.fill(runs, lengths, rows, func(r *Run) uint32 {
		if w := word(r); w != last {
			last, k = w, d.key(w)
		}
		return k
	})
}

// clear drops the references to the runs and their strings.
func (d *dictionary) clear() {
	clear(d.index)
	d.words.Reset()
	d.keys.clear()
}

// key returns the place of a word in the dictionary and adds the word if it is new.
func (d *dictionary) key(word string) uint32 {
	k, ok := d.index[word]
	if !ok {
		k = uint32(d.words.Rows())
		d.index[word] = k
		d.words.Append(word)
	}
	return k
}

func (d *dictionary) Type() proto.ColumnType {
	return proto.ColumnTypeLowCardinality.Sub(proto.ColumnTypeString)
}
func (d *dictionary) Rows() int { return d.keys.Rows() }

// EncodeState and head write the native format of ClickHouse's
// SerializationLowCardinality.
func (d *dictionary) EncodeState(b *proto.Buffer) {
	const sharedDictionariesWithAdditionalKeys = 1
	b.PutInt64(sharedDictionariesWithAdditionalKeys)
}

func (d *dictionary) head(b *proto.Buffer) {
	const hasAdditionalKeys, needUpdateDictionary = 1 << 9, 1 << 10
	b.PutInt64(hasAdditionalKeys | needUpdateDictionary | int64(d.keys.width))
	b.PutInt64(int64(d.words.Rows()))
	d.words.EncodeColumn(b)
	b.PutInt64(int64(d.Rows()))
}

func (d *dictionary) EncodeColumn(b *proto.Buffer) {
	d.head(b)
	d.keys.EncodeColumn(b)
}

func (d *dictionary) WriteColumn(w *proto.Writer) {
	w.ChainBuffer(d.head)
	d.keys.WriteColumn(w)
}
