package load

import (
	"cmp"
	"context"
	"slices"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/callvault/callvault/internal/call"
)

// run is one series of samples: one value of every key column, and rows
// [from, from+rows) of the buffer's columns.
type run struct {
	of             *half
	commID, roomID string
	call.Series
	from int
}

// sampleBuffer is samples in columns, owned by it.
type sampleBuffer struct {
	runs  []run
	time  []uint32
	value []float64
}

func (b *sampleBuffer) add(h *half, commID, roomID string, x *call.Samples) {
	from := len(b.time)
	for _, series := range x.Series {
		if series.Rows == 0 {
			continue
		}
		b.runs = append(b.runs, run{h, commID, roomID, series, from})
		from += series.Rows
	}
	b.time = append(b.time, x.Time...)
	b.value = append(b.value, x.Value...)
}

// sort puts the runs into the order of the table's key. The rows of a run are
// in order as the vendor sends them, and runs of one series follow one another.
func (b *sampleBuffer) sort() {
	slices.SortStableFunc(b.runs, func(x, y run) int {
		return cmp.Or(
			cmp.Compare(x.of.of.unit.App, y.of.of.unit.App),
			cmp.Compare(x.Metric, y.Metric),
			cmp.Compare(x.commID, y.commID),
			cmp.Compare(x.UserID, y.UserID),
			cmp.Compare(x.PeerID, y.PeerID),
			cmp.Compare(b.time[x.from], b.time[y.from]),
		)
	})
}

// insertSamples sends the rows of all runs as one block, filled run by run.
func (w *Writer) insertSamples(ctx context.Context, b *sampleBuffer) error {
	if len(b.runs) == 0 {
		return nil
	}
	rows := 0
	for i := range b.runs {
		rows += b.runs[i].Rows
	}
	in, err := begin(ctx, w.store.conn, "quality_samples_data", "load_id, sdk_app_id, comm_id, room_id, user_id, peer_id, metric, ts, value")
	if err != nil {
		return err
	}
	in.raw(fill(b, rows, func(r *run) uint64 { return r.of.load }))
	in.raw(fill(b, rows, func(r *run) uint32 { return uint32(r.of.of.unit.App) }))
	for _, key := range []func(*run) string{
		func(r *run) string { return r.commID },
		func(r *run) string { return r.roomID },
		func(r *run) string { return r.UserID },
		func(r *run) string { return r.PeerID },
		func(r *run) string { return r.Metric },
	} {
		in.raw(dictionary(b, rows, key))
	}
	times := make(proto.ColUInt32, 0, rows)
	values := make([]float64, 0, rows)
	for i := range b.runs {
		r := &b.runs[i]
		times = append(times, b.time[r.from:r.from+r.Rows]...)
		values = append(values, b.value[r.from:r.from+r.Rows]...)
	}
	in.raw(&times)
	in.col(values)
	return in.send()
}

// fill makes a column of numbers that are the same throughout a run.
func fill[T uint32 | uint64](b *sampleBuffer, rows int, key func(*run) T) rawColumn {
	column := make([]T, rows)
	at := 0
	for i := range b.runs {
		v := key(&b.runs[i])
		for end := at + b.runs[i].Rows; at < end; at++ {
			column[at] = v
		}
	}
	if c, ok := any(column).([]uint32); ok {
		x := proto.ColUInt32(c)
		return &x
	}
	x := proto.ColUInt64(any(column).([]uint64))
	return &x
}

// dictionary makes a LowCardinality(String) column: one look-up for each run,
// not for each row.
func dictionary(b *sampleBuffer, rows int, key func(*run) string) rawColumn {
	index := map[string]int{"": 0} // ClickHouse's dictionaries begin with the default
	words := new(proto.ColStr)
	words.Append("")
	keys := make([]int, len(b.runs))
	for i := range b.runs {
		word := key(&b.runs[i])
		k, ok := index[word]
		if !ok {
			k = len(index)
			index[word] = k
			words.Append(word)
		}
		keys[i] = k
	}
	c := &proto.ColLowCardinalityRaw{Index: words, Key: proto.KeyUInt32}
	switch {
	case len(index) <= 1<<8:
		c.Key, c.Keys8 = proto.KeyUInt8, fillKeys[uint8](b, rows, keys)
	case len(index) <= 1<<16:
		c.Key, c.Keys16 = proto.KeyUInt16, fillKeys[uint16](b, rows, keys)
	default:
		c.Keys32 = fillKeys[uint32](b, rows, keys)
	}
	return c
}

func fillKeys[T uint8 | uint16 | uint32](b *sampleBuffer, rows int, keys []int) []T {
	column := make([]T, 0, rows)
	for i, k := range keys {
		for range b.runs[i].Rows {
			column = append(column, T(k))
		}
	}
	return column
}
