package simulator

import (
	"slices"
	"strconv"
)

// callDetail answers DescribeCallDetail and DescribeCallDetailInfo. Without DataType
// the response is a user list. With it, a page is a page of users, not of sessions:
// Total counts the users with a session in the window, UserList has all their sessions
// in it, Data their series. If the current action is asked for more than an hour, Data
// is null, without an error.
func (s *Simulator) callDetail(q *query, out *answer) {
	if !q.wantsSeries() {
		s.userList(q, out)
		out.nothing("Data", hashText(s.options.Seed, q.commID)>>1&1 == 0)
		return
	}
	v := s.viewOf(q)
	rows := v.sessionsIn(q)
	page, total := paged(q, distinctUsers(rows), defaultUsers, func(n int) uint64 { return v.users[n].seed })
	rows = slices.DeleteFunc(rows, func(session session) bool { return !slices.Contains(page, session.user) })
	out.integer("Total", int64(total))
	s.writeUsers(q, out, v, rows)
	if q.limits.seriesSpan > 0 && q.to-q.from > q.limits.seriesSpan {
		out.nothing("Data", true)
		return
	}
	s.writeData(q, out, v, slices.Compact(page))
}

// distinctUsers returns the users of sessions, in the order of joining.
func distinctUsers(rows []session) []int {
	var users []int
	seen := map[int]bool{}
	for _, session := range rows {
		if !seen[session.user] {
			seen[session.user] = true
			users = append(users, session.user)
		}
	}
	return users
}

// writeData writes the series of a page of users.
func (s *Simulator) writeData(q *query, out *answer, v *view, users []int) {
	wanted := q.metrics
	if v != nil && q.all {
		wanted = allMetrics(q.dialect, v.call)
	}
	n := 0
	var spans []span
	if v != nil {
		v.streams(users, wanted, func(st stream) bool {
			spans = st.user.spans(st.peer, q.from, q.to, spans[:0])
			if q.nulls&nullData != 0 {
				q.withheld = q.withheld || len(spans) > 0
				return len(spans) == 0
			}
			if len(spans) == 0 && !v.mentionsEmpty(st) {
				return true
			}
			if n == 0 {
				out.key("Data")
			}
			out.buf = append(out.buf, "[,"[min(n, 1)])
			n++
			s.writeSeries(q, out, v, st, spans)
			return !out.gone()
		})
	}
	if n == 0 {
		out.nothing("Data", q.nulls&nullData != 0 && q.withheld || hashText(s.options.Seed, q.commID)>>2&1 == 0)
		return
	}
	out.buf = append(out.buf, ']')
	out.next()
}

// mentionsEmpty reports whether the response has a series without samples in the
// window. One such series in eight is in it.
func (v *view) mentionsEmpty(st stream) bool {
	return hash3(v.seed, st.user.seed, uint64(st.metric))%8 == 0
}

// writeSeries writes a QualityData in the order of the vendor's example: Content first.
func (s *Simulator) writeSeries(q *query, out *answer, v *view, st stream, spans []span) {
	out.buf = append(out.buf, `{"Content":`...)
	values := v.series(st)
	begin := len(out.buf)
	out.buf = append(out.buf, '[')
	n, withheld := 0, q.nulls&nullContent != 0 && len(spans) > 0 && values.seed>>9&1 == 0
	if withheld {
		q.withheld, spans = true, nil
	}
	if s.faults.Load().mutes(v, st, values.seed, spans) {
		q.muted, withheld, spans = true, true, nil
	}
	for _, run := range spans {
		prefix := newPrefix(run.first)
		for ts := run.first; ts <= run.last; ts += step {
			if s.settled(&values, ts, q.now) {
				out.buf = appendSample(out.buf, n > 0, prefix, values.at(ts))
				n++
			}
			prefix.advance()
		}
	}
	if n == 0 {
		out.buf = appendNothing(out.buf[:begin], withheld || values.seed&1 == 0)
	} else {
		out.buf = append(out.buf, ']')
	}
	out.buf = append(out.buf, `,"PeerId":`...)
	out.buf = appendPeer(out.buf, st.peer, values.seed)
	out.buf = append(out.buf, `,"UserId":`...)
	out.buf = appendString(out.buf, st.user.id, false)
	if values.seed%64 == 0 {
		out.buf = append(out.buf, `,"Unit":""`...)
	}
	out.buf = append(out.buf, `,"DataType":"`...)
	out.buf = append(out.buf, metrics[st.metric].name...)
	out.buf = append(out.buf, '"', '}')
	out.spill()
}

// appendPeer writes a PeerId. Without a peer it is "" or, one time in four, null.
func appendPeer(dst []byte, peer *user, seed uint64) []byte {
	switch {
	case peer != nil:
		return appendString(dst, peer.id, false)
	case seed>>4&3 == 0:
		return append(dst, "null"...)
	}
	return append(dst, '"', '"')
}

// prefix is the text {"Time":…,"Value": of a sample, after a comma.
type prefix []byte

const afterTime = `,"Value":`

func newPrefix(ts int64) prefix {
	return append(strconv.AppendInt([]byte(`,{"Time":`), ts, 10), afterTime...)
}

// advance adds a step to the digits. That is far cheaper than to format the number
// again. The number of digits does not change within a call.
func (p prefix) advance() {
	i := len(p) - len(afterTime) - 1
	p[i] += step
	for ; p[i] > '9'; i-- {
		p[i] -= 10
		p[i-1]++
	}
}

// appendSample writes one sample, after a comma if more.
func appendSample(dst []byte, more bool, p prefix, v value) []byte {
	if !more {
		p = p[1:]
	}
	return append(v.appendTo(append(dst, p...)), '}')
}
