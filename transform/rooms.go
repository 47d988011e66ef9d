package transform

import (
	"math"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Rooms reads a list of rooms (DescribeRoomInfo, DescribeRoomInformation) and
// appends them to dst. On error dst is returned as it came.
func (d *Decoder) Rooms(body []byte, app call.AppID, dst []call.Room) ([]call.Room, Info, error) {
	return rows(d, "rooms", "RoomList", body, dst, func(dst []call.Room) []call.Room {
		return append(dst, d.room(app))
	})
}

func (d *Decoder) room(app call.AppID) call.Room {
	s := &d.scan
	r := call.Room{App: app}
	start := s.begin('{')
	for s.member() {
		switch string(s.key) {
		case "CommId":
			r.CommID = string(s.text())
		case "RoomString":
			r.RoomID = d.name()
		case "CreateTime":
			r.CreatedAt = s.seconds(1)
		case "DestroyTime":
			r.DestroyedAt = s.seconds(0)
		case "IsFinished":
			r.Finished = s.boolean()
		case "UserId":
			r.Creator = d.name()
		default:
			s.skip()
		}
	}
	s.need(r.CommID != "", start, "CommId")
	s.need(!r.CreatedAt.IsZero(), start, "CreateTime")
	s.need(!r.Finished || !r.DestroyedAt.IsZero(), start, "DestroyTime")
	if !r.Finished {
		r.DestroyedAt = time.Time{}
	}
	return r
}

// need fails for an object at offset that lacks a field.
func (s *scanner) need(there bool, offset int, field string) {
	if !there {
		s.failAt(offset, field+" is missing")
	}
}

// seconds reads a time of at least lowest seconds. Null and 0 are the zero time.
func (s *scanner) seconds(lowest int64) time.Time {
	v, _ := s.integer(lowest, math.MaxUint32)
	if v == 0 {
		return time.Time{}
	}
	return time.Unix(v, 0).UTC()
}
