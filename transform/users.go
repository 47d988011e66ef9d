package transform

import "github.com/callvault/callvault/internal/call"

// Users reads a list of users (DescribeUserInfo, DescribeUserInformation, or
// DescribeCallDetail without a metric) and appends their sessions to dst. After an
// error dst is returned unchanged.
func (d *Decoder) Users(body []byte, dst []call.Session) ([]call.Session, Info, error) {
	t := newTable("session", mostRows, dst)
	return rows(d, "users", "UserList", body, t, func() { d.session(t) })
}

// session reads an element of "UserList".
func (d *Decoder) session(t *table[call.Session]) {
	t.received++
	s := &d.scan
	if problem := s.object(); problem != "" {
		t.damage.add(Damage{What: "session", Problem: problem})
		return
	}
	var user, room, device, sdk, ip value[string]
	var times span
	for s.member() {
		switch string(s.key) {
		case "UserId":
			user.set(d.name())
		case "RoomStr":
			room.set(d.name())
		case "JoinTs":
			times.start.set(s.seconds(1))
		case "LeaveTs":
			times.end.set(s.seconds(0))
		case "Finished":
			times.finished.set(s.boolean())
		case "DeviceType":
			device.set(d.name())
		case "SdkVersion":
			sdk.set(d.name())
		case "ClientIp":
			ip.set(d.name())
		default:
			s.skip()
		}
	}
	var v verdict
	v.lost.need("UserId", user.field)
	u := call.Session{UserID: user.v, RoomID: room.v, Finished: times.finished.v,
		DeviceType: device.v, SDKVersion: sdk.v, ClientIP: ip.v}
	u.JoinedAt, u.LeftAt = times.check(&v, "JoinTs", "LeaveTs", "Finished")
	v.want("RoomStr", room.field)
	v.want("DeviceType", device.field)
	v.want("SdkVersion", sdk.field)
	v.want("ClientIp", ip.field)
	if !t.take(u, &v) {
		read := u
		t.damage.add(Damage{What: "session", User: u.UserID, Problem: v.problem(), Kept: v.lost == "", Session: &read})
	}
}
