package transform

import (
	"math"

	"github.com/callvault/callvault/internal/call"
)

// UnusualEvents reads bad experiences (DescribeUnusualEvent, DescribeAbnormalEvent)
// and appends a row for each cause of each to dst. Info.Items counts the experiences:
// if there are 20, the vendor may have more. After an error dst is returned unchanged.
func (d *Decoder) UnusualEvents(body []byte, dst []call.UnusualEvent) ([]call.UnusualEvent, Info, error) {
	t := newTable("experience", mostRows, dst)
	return rows(d, "unusual events", "AbnormalExperienceList", body, t, func() { d.experience(t) })
}

// causes are the causes of one experience.
type causes struct {
	field
	rows    []call.UnusualEvent // with the cause only
	beyond  int                 // rows beyond mostRows
	problem problems            // of the first damaged cause
}

// experience reads one bad experience. Without a cause it is one row.
func (d *Decoder) experience(t *table[call.UnusualEvent]) {
	t.received++
	s := &d.scan
	if problem := s.object(); problem != "" {
		t.damage.add(Damage{What: "experience", Problem: problem})
		return
	}
	var user, room value[string]
	var id, at value[int64]
	var of causes
	for s.member() {
		switch string(s.key) {
		case "UserId":
			user.set(d.name())
		case "RoomId":
			room.set(d.name())
		case "ExperienceId":
			id.set(s.integer(0, math.MaxUint32))
		case "EventTime":
			at.set(s.seconds(1))
		case "AbnormalEventList":
			before := of.field
			of = d.causes()
			of.field = once(before, of.field)
		default:
			s.skip()
		}
	}
	var v verdict
	v.lost.need("UserId", user.field)
	v.lost.need("ExperienceId", id.field)
	v.lost.need("EventTime", at.field)
	v.lost.allow("AbnormalEventList", of.field)
	v.want("RoomId", room.field)
	if of.problem != "" {
		v.lost.add("a cause: " + string(of.problem))
	}
	if p := v.problem(); p != "" {
		t.damage.add(Damage{What: "experience", User: user.v, Key: number(id), Problem: p})
		return
	}
	t.nulls += v.nulls
	t.beyond += of.beyond
	if len(of.rows) == 0 {
		of.rows = append(of.rows, call.UnusualEvent{})
	}
	for _, e := range of.rows {
		e.RoomID, e.UserID, e.ExperienceID, e.Time = room.v, user.v, uint32(id.v), moment(at.v)
		t.add(e)
	}
}

// causes reads the value of "AbnormalEventList".
func (d *Decoder) causes() (of causes) {
	var state ListState
	state, of.field = d.scan.list()
	for state == ListPresent && d.scan.element() {
		e, p := d.cause()
		switch {
		case p != "" && of.problem == "":
			of.problem = p
		case len(of.rows) == mostRows:
			of.beyond++
		default:
			of.rows = append(of.rows, e)
		}
	}
	return of
}

// cause reads an element of "AbnormalEventList".
func (d *Decoder) cause() (e call.UnusualEvent, p problems) {
	s := &d.scan
	if problem := s.object(); problem != "" {
		return e, problems(problem)
	}
	var id value[int64]
	var peer value[string]
	for s.member() {
		switch string(s.key) {
		case "AbnormalEventId":
			id.set(s.integer(0, math.MaxUint32))
		case "PeerId":
			peer.set(d.name())
		default:
			s.skip()
		}
	}
	p.need("AbnormalEventId", id.field)
	p.allow("PeerId", peer.field)
	return call.UnusualEvent{AbnormalEventID: uint32(id.v), PeerID: peer.v}, p
}
