package load

import "github.com/ClickHouse/ch-go/proto"

// dictionary is a LowCardinality column: the different values, and for each run
// which of them is its rows'. So is a column sent whose values are many bytes and
// few; the server makes it what the table has.
type dictionary[T comparable] struct {
	kind   proto.ColumnType // of the values
	of     func(*run) T
	values values[T]
	index  map[T]int
	keys   []int // of the runs
	width  proto.CardinalityKey
	key8   repeatedColumn[uint8]
	key16  repeatedColumn[uint16]
	key32  repeatedColumn[uint32]
}

// values is a column of ch-go.
type values[T any] interface {
	Append(T)
	Reset()
	Rows() int
	EncodeColumn(*proto.Buffer)
}

// newDictionary makes an empty column of what runs have. broken is called when
// sending it fails.
func newDictionary[T comparable](kind proto.ColumnType, empty values[T], of func(*run) T, broken func()) *dictionary[T] {
	d := &dictionary[T]{kind: kind, of: of, values: empty, index: map[T]int{}}
	d.key8 = repeatedColumn[uint8]{wire: wire8, broken: broken, value: func(i int) uint8 { return uint8(d.keys[i]) }}
	d.key16 = repeatedColumn[uint16]{wire: wire16, broken: broken, value: func(i int) uint16 { return uint16(d.keys[i]) }}
	d.key32 = repeatedColumn[uint32]{wire: wire32, broken: broken, value: func(i int) uint32 { return uint32(d.keys[i]) }}
	return d
}

// fill makes the column one of those runs. Values are looked up by run.
func (d *dictionary[T]) fill(runs []run, rows int) {
	d.clear()
	var last T
	k := d.key(last) // ClickHouse's dictionaries begin with the default
	for i := range runs {
		if v := d.of(&runs[i]); v != last {
			last, k = v, d.key(v)
		}
		d.keys = append(d.keys, k)
	}
	switch n := d.values.Rows(); {
	case n <= 1<<8:
		d.width, d.key8.runs, d.key8.rows = proto.KeyUInt8, runs, rows
	case n <= 1<<16:
		d.width, d.key16.runs, d.key16.rows = proto.KeyUInt16, runs, rows
	default:
		d.width, d.key32.runs, d.key32.rows = proto.KeyUInt32, runs, rows
	}
}

// clear lets go of the runs and of their strings.
func (d *dictionary[T]) clear() {
	clear(d.index)
	d.values.Reset()
	d.keys = d.keys[:0]
	d.key8.runs, d.key16.runs, d.key32.runs = nil, nil, nil
}

// key is the place of a value in the dictionary.
func (d *dictionary[T]) key(v T) int {
	k, ok := d.index[v]
	if !ok {
		k = d.values.Rows()
		d.index[v] = k
		d.values.Append(v)
	}
	return k
}

// rows is what a column sends of its rows.
type rows interface {
	Rows() int
	EncodeColumn(*proto.Buffer)
	WriteColumn(*proto.Writer)
}

// column is the column of the keys.
func (d *dictionary[T]) column() rows {
	switch d.width {
	case proto.KeyUInt8:
		return &d.key8
	case proto.KeyUInt16:
		return &d.key16
	}
	return &d.key32
}

func (d *dictionary[T]) Type() proto.ColumnType { return proto.ColumnTypeLowCardinality.Sub(d.kind) }
func (d *dictionary[T]) Rows() int              { return d.column().Rows() }

// EncodeState and head are the native format's, as ClickHouse's
// SerializationLowCardinality has it.
func (d *dictionary[T]) EncodeState(b *proto.Buffer) {
	const sharedDictionariesWithAdditionalKeys = 1
	b.PutInt64(sharedDictionariesWithAdditionalKeys)
}

func (d *dictionary[T]) head(b *proto.Buffer) {
	const hasAdditionalKeys, needUpdateDictionary = 1 << 9, 1 << 10
	b.PutInt64(hasAdditionalKeys | needUpdateDictionary | int64(d.width))
	b.PutInt64(int64(d.values.Rows()))
	d.values.EncodeColumn(b)
	b.PutInt64(int64(d.Rows()))
}

func (d *dictionary[T]) EncodeColumn(b *proto.Buffer) {
	d.head(b)
	d.column().EncodeColumn(b)
}

func (d *dictionary[T]) WriteColumn(w *proto.Writer) {
	w.ChainBuffer(d.head)
	d.column().WriteColumn(w)
}
