package simulator

import (
	"cmp"
	"slices"
	"strconv"
)

// experience is a bad experience of a user in a call.
type experience struct {
	v      *view
	user   int
	id     int64
	at     int64 // unix seconds
	causes []cause
}

// cause is an abnormal event behind an experience. An experience has none or several.
type cause struct {
	id   int64
	peer int // index of a user, or noPeer
}

// mostUnusual is the most experiences of a response.
const mostUnusual = 20

// experiences returns the bad experiences in a call up to the view's instant, in order
// of time. No user has the same experience twice in a second.
func (v *view) experiences() []experience {
	var all []experience
	for n := range v.users {
		r := rng{hash3(v.seed, 70, uint64(n))}
		for _, session := range v.users[n].sessions {
			if r.oneIn(9) && !v.steady { // left may still change, so draw from the first minute only
				all = v.suffer(all, n, session.joined+r.between(1, minute), &r)
			}
		}
	}
	if v.shape == busy {
		all = v.busyHour(all)
	}
	if v.planted != nil {
		all = v.withPlanted(all)
	}
	all = slices.DeleteFunc(all, func(x experience) bool { return x.at > v.at || x.at > v.end })
	slices.SortStableFunc(all, func(a, b experience) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.user, b.user), cmp.Compare(a.id, b.id))
	})
	return slices.CompactFunc(all, func(a, b experience) bool {
		return a.at == b.at && a.user == b.user && a.id == b.id
	})
}

// busyHour gives each of the five users of a call one experience in the busy second and
// eleven more around it. Five such calls make 25 in that second, at most 20 of them in
// a room, and 80 in that hour.
func (v *view) busyHour(all []experience) []experience {
	second := v.start + busyLead
	r := rng{hash2(v.seed, 71)}
	for n := range v.users {
		all = v.suffer(all, n, second, &r)
	}
	for i := range int64(11) {
		at := second + 1 + r.between(0, 50)
		if i > 3 {
			at = v.start + r.between(minute, 15*minute)
		}
		if n := int(r.next() % 5); n < len(v.users) {
			all = v.suffer(all, n, at, &r)
		}
	}
	return all
}

// suffer adds an experience with 0, 1 or 3 causes.
func (v *view) suffer(all []experience, n int, at int64, r *rng) []experience {
	x := experience{v: v, user: n, id: r.between(1, 5), at: at}
	count := [...]int{0, 1, 1, 3}[r.next()%4]
	known := [...]int64{1002, 1007, 1013, 1016, 2001, 2003, 2005, 2007, 2010}
	fromPeer := [...]int64{2013, 2015, 2017, 2020, 2023, 2024}
	for i := range count {
		draw := r.next()
		peer := v.otherThan(n, at, draw)
		if peer == noPeer {
			x.causes = append(x.causes, cause{known[int(draw>>8%3)*3+i], noPeer})
			continue
		}
		x.causes = append(x.causes, cause{fromPeer[int(draw>>8%2)*3+i], peer})
	}
	return append(all, x)
}

// otherThan draws a publisher among the first three users who had joined by an instant,
// or none.
func (v *view) otherThan(n int, at int64, draw uint64) int {
	peer := int(draw % 4)
	if peer == n || peer > 2 || peer >= len(v.users) || !v.users[peer].audio {
		return noPeer
	}
	if sessions := v.users[peer].sessions; len(sessions) == 0 || sessions[0].joined > at {
		return noPeer
	}
	return peer
}

// unusualEvents answers DescribeUnusualEvent and DescribeAbnormalEvent with up to
// twenty of the experiences in the window, both ends included. The window decides which
// twenty; their order has no meaning.
func (s *Simulator) unusualEvents(q *query, out *answer) {
	var found []experience
	for _, c := range s.overlapping(q.app, q.from, q.to, q.now) {
		if q.roomID != "" && q.roomID != c.roomID() {
			continue
		}
		for _, x := range s.open(c, q.now).experiences() {
			if x.at >= q.from && x.at <= q.to {
				found = append(found, x)
			}
		}
	}
	if len(found) > mostUnusual {
		key := hash3(s.options.Seed, uint64(q.from), uint64(q.to))
		order := func(x experience) uint64 { return hash3(key^x.v.seed, uint64(x.at), uint64(x.user*8)+uint64(x.id)) }
		slices.SortStableFunc(found, func(a, b experience) int { return cmp.Compare(order(a), order(b)) })
		found = found[:mostUnusual]
	}
	out.integer("Total", q.total(len(found)))
	if !q.due(len(found)) {
		out.nothing("AbnormalExperienceList", q.withheld || hash2(s.options.Seed, uint64(q.from))&1 == 0)
		return
	}
	out.key("AbnormalExperienceList")
	for i := range found {
		out.buf = append(out.buf, "[,"[min(i, 1)])
		out.buf = found[i].appendTo(out.buf)
	}
	out.buf = append(out.buf, ']')
	out.next()
}

// appendTo writes an AbnormalExperience.
func (x *experience) appendTo(dst []byte) []byte {
	seed := hash3(x.v.seed, uint64(x.at), uint64(x.user))
	dst = append(dst, `{"UserId":`...)
	dst = appendString(dst, x.v.users[x.user].id, false)
	dst = append(dst, `,"ExperienceId":`...)
	dst = strconv.AppendInt(dst, x.id, 10)
	dst = append(dst, `,"RoomId":`...)
	dst = appendString(dst, x.v.room, seed&1 == 0)
	dst = append(dst, `,"AbnormalEventList":`...)
	if len(x.causes) == 0 {
		dst = appendNothing(dst, seed>>1&1 == 0)
	}
	for i, cause := range x.causes {
		dst = append(dst, "[,"[min(i, 1)])
		dst = append(dst, `{"AbnormalEventId":`...)
		dst = strconv.AppendInt(dst, cause.id, 10)
		dst = append(dst, `,"PeerId":`...)
		dst = append(appendPeer(dst, x.peerOf(cause), seed), '}')
	}
	if len(x.causes) > 0 {
		dst = append(dst, ']')
	}
	dst = append(dst, `,"EventTime":`...)
	return append(strconv.AppendInt(dst, x.at, 10), '}')
}

func (x *experience) peerOf(c cause) *user {
	if c.peer == noPeer {
		return nil
	}
	return &x.v.users[c.peer]
}
