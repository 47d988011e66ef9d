package simulator

import (
	"fmt"
	"slices"
)

// twice repeats rows of events, experiences and days. Rooms and users are repeated
// before the list is divided into pages.
func (s *Simulator) twice(q *query, response *node) {
	f := q.habits.f
	switch q.family() {
	case familyEvents:
		for _, log := range response.get("Data").rows() {
			log.set("Content", repeated(f, q, log.get("Content")))
		}
	case familyUnusual, familyScale:
		name := q.family().list()
		before := len(response.get(name).rows())
		response.set(name, repeated(f, q, response.get(name)))
		list := response.get(name)
		if q.family() == familyUnusual && len(list.rows()) > mostUnusual {
			list.items = list.items[:mostUnusual]
		}
		if n := len(list.rows()); n != before {
			response.set("Total", integerNode(int64(n)))
		}
	}
}

// repeated returns a list with some of its rows twice.
func repeated(f *Faults, q *query, list *node) *node {
	if f.Twice == 0 || len(list.rows()) == 0 {
		return list
	}
	all := &node{kind: '['}
	for _, row := range list.items {
		all.items = append(all.items, row)
		if f.draws(f.Twice, saltTwice, hashText(hashText(uint64(q.app), q.commID+q.userID), row.String())) {
			all.items, q.habit = append(all.items, row), FaultTwice
		}
	}
	return all
}

// oddities gives some rows one odd value, always the same.
func (s *Simulator) oddities(q *query, response *node) {
	f := q.habits.f
	if f.Odd == 0 {
		return
	}
	if total := response.get("Total"); total != nil && f.draws(f.Odd, saltOdd, q.habits.list) {
		s.odd(q, "Response.Total", "", total.text, "-1")
		response.set("Total", scalar("-1"))
	}
	for _, row := range response.get("RoomList").rows() {
		id := row.get("CommId").plain()
		if _, ok := q.isOdd(id); ok && row.get("IsFinished").text == "true" {
			s.odd(q, "Response.RoomList[].DestroyTime", id, row.get("DestroyTime").text, "null")
			row.set("DestroyTime", scalar("null"))
		}
	}
	for _, row := range response.get("UserList").rows() {
		if _, ok := q.isOdd(row.get("UserId").text + row.get("JoinTs").text); ok && row.get("Finished").text == "true" {
			s.odd(q, "Response.UserList[].LeaveTs", "", row.String(), "0")
			row.set("LeaveTs", scalar("0"))
		}
	}
	for _, series := range response.get("Data").rows() {
		name := fmt.Sprint(q.userID, series.get("UserId"), series.get("PeerId"), series.get("DataType"))
		for _, row := range series.get("Content").rows() {
			if draw, ok := q.isOdd(name + row.String()); ok {
				old := name + row.String()
				oddPoint(row, draw)
				s.odd(q, "Response.Data[].Content[]", "", old, row.String())
			}
		}
	}
}

// isOdd draws whether a row with this id has an odd value, and which.
func (q *query) isOdd(id string) (uint64, bool) {
	draw := hashText(hashText(uint64(q.app), q.commID), id)
	return mix(draw), q.habits.f.draws(q.habits.f.Odd, saltOdd, draw)
}

// odd logs an odd value.
func (s *Simulator) odd(q *query, path, commID, old, now string) {
	q.habit = FaultOdd
	s.mutations.odd(q.mutation(Mutation{Kind: "odd", Path: path, CommID: commID, Old: abridged(old), New: abridged(now)}))
}

// oddPoint gives a sample or an event one odd value.
func oddPoint(row *node, draw uint64) {
	if row.get("EventId") != nil {
		if draw&1 == 0 {
			row.set("EventId", scalar("1099511627776"))
			return
		}
		row.set("ParamTwo", scalar("18446744073709551615"))
		return
	}
	switch value := [...]string{"NaN", "1e400", `"abc"`, "", ""}[draw%5]; {
	case value != "":
		row.set("Value", scalar(value))
	case draw%5 == 3:
		row.set("Time", integerNode(row.integer("Time")*1000))
	default:
		row.drop(slices.Index(row.keys, "Value"))
	}
}
