package load

import (
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/callvault/callvault/internal/quality"
)

// What the arrays of minutes have where there is no figure: one that is never bad,
// whatever the limits are.
const (
	noFigure = -1e9
	noFrames = 1e9
)

// arrays is a column of arrays: where each ends, and the columns of the elements.
type arrays struct {
	ends     proto.ColUInt64
	elements []encodable
}

func (a *arrays) Rows() int { return len(a.ends) }

func (a *arrays) EncodeColumn(b *proto.Buffer) {
	a.ends.EncodeColumn(b)
	for _, e := range a.elements {
		e.EncodeColumn(b)
	}
}

// minutes is a column of arrays of minutes.
type minutes[M any] struct {
	arrays
	minute  proto.ColInt32 // its number: see minuteOf
	at      func(*M) uint32
	columns []minuteColumn[M]
}

// minuteColumn is one element of a minute.
type minuteColumn[M any] struct {
	column encodable
	add    func(*M)
}

func newMinutes[M any](at func(*M) uint32, columns []minuteColumn[M]) *minutes[M] {
	m := &minutes[M]{at: at, columns: columns}
	m.elements = []encodable{&m.minute}
	for _, c := range columns {
		m.elements = append(m.elements, c.column)
	}
	return m
}

// minuteOf is the number of a minute, counted from that in which a call was created.
func minuteOf(at uint32, created time.Time) int32 {
	return int32(int64(at)/60 - storable(created).Unix()/60)
}

// list appends an array: the minutes of one user or pair of a call.
func (m *minutes[M]) list(created time.Time, all []M) {
	for i := range all {
		m.minute = append(m.minute, minuteOf(m.at(&all[i]), created))
		for _, c := range m.columns {
			c.add(&all[i])
		}
	}
	m.ends = append(m.ends, uint64(len(m.minute)))
}

// pairMinutes makes the column of minutes of pairs: its elements are in the order of
// the tuple in peer_quality_data.
func pairMinutes() *minutes[quality.PairMinute] {
	columns := []minuteColumn[quality.PairMinute]{
		figure(noFigure, func(m *quality.PairMinute) float32 { return m.Loss }),
		figure(noFigure, func(m *quality.PairMinute) float32 { return m.Stall }),
		figure(noFrames, func(m *quality.PairMinute) float32 { return m.FPS }),
	}
	for _, why := range whys {
		columns = append(columns, whyColumns(why)...)
	}
	return newMinutes(func(m *quality.PairMinute) uint32 { return m.At }, columns)
}

var whys = [...]func(*quality.PairMinute) *quality.Why{
	func(m *quality.PairMinute) *quality.Why { return &m.LossWhy },
	func(m *quality.PairMinute) *quality.Why { return &m.StallWhy },
	func(m *quality.PairMinute) *quality.Why { return &m.FPSWhy },
}

// userMinutes makes the column of minutes of users: its elements are in the order of
// the tuples in call_users_data and calls_data.
func userMinutes() *minutes[quality.UserMinute] {
	columns := []minuteColumn[quality.UserMinute]{
		figure(noFigure, func(m *quality.UserMinute) float32 { return m.Loss }),
		figure(noFigure, func(m *quality.UserMinute) float32 { return m.Stall }),
		figure(noFigure, func(m *quality.UserMinute) float32 { return m.RTT }),
		figure(noFigure, func(m *quality.UserMinute) float32 { return m.CPU }),
		figure(noFrames, func(m *quality.UserMinute) float32 { return m.FPS }),
	}
	for _, why := range whys {
		of := func(m *quality.UserMinute) *quality.Why { return why(&m.PairMinute) }
		columns = append(append(columns, whyColumns(of)...), text(func(m *quality.UserMinute) string { return of(m).Peer }))
	}
	return newMinutes(func(m *quality.UserMinute) uint32 { return m.At }, columns)
}

func whyColumns[M any](why func(*M) *quality.Why) []minuteColumn[M] {
	return []minuteColumn[M]{
		code(func(m *M) uint8 { return uint8(why(m).Metric) }),
		code(func(m *M) uint8 { return uint8(why(m).Cause) }),
		text(func(m *M) string { return why(m).Says }),
	}
}

// figure is an element that is a number, with what stands for none.
func figure[M any](none float32, of func(*M) float32) minuteColumn[M] {
	c := new(proto.ColFloat32)
	return minuteColumn[M]{c, func(m *M) {
		v := of(m)
		if v != v {
			v = none
		}
		c.Append(v)
	}}
}

func code[M any](of func(*M) uint8) minuteColumn[M] {
	c := new(proto.ColUInt8)
	return minuteColumn[M]{c, func(m *M) { c.Append(of(m)) }}
}

func text[M any](of func(*M) string) minuteColumn[M] {
	c := new(proto.ColStr)
	return minuteColumn[M]{c, func(m *M) { c.Append(of(m)) }}
}
