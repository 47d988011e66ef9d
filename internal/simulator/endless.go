package simulator

import (
	"fmt"
	"slices"
)

// endless fills a page of rooms or users with made-up rows.
func (s *Simulator) endless(q *query, response *node) {
	if !slices.Contains(q.habits.f.Endless, q.name) {
		return
	}
	size := q.rowsPerPage([...]int{defaultRooms, defaultUsers}[q.family()])
	name := q.family().list()
	rows := &node{kind: '[', items: response.get(name).rows()}
	for len(rows.items) < size {
		n := uint64(q.page*size + len(rows.items))
		row, _ := parseNode([]byte(q.madeUp(hash3(saltMadeUp, q.habits.list, n)))) // the simulator wrote it
		rows.items = append(rows.items, row)
		q.habit = FaultEndless
	}
	response.set(name, rows)
	total := int64(len(rows.items))
	if q.family() == familyUsers {
		total = int64((q.page + 2) * size)
	}
	response.set("Total", integerNode(total))
}

// madeUp makes a row of something that does not exist, within the window.
func (q *query) madeUp(draw uint64) string {
	from := q.from + int64(draw%uint64(max(1, q.to-q.from)))
	to := min(q.to, from+60)
	id := draw >> 20
	switch q.family() {
	case familyRooms:
		return fmt.Sprintf(`{"CommId":"%d_%d_%d","RoomString":"%d","CreateTime":%d,"DestroyTime":%d,"IsFinished":true,"UserId":"nobody_%d"}`, q.app, id, from, id, from, to, id)
	case familyUsers:
		return fmt.Sprintf(`{"RoomStr":"nowhere","UserId":"nobody_%d","JoinTs":%d,"LeaveTs":%d,"Finished":true,"DeviceType":"","SdkVersion":"","ClientIp":""}`, id, from, to)
	case familyEvents:
		return fmt.Sprintf(`{"Type":0,"Time":%d,"EventId":2001,"ParamOne":%d,"ParamTwo":0}`, from*1000, id>>10)
	case familyUnusual:
		return fmt.Sprintf(`{"UserId":"nobody_%d","ExperienceId":4,"RoomId":"nowhere","AbnormalEventList":[],"EventTime":%d}`, id, from)
	}
	return fmt.Sprintf(`{"Time":%d,"UserNumber":1,"UserCount":1,"RoomNumbers":1}`, beijingDay(from))
}
