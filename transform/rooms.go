package transform

import (
	"github.com/callvault/callvault/internal/call"
)

// Rooms reads a list of rooms (DescribeRoomInfo, DescribeRoomInformation) and
// appends them to dst. After an error dst is returned unchanged.
func (d *Decoder) Rooms(body []byte, app call.AppID, dst []call.Room) ([]call.Room, Info, error) {
	t := newTable("room", mostRows, dst)
	return rows(d, "rooms", "RoomList", body, t, func() { d.room(app, t) })
}

// room reads an element of "RoomList".
func (d *Decoder) room(app call.AppID, t *table[call.Room]) {
	t.received++
	s := &d.scan
	if problem := s.object(); problem != "" {
		t.damage.add(Damage{What: "room", Problem: problem})
		return
	}
	var id, room, creator value[string]
	var times span
	for s.member() {
		switch string(s.key) {
		case "CommId":
			id.set(s.id())
		case "RoomString":
			room.set(d.name())
		case "CreateTime":
			times.start.set(s.seconds(1))
		case "DestroyTime":
			times.end.set(s.seconds(0))
		case "IsFinished":
			times.finished.set(s.boolean())
		case "UserId":
			creator.set(d.name())
		default:
			s.skip()
		}
	}
	if s.err != nil {
		return
	}
	var v verdict
	v.lost.need("CommId", id.field)
	r := call.Room{App: app, CommID: id.v, RoomID: room.v, Finished: times.finished.v, Creator: creator.v}
	r.CreatedAt, r.DestroyedAt = times.check(&v, "CreateTime", "DestroyTime", "IsFinished")
	v.want("RoomString", room.field)
	v.want("UserId", creator.field)
	if !t.take(r, &v) {
		read := r
		t.damage.add(Damage{What: "room", Key: r.CommID, Problem: v.problem(), Kept: v.lost == "", Room: &read})
	}
}

// id reads a string that must not be empty.
func (s *scanner) id() value[string] {
	text, f := s.text()
	if f.state == good && len(text) == 0 {
		f = field{wrong, "empty"}
	}
	return value[string]{f, string(text)}
}
