package simulator

import (
	"slices"
	"strconv"
)

// defaultRooms is the page size if PageNumber or PageSize is missing.
const defaultRooms = 10

// rooms answers DescribeRoomInfo and DescribeRoomInformation with the calls that touch
// the window, newest first. So a call that begins during paging moves others to a later
// page. Total counts the page.
func (s *Simulator) rooms(q *query, out *answer) {
	calls := s.overlapping(q.app, q.from, q.to, q.now)
	if q.roomID != "" {
		calls = slices.DeleteFunc(calls, func(c *call) bool { return c.roomID() != q.roomID })
	}
	slices.Reverse(calls)
	calls = q.shiftRooms(calls)
	calls, _ = paged(q, calls, defaultRooms, func(c *call) uint64 { return c.seed })
	out.integer("Total", q.total(len(calls)))
	if !q.due(len(calls)) {
		out.nothing("RoomList", q.withheld || hash2(s.options.Seed, uint64(q.from))&1 == 0)
		return
	}
	out.key("RoomList")
	for i, c := range calls {
		out.buf = append(out.buf, "[,"[min(i, 1)])
		out.buf = c.appendRoom(out.buf, q.now)
	}
	out.buf = append(out.buf, ']')
	out.next()
}

// appendRoom writes a RoomState. Some have a field that is on no page. Half are in
// plain ASCII, the others in UTF-8.
func (c *call) appendRoom(dst []byte, at int64) []byte {
	ascii := c.seed&1 == 0
	destroyed := int64(0)
	if c.finished(at) {
		destroyed = c.end
	}
	dst = append(dst, `{"CommId":`...)
	dst = appendString(dst, c.commID(), ascii)
	dst = append(dst, `,"RoomString":`...)
	dst = appendString(dst, c.roomID(), ascii)
	dst = append(dst, `,"CreateTime":`...)
	dst = strconv.AppendInt(dst, c.start, 10)
	dst = append(dst, `,"DestroyTime":`...)
	dst = strconv.AppendInt(dst, destroyed, 10)
	dst = append(dst, `,"IsFinished":`...)
	dst = strconv.AppendBool(dst, c.finished(at))
	if hash2(c.seed, 50)%8 == 0 {
		dst = append(dst, `,"Ext":{"Tags":["a}]",null,{"Level":1.5}],"Data":[]}`...)
	}
	dst = append(dst, `,"UserId":`...)
	dst = appendString(dst, c.creator(), ascii)
	return append(dst, '}')
}
