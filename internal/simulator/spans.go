package simulator

// step is the time between two samples of a series, in seconds, as in the vendor's
// example.
const step = 2

// span is a run of samples: first, first+step … last.
type span struct{ first, last int64 }

func (s span) count() int64 { return (s.last-s.first)/step + 1 }

// spans appends the runs of samples of a user in a window, both ends included. Each
// session has a sample every 2 s, from 2 s after joining until leaving; downstream ones
// only once the peer has been in the room for 2 s, too. peer is nil for upstream.
func (u *user) spans(peer *user, from, to int64, dst []span) []span {
	for _, session := range u.sessions {
		if peer == nil {
			dst = cut(session.joined, max(from, session.joined+step), min(to, session.left), dst)
			continue
		}
		for _, other := range peer.sessions {
			first := max(from, session.joined+step, other.joined+step)
			dst = cut(session.joined, first, min(to, session.left, other.left), dst)
		}
	}
	return dst
}

// cut appends the samples of a session between two instants. They lie at joined + 2k.
func cut(joined, first, last int64, dst []span) []span {
	first += (first - joined) & 1
	last -= (last - joined) & 1
	if first > last {
		return dst
	}
	return append(dst, span{first, last})
}

// stream is a series of a call: one metric of what a user sends (peer is nil) or
// receives from a peer.
type stream struct {
	user, peer *user
	metric     int
}

// streams calls yield for each series of the users: user by user, upstream first, then
// peer by peer. It stops when yield returns false.
func (v *view) streams(users []int, set metricSet, yield func(stream) bool) {
	for _, n := range users {
		u := &v.users[n]
		if !v.streamsOf(u, nil, set, yield) {
			return
		}
		for _, p := range v.publishers {
			if p != n && !v.streamsOf(u, &v.users[p], set, yield) {
				return
			}
		}
	}
}

func (v *view) streamsOf(u, peer *user, set metricSet, yield func(stream) bool) bool {
	for i := range metrics {
		if set.has(i) && metrics[i].produced(u, peer) && !yield(stream{u, peer, i}) {
			return false
		}
	}
	return true
}

// series returns the values of a stream.
func (v *view) series(st stream) series {
	peerSeed := uint64(0)
	if st.peer != nil {
		peerSeed = st.peer.seed
	}
	values := newSeries(v.call, &metrics[st.metric], st.metric, st.user.seed, peerSeed)
	if v.planted != nil {
		values.twist = v.twistOf(st)
	}
	return values
}

// settled reports whether a sample is visible at an instant. The data of a call may
// come minutes late, block by block.
func (s *Simulator) settled(values *series, ts, at int64) bool {
	late := uint64(seconds(s.options.Settle))
	if late == 0 {
		return true
	}
	return ts+int64(hash3(values.seed, 6, uint64(ts>>blockShift))%(late+1)) <= at
}
