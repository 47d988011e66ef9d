package simulator

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// Canned is a call of a given shape, for benchmarks. All users are in it from Start for
// the whole time. They send audio and video, and each receives from a number of peers.
// Its values are like those of other calls of the seed.
type Canned struct {
	Seed    uint64
	Start   time.Time
	Seconds int
	Users   int
	Peers   int // number of peers that each user receives from; less than Users
}

// Series returns the response to a request for all series of the call, with the metrics on
// the vendor's pages.
func (c Canned) Series() []byte {
	v := c.view()
	s, q := &Simulator{options: Options{Seed: c.Seed}}, &query{}
	var body buffer
	out := newAnswer(&body, s.requestID())
	c.writeUsers(out, v)
	out.key("Data")
	n := 0
	write := func(st stream) bool {
		if st.metric == newest {
			return true
		}
		out.buf = append(out.buf, "[,"[min(n, 1)])
		n++
		s.writeSeries(q, out, v, st, st.user.spans(st.peer, c.Start.Unix(), v.end, nil))
		return true
	}
	for i := range v.users {
		u := &v.users[i]
		v.streamsOf(u, nil, ^metricSet(0), write)
		for p := range c.Peers {
			v.streamsOf(u, &v.users[(i+1+p)%c.Users], ^metricSet(0), write)
		}
	}
	out.buf = append(out.buf, ']')
	out.next()
	out.finish()
	return body.Bytes()
}

// UserList returns the response to a request for the sessions of the call.
func (c Canned) UserList() []byte {
	s := &Simulator{options: Options{Seed: c.Seed}}
	var body buffer
	out := newAnswer(&body, s.requestID())
	c.writeUsers(out, c.view())
	out.finish()
	return body.Bytes()
}

func (c Canned) writeUsers(out *answer, v *view) {
	out.integer("Total", int64(len(v.users)))
	out.key("UserList")
	for i, session := range v.sessions {
		out.buf = append(out.buf, "[,"[min(i, 1)])
		out.buf = v.appendUser(out.buf, session)
	}
	out.buf = append(out.buf, ']')
	out.next()
}

func (c Canned) view() *view {
	start := c.Start.Unix()
	v := &view{call: &call{seed: c.Seed, start: start, end: start + int64(c.Seconds)}, room: "canned"}
	for i := range c.Users {
		u := v.describe(i)
		u.id = fmt.Sprintf("user_%d_%d", c.Seed, i)
		u.audio, u.video, u.silent = true, true, false
		one := session{user: i, joined: start, left: v.end, finished: true}
		u.sessions = []session{one}
		v.users, v.sessions = append(v.users, u), append(v.sessions, one)
	}
	return v
}

// buffer takes a response without a client.
type buffer struct{ bytes.Buffer }

func (*buffer) Header() http.Header { return http.Header{} }
func (*buffer) WriteHeader(int)     {}
