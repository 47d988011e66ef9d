package simulator

import (
	"slices"
	"strconv"
)

// defaultUsers is the page size if PageNumber or PageSize is missing.
const defaultUsers = 6

// userList answers DescribeUserInfo and DescribeUserInformation, and a call detail
// without DataType: one row for each session that touches the window, in order of
// joining. Total counts the sessions of all pages.
func (s *Simulator) userList(q *query, out *answer) {
	v := s.viewOf(q)
	rows := q.shiftUsers(v, v.sessionsIn(q))
	page, total := paged(q, rows, defaultUsers, func(session session) uint64 {
		return hash2(v.users[session.user].seed, uint64(session.joined))
	})
	out.integer("Total", q.total(total))
	s.writeUsers(q, out, v, page)
}

// viewOf opens the call of a query. It returns nil if the app has no such call; the
// vendor then answers with success and no rows.
func (s *Simulator) viewOf(q *query) *view {
	c := s.find(q.app, q.commID, q.now)
	if c == nil {
		return nil
	}
	return s.open(c, q.now)
}

// sessionsIn returns the sessions of the requested users that touch the window, both
// ends included.
func (v *view) sessionsIn(q *query) []session {
	if v == nil {
		return nil
	}
	var rows []session
	for _, session := range v.sessions {
		if session.joined <= q.to && session.left >= q.from && v.asked(q, session.user) {
			rows = append(rows, session)
		}
	}
	return rows
}

func (v *view) asked(q *query, user int) bool {
	return len(q.userIDs) == 0 || slices.Contains(q.userIDs, v.users[user].id)
}

func (s *Simulator) writeUsers(q *query, out *answer, v *view, rows []session) {
	if !q.due(len(rows)) {
		out.nothing("UserList", q.withheld || hashText(s.options.Seed, q.commID)&1 == 0)
		return
	}
	out.key("UserList")
	for i, session := range rows {
		out.buf = append(out.buf, "[,"[min(i, 1)])
		out.buf = v.appendUser(out.buf, session)
	}
	out.buf = append(out.buf, ']')
	out.next()
}

// appendUser writes a UserInformation. LeaveTs of a user still in the room is the
// instant of the view.
func (v *view) appendUser(dst []byte, session session) []byte {
	u := v.reported(session)
	dst = append(dst, `{"RoomStr":`...)
	dst = appendString(dst, v.room, false)
	dst = append(dst, `,"UserId":`...)
	dst = appendString(dst, u.id, false)
	dst = append(dst, `,"JoinTs":`...)
	dst = strconv.AppendInt(dst, session.joined, 10)
	dst = append(dst, `,"LeaveTs":`...)
	dst = strconv.AppendInt(dst, session.left, 10)
	dst = append(dst, `,"Finished":`...)
	dst = strconv.AppendBool(dst, session.finished)
	dst = append(dst, `,"DeviceType":`...)
	dst = appendString(dst, u.device, false)
	dst = append(dst, `,"SdkVersion":`...)
	dst = appendString(dst, u.version, false)
	if u.seed%16 == 0 {
		dst = append(dst, `,"NetType":4`...)
	}
	dst = append(dst, `,"ClientIp":"`...)
	dst = append(dst, u.address()...)
	return append(dst, '"', '}')
}

// address returns the user's IP address.
func (u *user) address() string {
	var dst []byte
	for i, part := range u.ip {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(part), 10)
	}
	return string(dst)
}
