package aggregate

import (
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/callvault/callvault/internal/quality"
	"github.com/callvault/callvault/load/native"
)

// Values for a missing figure in the arrays of minutes. They are good under any limits.
const (
	noFigure = -1e9
	noFrames = 1e9
)

// minutes makes the columns minutes and whys: one array for each user or pair.
//
// An element of minutes is a minute: its number, and arrays with the value, the metric
// and the cause of each measure, in the order of the limits in the views. An element of
// whys is a measure with a cause, which few have: its key, the words and, for users,
// the peer.
type minutes struct {
	native.Arrays
	number  proto.ColInt32
	values  proto.ColFloat32
	metrics proto.ColUInt8
	causes  proto.ColUInt8
	ends    proto.ColUInt64 // where the measures of each minute end

	whys  native.Arrays
	keys  proto.ColUInt32 // see whyKey
	says  proto.ColStr
	peers proto.ColStr
}

// whyKey names a measure of a minute in an array. Both numbers count from 1.
func whyKey(minute, measure int) uint32 { return uint32(minute*8 + measure) }

func newMinutes(withPeers bool) *minutes {
	m := &minutes{}
	m.Elements = []native.Encodable{&m.number, m.perMeasure(&m.values), m.perMeasure(&m.metrics), m.perMeasure(&m.causes)}
	m.whys.Elements = []native.Encodable{&m.keys, &m.says}
	if withPeers {
		m.whys.Elements = append(m.whys.Elements, &m.peers)
	}
	return m
}

// measures is a column of arrays, with one element for each measure of a minute.
type measures struct {
	of      *minutes
	element native.Encodable
}

func (m *minutes) perMeasure(element native.Encodable) measures { return measures{m, element} }

func (c measures) Rows() int { return len(c.of.ends) }

func (c measures) EncodeColumn(b *proto.Buffer) {
	c.of.ends.EncodeColumn(b)
	c.element.EncodeColumn(b)
}

// users appends the minutes of one user of a call.
func (m *minutes) users(created time.Time, all []quality.UserMinute) {
	for i := range all {
		x := &all[i]
		m.pair(created, i, &x.PairMinute)
		m.measure(i, 4, x.RTT, noFigure, &x.RTTWhy)
		m.measure(i, 5, x.CPU, noFigure, &x.CPUWhy)
		m.endMinute()
	}
	m.end()
}

// pairs appends the minutes of one pair of a call.
func (m *minutes) pairs(created time.Time, all []quality.PairMinute) {
	for i := range all {
		m.pair(created, i, &all[i])
		m.endMinute()
	}
	m.end()
}

func (m *minutes) pair(created time.Time, i int, x *quality.PairMinute) {
	m.number = append(m.number, minuteOf(x.At, created))
	m.measure(i, 1, x.Loss, noFigure, &x.LossWhy)
	m.measure(i, 2, x.Stall, noFigure, &x.StallWhy)
	m.measure(i, 3, x.FPS, noFrames, &x.FPSWhy)
}

// minuteOf numbers a minute, counted from the minute in which the call was created.
func minuteOf(at uint32, created time.Time) int32 {
	return int32(int64(at)/60 - native.DateTime(created).Unix()/60)
}

// measure appends a measure of minute i of the current array. none replaces a
// missing value.
func (m *minutes) measure(i, number int, value, none float32, why *quality.Why) {
	if value != value {
		value = none
	}
	m.values = append(m.values, value)
	m.metrics = append(m.metrics, uint8(why.Metric))
	m.causes = append(m.causes, uint8(why.Cause))
	if why.Cause != quality.NoCause {
		m.keys = append(m.keys, whyKey(i+1, number))
		m.says.Append(why.Says)
		m.peers.Append(why.Peer)
	}
}

func (m *minutes) endMinute() { m.ends = append(m.ends, uint64(len(m.values))) }

func (m *minutes) end() {
	m.Arrays.Ends = append(m.Arrays.Ends, uint64(len(m.number)))
	m.whys.Ends = append(m.whys.Ends, uint64(len(m.keys)))
}
