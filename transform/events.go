package transform

import (
	"math"
	"strconv"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Range of a time in milliseconds. It starts in 1973, so seconds are outside of it.
const (
	minMilli = 100_000_000_000
	maxMilli = math.MaxUint32*1000 + 999
)

// Events reads the events of one user in one room (DescribeUserEvent,
// DescribeDetailEvent) and appends them to dst. The response names no room, and no user
// unless the question was about all users: if some lists name a user, only those of userID count.
// Info.Items counts the lists of events, one for each peer; Info.Received counts the events.
// After an error dst is returned unchanged.
func (d *Decoder) Events(body []byte, userID, roomID string, dst []call.Event) ([]call.Event, Info, error) {
	t := newTable("event", mostEvents, dst)
	named := false
	all, info, err := rows(d, "user events", "Data", body, t, func() {
		named = d.eventList(userID, roomID, t) != "" || named
	})
	if err != nil {
		return all, info, err
	}
	kept := all[:len(dst)]
	for _, e := range all[len(dst):] {
		if named && e.UserID != userID {
			continue
		}
		e.UserID = userID
		kept = append(kept, e)
	}
	return kept, info, nil
}

// EventsOfAll reads the events of all users in one room, as far as a list names its user,
// and appends them to dst. nameless is the number of lists that name nobody.
func (d *Decoder) EventsOfAll(body []byte, roomID string, dst []call.Event) (all []call.Event, nameless int, info Info, err error) {
	t := newTable("event", mostEvents, dst)
	all, info, err = rows(d, "user events", "Data", body, t, func() {
		if d.eventList("", roomID, t) == "" {
			nameless++
		}
	})
	return all, nameless, info, err
}

// events are the events of one peer. PeerId may come after them.
type events struct {
	rows     []call.Event
	received int
	beyond   int // rows beyond mostEvents
	nulls    int
	damage   tally
}

// eventList reads the events of one peer, an element of "Data". The rows have the user whom
// the list names, who is returned, or else userID.
func (d *Decoder) eventList(userID, roomID string, t *table[call.Event]) (named string) {
	s := &d.scan
	if problem := s.object(); problem != "" {
		t.damage.add(Damage{What: "events", User: userID, Problem: problem})
		return ""
	}
	var peer, user value[string]
	var content field
	var of events
	for s.member() {
		switch string(s.key) {
		case "PeerId":
			peer.set(d.name())
		case "UserId":
			user.set(d.name())
		case "Content":
			var state ListState
			of = events{rows: of.rows[:0]}
			before := content
			state, content = s.list()
			content = once(before, content)
			for state == ListPresent && s.element() {
				of.event(s, userID)
			}
			if before.state != absent {
				of = events{}
			}
		default:
			s.skip()
		}
	}
	t.received += of.received
	var p problems
	p.allow("PeerId", peer.field)
	p.allow("Content", content)
	if p != "" {
		t.damage.add(Damage{What: "events", User: userID, Key: peer.v, Problem: string(p)})
		return user.v
	}
	if user.state == good && user.v != "" {
		userID = user.v
	}
	for _, e := range of.rows {
		e.UserID, e.RoomID, e.PeerID = userID, roomID, peer.v
		t.add(e)
	}
	t.beyond += of.beyond
	t.nulls += of.nulls
	t.damage.merge(&of.damage)
	return user.v
}

// event reads an element of "Content".
func (l *events) event(s *scanner, userID string) {
	l.received++
	if problem := s.object(); problem != "" {
		l.damage.add(Damage{What: "event", User: userID, Problem: problem})
		return
	}
	var id, milli, stream, one, two value[int64]
	for s.member() {
		switch string(s.key) {
		case "EventId":
			id.set(s.integer(0, math.MaxUint32))
		case "Time":
			milli.set(s.integer(minMilli, maxMilli))
		case "Type":
			stream.set(s.integer(0, math.MaxUint8))
		case "ParamOne":
			one.set(s.integer(math.MinInt64, math.MaxInt64))
		case "ParamTwo":
			two.set(s.integer(math.MinInt64, math.MaxInt64))
		default:
			s.skip()
		}
	}
	v := verdict{}
	v.lost.need("EventId", id.field)
	v.lost.need("Time", milli.field)
	v.want("Type", stream.field)
	v.want("ParamOne", one.field)
	v.want("ParamTwo", two.field)
	if p := v.problem(); p != "" {
		l.damage.add(Damage{What: "event", User: userID, Key: number(id), Problem: p})
		return
	}
	l.nulls += v.nulls
	if len(l.rows) == mostEvents {
		l.beyond++
		return
	}
	l.rows = append(l.rows, call.Event{EventID: uint32(id.v), Time: time.UnixMilli(milli.v).UTC(),
		StreamType: uint8(stream.v), ParamOne: one.v, ParamTwo: two.v})
}

// number returns the text of an id, "" unless it is good.
func number(id value[int64]) string {
	if id.state != good {
		return ""
	}
	return strconv.FormatInt(id.v, 10)
}
