package aggregate

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/native"
)

// StreamRow is a stream with its load and call.
type StreamRow struct {
	Load    uint64
	App     call.AppID
	CommID  string
	RoomID  string
	Created time.Time // of the call
	*Stream
}

// InsertStreams inserts rows. It sorts rows by the key of the table and joins those of
// the same load and stream, and returns how many are left. It does not change the streams, so
// an insert can be retried.
func InsertStreams(ctx context.Context, conn driver.Conn, rows []StreamRow) (int, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	rows = joined(rows)
	return len(rows), insertStreams(ctx, conn, rows)
}

func joined(rows []StreamRow) []StreamRow {
	slices.SortStableFunc(rows, func(x, y StreamRow) int {
		return cmp.Or(
			cmp.Compare(x.App, y.App), cmp.Compare(x.day, y.day),
			compareBool(x.peer != "", y.peer != ""), cmp.Compare(x.CommID, y.CommID), cmp.Compare(x.user, y.user), cmp.Compare(x.peer, y.peer),
			cmp.Compare(x.device, y.device), cmp.Compare(x.version, y.version), cmp.Compare(x.Load, y.Load), cmp.Compare(x.RoomID, y.RoomID),
		)
	})
	kept := rows[:0]
	for _, r := range rows {
		if n := len(kept) - 1; n >= 0 && kept[n].same(&r) {
			kept[n].Stream = kept[n].plus(r.Stream)
		} else {
			kept = append(kept, r)
		}
	}
	return kept
}

func (r *StreamRow) same(x *StreamRow) bool {
	return r.Load == x.Load && r.CommID == x.CommID && r.RoomID == x.RoomID && r.streamKey == x.streamKey
}

func insertStreams(ctx context.Context, conn driver.Conn, rows []StreamRow) error {
	columns := []string{"load_id", "sdk_app_id", "comm_id", "room_id", "user_id", "peer_id", "day", "call_created_at", "device_type", "sdk_version", "first_ts", "last_ts", "samples", "events", "network_changes", "connections_lost"}
	for _, m := range streamMetrics {
		columns = append(columns, m.column)
	}
	columns = append(columns, "`other.metric`", "`other.samples`", "`other.sum`", "`other.min`", "`other.max`")
	return native.Insert(ctx, conn, "quality_streams_data", strings.Join(columns, ", "), func(in *native.Columns) {
		native.Add(in, rows, func(r *StreamRow) uint64 { return r.Load })
		native.Add(in, rows, func(r *StreamRow) uint32 { return uint32(r.App) })
		native.Add(in, rows, func(r *StreamRow) string { return r.CommID })
		native.Add(in, rows, func(r *StreamRow) string { return r.RoomID })
		native.Add(in, rows, func(r *StreamRow) string { return r.user })
		native.Add(in, rows, func(r *StreamRow) string { return r.peer })
		in.Encoded(proto.ColDate(native.Each(rows, func(r *StreamRow) proto.Date { return proto.Date(r.day) })))
		native.Add(in, rows, func(r *StreamRow) time.Time { return r.Created })
		native.Add(in, rows, func(r *StreamRow) string { return r.device })
		native.Add(in, rows, func(r *StreamRow) string { return r.version })
		in.Encoded(proto.ColUInt32(native.Each(rows, func(r *StreamRow) uint32 { return r.first })))
		in.Encoded(proto.ColUInt32(native.Each(rows, func(r *StreamRow) uint32 { return r.last })))
		native.Add(in, rows, func(r *StreamRow) uint64 { return r.samples })
		native.Add(in, rows, func(r *StreamRow) uint32 { return r.events })
		native.Add(in, rows, func(r *StreamRow) uint32 { return r.networkChanges })
		native.Add(in, rows, func(r *StreamRow) uint32 { return r.connectionsLost })
		for i := range streamMetrics {
			in.Encoded(metricTuple(rows, i))
		}
		for _, c := range others(rows) {
			in.Encoded(c)
		}
	})
}

// metricTuple makes the column of one metric.
func metricTuple(rows []StreamRow, metric int) proto.ColTuple {
	var (
		samples       proto.ColUInt32
		sum, low, top proto.ColFloat64
		values        = new(proto.ColFloat32).Array()
		counts        = new(proto.ColUInt32).Array()
	)
	for i := range rows {
		s := rows[i].sumsOf(metric)
		samples = append(samples, s.samples)
		sum, low, top = append(sum, s.sum), append(low, s.min), append(top, s.max)
		values.Append(s.values)
		counts.Append(s.counts)
	}
	return proto.ColTuple{&samples, &sum, &low, &top, values, counts}
}

// compareBool orders false before true.
func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

// sumsOf returns the sums of a metric, empty without samples.
func (r *StreamRow) sumsOf(metric int) *metricSums {
	if s := r.Stream.of[metric]; s != nil {
		return s
	}
	return &metricSums{}
}

// others makes the columns of the metrics without a column of their own.
func others(rows []StreamRow) []native.Encodable {
	var (
		metric        = new(proto.ColStr).Array()
		samples       = new(proto.ColUInt32).Array()
		sum, low, top = new(proto.ColFloat64).Array(), new(proto.ColFloat64).Array(), new(proto.ColFloat64).Array()
	)
	for i := range rows {
		x := rows[i].other
		metric.Append(native.Each(x, func(o *otherMetric) string { return o.metric }))
		samples.Append(native.Each(x, func(o *otherMetric) uint32 { return o.samples }))
		sum.Append(native.Each(x, func(o *otherMetric) float64 { return o.sum }))
		low.Append(native.Each(x, func(o *otherMetric) float64 { return o.min }))
		top.Append(native.Each(x, func(o *otherMetric) float64 { return o.max }))
	}
	return []native.Encodable{metric, samples, sum, low, top}
}
