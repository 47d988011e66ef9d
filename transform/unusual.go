package transform

import (
	"math"

	"github.com/callvault/callvault/internal/call"
)

// UnusualEvents reads bad experiences (DescribeUnusualEvent,
// DescribeAbnormalEvent) and appends a row for each cause of each to dst.
// Info.Items counts the experiences: 20 of them mean that there may be more. On
// error dst is returned as it came.
func (d *Decoder) UnusualEvents(body []byte, dst []call.UnusualEvent) ([]call.UnusualEvent, Info, error) {
	return rows(d, "unusual events", "AbnormalExperienceList", body, dst, d.experience)
}

// experience reads one bad experience; one that names no cause is one row.
func (d *Decoder) experience(dst []call.UnusualEvent) []call.UnusualEvent {
	s := &d.scan
	base := len(dst)
	var all call.UnusualEvent // what the rows have in common
	var id int64
	var named, hasID bool
	start := s.begin('{')
	for s.member() {
		switch string(s.key) {
		case "UserId":
			all.UserID, named = d.name(), true
		case "RoomId":
			all.RoomID = d.name()
		case "ExperienceId":
			id, hasID = s.integer(0, math.MaxUint32)
		case "EventTime":
			all.Time = s.seconds(1)
		case "AbnormalEventList":
			dst = dst[:base]
			for present := s.list() == ListPresent; present && s.element(); {
				dst = append(dst, d.cause())
			}
		default:
			s.skip()
		}
	}
	s.need(named, start, "UserId")
	s.need(hasID, start, "ExperienceId")
	s.need(!all.Time.IsZero(), start, "EventTime")
	all.ExperienceID = uint32(id)
	if len(dst) == base {
		return append(dst, all)
	}
	for i := base; i < len(dst); i++ {
		e := &dst[i]
		e.RoomID, e.UserID, e.ExperienceID, e.Time = all.RoomID, all.UserID, all.ExperienceID, all.Time
	}
	return dst
}

// cause reads an element of "AbnormalEventList".
func (d *Decoder) cause() call.UnusualEvent {
	s := &d.scan
	var e call.UnusualEvent
	var id int64
	var hasID bool
	start := s.begin('{')
	for s.member() {
		switch string(s.key) {
		case "AbnormalEventId":
			id, hasID = s.integer(0, math.MaxUint32)
		case "PeerId":
			e.PeerID = d.name()
		default:
			s.skip()
		}
	}
	s.need(hasID, start, "AbnormalEventId")
	e.AbnormalEventID = uint32(id)
	return e
}
