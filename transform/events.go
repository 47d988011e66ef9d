package transform

import (
	"math"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// The milliseconds a time may have: to tell them from seconds they start in 1973.
const (
	minMilli = 100_000_000_000
	maxMilli = math.MaxUint32*1000 + 999
)

// Events reads the events of one user in one room (DescribeUserEvent,
// DescribeDetailEvent), which the response does not name, and appends them to
// dst. Info.Items counts the lists of events, one per peer. On error dst is
// returned as it came.
func (d *Decoder) Events(body []byte, userID, roomID string, dst []call.Event) ([]call.Event, Info, error) {
	return rows(d, "user events", "Data", body, dst, func(dst []call.Event) []call.Event {
		return d.eventList(userID, roomID, dst)
	})
}

// eventList reads the events of one peer.
func (d *Decoder) eventList(userID, roomID string, dst []call.Event) []call.Event {
	s := &d.scan
	base := len(dst)
	peer := ""
	s.begin('{')
	for s.member() {
		switch string(s.key) {
		case "PeerId":
			peer = d.name()
		case "Content":
			dst = dst[:base]
			for present := s.list() == ListPresent; present && s.element(); {
				dst = append(dst, s.event())
			}
		default:
			s.skip()
		}
	}
	for i := base; i < len(dst); i++ {
		dst[i].UserID, dst[i].RoomID, dst[i].PeerID = userID, roomID, peer
	}
	return dst
}

func (s *scanner) event() call.Event {
	var e call.Event
	var id, milli, stream int64
	var hasID, hasTime bool
	start := s.begin('{')
	for s.member() {
		switch string(s.key) {
		case "EventId":
			id, hasID = s.integer(0, math.MaxUint32)
		case "Time":
			milli, hasTime = s.integer(minMilli, maxMilli)
		case "Type":
			stream, _ = s.integer(0, math.MaxUint8)
		case "ParamOne":
			e.ParamOne, _ = s.integer(math.MinInt64, math.MaxInt64)
		case "ParamTwo":
			e.ParamTwo, _ = s.integer(math.MinInt64, math.MaxInt64)
		default:
			s.skip()
		}
	}
	s.need(hasID, start, "EventId")
	s.need(hasTime, start, "Time")
	e.EventID, e.StreamType = uint32(id), uint8(stream)
	e.Time = time.UnixMilli(milli).UTC()
	return e
}
