package transform

import (
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Users reads a list of users (DescribeUserInfo, DescribeUserInformation, or
// DescribeCallDetail without a metric) and appends their sessions to dst. On
// error dst is returned as it came.
func (d *Decoder) Users(body []byte, dst []call.Session) ([]call.Session, Info, error) {
	return rows(d, "users", "UserList", body, dst, func(dst []call.Session) []call.Session {
		return append(dst, d.session())
	})
}

// sessions reads the value of "UserList".
func (d *Decoder) sessions(dst []call.Session) ([]call.Session, ListState) {
	state := d.scan.list()
	for state == ListPresent && d.scan.element() {
		dst = append(dst, d.session())
	}
	return dst, state
}

func (d *Decoder) session() call.Session {
	s := &d.scan
	var u call.Session
	named := false
	start := s.begin('{')
	for s.member() {
		switch string(s.key) {
		case "UserId":
			u.UserID, named = d.name(), true
		case "RoomStr":
			u.RoomID = d.name()
		case "JoinTs":
			u.JoinedAt = s.seconds(1)
		case "LeaveTs":
			u.LeftAt = s.seconds(0)
		case "Finished":
			u.Finished = s.boolean()
		case "DeviceType":
			u.DeviceType = d.name()
		case "SdkVersion":
			u.SDKVersion = d.name()
		case "ClientIp":
			u.ClientIP = d.name()
		default:
			s.skip()
		}
	}
	s.need(named, start, "UserId")
	s.need(!u.JoinedAt.IsZero(), start, "JoinTs")
	s.need(!u.Finished || !u.LeftAt.IsZero(), start, "LeaveTs")
	if !u.Finished {
		u.LeftAt = time.Time{}
	}
	return u
}
