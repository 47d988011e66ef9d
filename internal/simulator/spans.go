package simulator

// step is the distance of two samples of a series in seconds, as seen in the
// vendor's example.
const step = 2

// span is a run of samples: first, first+step … last.
type span struct{ first, last int64 }

func (s span) count() int64 { return (s.last-s.first)/step + 1 }

// spans appends the runs of samples of a user that lie in a window, both
// ends inclusive: each stay of the user has one every 2 s, from 2 s after
// joining until leaving; towards a peer only while the peer has been there
// for 2 s, too. peer is nil for what the user sends.
func (u *user) spans(peer *user, from, to int64, dst []span) []span {
	for _, stay := range u.stays {
		if peer == nil {
			dst = cut(stay.joined, max(from, stay.joined+step), min(to, stay.left), dst)
			continue
		}
		for _, other := range peer.stays {
			first := max(from, stay.joined+step, other.joined+step)
			dst = cut(stay.joined, first, min(to, stay.left, other.left), dst)
		}
	}
	return dst
}

// cut appends the grid points of a stay, which lie at joined + 2k, that fall
// between two instants.
func cut(joined, first, last int64, dst []span) []span {
	first += (first - joined) & 1
	last -= (last - joined) & 1
	if first > last {
		return dst
	}
	return append(dst, span{first, last})
}

// stream is one series of a call: what a user sends (peer is nil) or receives
// from a peer, by one metric.
type stream struct {
	user, peer *user
	metric     int
}

// streams calls yield for each series that the users of a call have: user by
// user, first what is sent, then peer by peer. It stops when yield is false.
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
	if v.plot != nil {
		values.twist = v.twistOf(st)
	}
	return values
}

// settled tells whether a sample has reached the vendor's store at an
// instant: data of a call may come minutes late, block by block.
func (s *Simulator) settled(values *series, ts, at int64) bool {
	late := uint64(seconds(s.options.Settle))
	if late == 0 {
		return true
	}
	return ts+int64(hash3(values.seed, 6, uint64(ts>>blockShift))%(late+1)) <= at
}
