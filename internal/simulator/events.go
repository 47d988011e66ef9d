package simulator

import (
	"cmp"
	"slices"
	"strconv"
)

// event is an entry of a user's event log in a call.
type event struct {
	peer       int // index of a user, or noPeer
	id         int64
	ms         int64 // unix milliseconds
	streamType int64 // 0 none, 2 big video, 3 small video, 7 side stream
	one, two   int64
}

const noPeer = -1

const (
	noStream    = 0
	bigStream   = 2
	smallStream = 3
	sideStream  = 7
)

// events returns the log of a user up to the view's instant, in order of time. No two
// events are equal, and all lie within a session.
func (v *view) events(n int) []event {
	var all []event
	for visit, session := range v.users[n].sessions {
		log := logger{v: v, n: n, session: session, r: rng{hash3(v.users[n].seed, 60, uint64(session.joined))}}
		if v.reported(session).web {
			log.browser()
		} else {
			log.enter(visit)
			log.media()
			log.peers()
			log.disturb()
			log.planted()
			log.leave()
		}
		all = append(all, log.events...)
	}
	slices.SortStableFunc(all, compareEvents)
	return slices.Compact(all)
}

func compareEvents(a, b event) int {
	return cmp.Or(cmp.Compare(a.ms, b.ms), cmp.Compare(a.peer, b.peer), cmp.Compare(a.id, b.id),
		cmp.Compare(a.streamType, b.streamType), cmp.Compare(a.one, b.one), cmp.Compare(a.two, b.two))
}

// userEvents answers DescribeUserEvent and DescribeDetailEvent: the log of one user
// within the seconds of the window, one list for each peer, own events first. For an
// unknown user or room the response has no rows.
func (s *Simulator) userEvents(q *query, out *answer) {
	v := s.viewOf(q)
	var events []event
	if v != nil && q.roomID == v.room && q.userID == "" {
		s.everybodysEvents(q, v, out)
		return
	}
	if v != nil && q.roomID == v.room {
		for n := range v.users {
			if v.users[n].id == q.userID {
				events = v.events(n)
			}
		}
	}
	events = slices.DeleteFunc(events, func(e event) bool { return e.ms/1000 < q.from || e.ms/1000 > q.to })
	if !q.due(len(events)) {
		out.nothing("Data", q.withheld || hashText(s.options.Seed, q.userID)&1 == 0)
		return
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.peer, b.peer) })
	out.key("Data")
	out.buf = append(out.buf, '[')
	for i := range events {
		if i == 0 || events[i].peer != events[i-1].peer {
			out.buf = append(out.buf, `{"Content":[`...)
		}
		out.buf = appendEvent(out.buf, events[i])
		if i+1 < len(events) && events[i+1].peer == events[i].peer {
			out.next()
			continue
		}
		out.buf = append(out.buf, `],"PeerId":`...)
		var peer *user
		if events[i].peer != noPeer {
			peer = &v.users[events[i].peer]
		}
		out.buf = append(appendPeer(out.buf, peer, hashText(v.seed, q.userID)), '}')
		if i+1 < len(events) {
			out.next()
		}
	}
	out.buf = append(out.buf, ']')
	out.next()
}

// appendEvent writes an EventMessage.
func appendEvent(dst []byte, e event) []byte {
	for _, field := range [...]struct {
		name string
		n    int64
	}{{`{"Type":`, e.streamType}, {`,"Time":`, e.ms}, {`,"EventId":`, e.id}, {`,"ParamOne":`, e.one}, {`,"ParamTwo":`, e.two}} {
		dst = append(dst, field.name...)
		dst = strconv.AppendInt(dst, field.n, 10)
	}
	return append(dst, '}')
}
