package quality

import (
	"cmp"
	"slices"
)

// PairMinute is how well a user received a peer in a minute. A missing measure is NaN
// and has no Why.
type PairMinute struct {
	At                        uint32  // first second, unix, UTC
	Loss                      float32 // of sound or picture, whichever is worse, %
	Stall                     float32 // of sound or picture, whichever is worse, % of the time
	FPS                       float32 // frames rendered a second, over samples with frames
	LossWhy, StallWhy, FPSWhy Why

	peer string
}

// UserMinute is how well a user did in a minute, as sender and receiver. Of several
// peers it has the value that a tenth of them reach or exceed.
type UserMinute struct {
	PairMinute
	RTT            float32 // ms
	CPU            float32 // processor load of the device, %
	RTTWhy, CPUWhy Why
}

// Pair judges what a user receives from a peer. It skips minutes in which neither sound
// nor picture flows.
func (c *Call) Pair(user, peer string, m Minutes) []PairMinute {
	judged := make([]PairMinute, 0, len(m))
	from, mine, heard := c.sent[peer], c.sent[user], c.received[peer]
	for i := range m {
		at := m[i].At
		s := situation{user: user, peer: peer, from: from.at(at), me: mine.at(at), others: heard[at]}
		s.received = receive(s.from, &m[i])
		r := &s.received
		if !r.any() {
			continue
		}
		x := PairMinute{peer: peer, At: at, Loss: r.loss(), Stall: r.stall(), FPS: r.fps}
		if known(x.Loss) {
			x.LossWhy = s.lossWhy()
		}
		if known(x.Stall) {
			x.StallWhy = s.stallWhy()
		}
		if known(x.FPS) {
			x.FPSWhy = s.fpsWhy()
		}
		judged = append(judged, x)
	}
	return judged
}

// User judges a user. received are the minutes of all pairs of this receiver, in any
// order. It skips minutes in which neither sound nor picture flows.
func (c *Call) User(user string, received []PairMinute) []UserMinute {
	own, heard := c.sent[user], inTime(received)
	var judged []UserMinute
	for len(own) > 0 || len(heard) > 0 {
		at := uint32(1<<32 - 1)
		if len(own) > 0 {
			at = own[0].at
		}
		if len(heard) > 0 {
			at = min(at, heard[0].At)
		}
		s, n := &nothing, 0
		if len(own) > 0 && own[0].at == at {
			s, own = &own[0], own[1:]
		}
		for n < len(heard) && heard[n].At == at {
			n++
		}
		if x := userMinute(user, s, heard[:n]); x.flows() {
			x.At = at
			judged = append(judged, x)
		}
		heard = heard[n:]
	}
	return judged
}

// inTime sorts minutes by time and peer.
func inTime(all []PairMinute) []*PairMinute {
	order := make([]*PairMinute, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	slices.SortFunc(order, func(x, y *PairMinute) int { return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.peer, y.peer)) })
	return order
}

// flows reports whether there is sound or picture to judge.
func (m *UserMinute) flows() bool { return known(m.Loss) || known(m.Stall) || known(m.FPS) }

// userMinute judges one minute of a user, from what the user sends and receives.
func userMinute(user string, s *sent, received []*PairMinute) UserMinute {
	m := UserMinute{PairMinute: PairMinute{Loss: none, Stall: none, FPS: none}, RTT: s.rtt, CPU: s.cpu}
	m.RTTWhy, m.CPUWhy = s.rttWhy(user), s.cpuWhy(user)
	if x := tenth(received, func(x *PairMinute) float32 { return x.Loss }); x != nil {
		m.Loss, m.LossWhy = x.Loss, x.LossWhy
	}
	if x := tenth(received, func(x *PairMinute) float32 { return x.Stall }); x != nil {
		m.Stall, m.StallWhy = x.Stall, x.StallWhy
	}
	if x := tenth(received, func(x *PairMinute) float32 { return -x.FPS }); x != nil {
		m.FPS, m.FPSWhy = x.FPS, x.FPSWhy
	}
	if lost := worse(s.audioLoss, s.videoLoss); known(lost) && !(lost < m.Loss) {
		m.Loss, m.LossWhy = lost, s.lossWhy(user)
	}
	if known(s.encode) && !(s.encode > m.FPS) {
		m.FPS, m.FPSWhy = s.encode, s.fpsWhy(user)
	}
	return m
}

// tenth finds the greatest value that a tenth of the minutes reach: of up to ten
// minutes the greatest of all. Minutes without the figure do not count. Of equals it
// returns the first.
func tenth(all []*PairMinute, figure func(*PairMinute) float32) *PairMinute {
	var most *PairMinute
	have := 0
	for _, x := range all {
		if v := figure(x); known(v) {
			if have++; most == nil || v > figure(most) {
				most = x
			}
		}
	}
	if have <= 10 {
		return most
	}
	ordered := slices.DeleteFunc(slices.Clone(all), func(x *PairMinute) bool { return !known(figure(x)) })
	slices.SortStableFunc(ordered, func(x, y *PairMinute) int { return cmp.Compare(figure(y), figure(x)) })
	return ordered[(have+9)/10-1]
}
