package load

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/callvault/callvault/load/native"
)

// streamRow is a stream with the half of the unit it belongs to.
type streamRow struct {
	of      *half
	commID  string
	roomID  string
	created time.Time
	*stream
}

// streamRows are the streams of parts, in the order of the table's key; what
// parts of one load have of one stream is one row.
func streamRows(parts []partRow) []streamRow {
	var rows []streamRow
	for i := range parts {
		p := &parts[i]
		for j := range p.streams {
			rows = append(rows, streamRow{p.of, p.of.of.unit.Key, p.room, p.created, &p.streams[j]})
		}
	}
	slices.SortStableFunc(rows, func(x, y streamRow) int {
		return cmp.Or(
			cmp.Compare(x.of.of.unit.App, y.of.of.unit.App), cmp.Compare(x.day, y.day),
			compareBool(x.peer != "", y.peer != ""), cmp.Compare(x.commID, y.commID), cmp.Compare(x.user, y.user), cmp.Compare(x.peer, y.peer),
			cmp.Compare(x.device, y.device), cmp.Compare(x.version, y.version), cmp.Compare(x.of.load, y.of.load), cmp.Compare(x.roomID, y.roomID),
		)
	})
	return joined(rows)
}

// joined adds up neighbours that are of one stream and one load. The streams of
// the parts stay as they are: an insert may be made again.
func joined(rows []streamRow) []streamRow {
	kept := rows[:0]
	for _, r := range rows {
		if n := len(kept) - 1; n >= 0 && kept[n].same(&r) {
			kept[n].stream = kept[n].plus(r.stream)
		} else {
			kept = append(kept, r)
		}
	}
	return kept
}

func (r *streamRow) same(x *streamRow) bool {
	return r.of == x.of && r.commID == x.commID && r.roomID == x.roomID && r.streamKey == x.streamKey
}

// insertStreams writes the sums of the parts' samples and events.
func (w *Writer) insertStreams(ctx context.Context, parts []partRow) error {
	rows := streamRows(parts)
	if len(rows) == 0 {
		return nil
	}
	columns := []string{"comm_id", "room_id", "user_id", "peer_id", "day", "call_created_at", "device_type", "sdk_version", "first_ts", "last_ts", "samples", "events", "network_changes", "connections_lost"}
	for _, m := range streamMetrics {
		columns = append(columns, m.column)
	}
	columns = append(columns, "`other.metric`", "`other.samples`", "`other.sum`", "`other.min`", "`other.max`")
	return w.insertBlock(ctx, "quality_streams_data", strings.Join(columns, ", "), func(in *native.Columns) {
		unitColumns(in, rows, func(r *streamRow) *half { return r.of })
		native.Add(in, rows, func(r *streamRow) string { return r.commID })
		native.Add(in, rows, func(r *streamRow) string { return r.roomID })
		native.Add(in, rows, func(r *streamRow) string { return r.user })
		native.Add(in, rows, func(r *streamRow) string { return r.peer })
		in.Encoded(proto.ColDate(native.Each(rows, func(r *streamRow) proto.Date { return proto.Date(r.day) })))
		native.Add(in, rows, func(r *streamRow) time.Time { return r.created })
		native.Add(in, rows, func(r *streamRow) string { return r.device })
		native.Add(in, rows, func(r *streamRow) string { return r.version })
		in.Encoded(proto.ColUInt32(native.Each(rows, func(r *streamRow) uint32 { return r.first })))
		in.Encoded(proto.ColUInt32(native.Each(rows, func(r *streamRow) uint32 { return r.last })))
		native.Add(in, rows, func(r *streamRow) uint64 { return r.samples })
		native.Add(in, rows, func(r *streamRow) uint32 { return r.events })
		native.Add(in, rows, func(r *streamRow) uint32 { return r.networkChanges })
		native.Add(in, rows, func(r *streamRow) uint32 { return r.connectionsLost })
		for i := range streamMetrics {
			in.Encoded(summaries(rows, i))
		}
		for _, c := range others(rows) {
			in.Encoded(c)
		}
	})
}

// summaries makes the column of one metric.
func summaries(rows []streamRow, metric int) proto.ColTuple {
	var (
		samples       proto.ColUInt32
		sum, low, top proto.ColFloat64
		values        = new(proto.ColFloat32).Array()
		counts        = new(proto.ColUInt32).Array()
	)
	for i := range rows {
		s := rows[i].summaryOf(metric)
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

// summaryOf is the summary of a metric; without samples it is empty.
func (r *streamRow) summaryOf(metric int) *summary {
	if s := r.stream.of[metric]; s != nil {
		return s
	}
	return &summary{}
}

// others makes the columns of the metrics that have none of their own.
func others(rows []streamRow) []native.Encodable {
	var (
		metric        = new(proto.ColStr).Array()
		samples       = new(proto.ColUInt32).Array()
		sum, low, top = new(proto.ColFloat64).Array(), new(proto.ColFloat64).Array(), new(proto.ColFloat64).Array()
	)
	for i := range rows {
		x := rows[i].other
		metric.Append(native.Each(x, func(o *otherSummary) string { return o.metric }))
		samples.Append(native.Each(x, func(o *otherSummary) uint32 { return o.samples }))
		sum.Append(native.Each(x, func(o *otherSummary) float64 { return o.sum }))
		low.Append(native.Each(x, func(o *otherSummary) float64 { return o.min }))
		top.Append(native.Each(x, func(o *otherSummary) float64 { return o.max }))
	}
	return []native.Encodable{metric, samples, sum, low, top}
}
