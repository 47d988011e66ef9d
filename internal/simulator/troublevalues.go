package simulator

// effect is how trouble changes the values of a series.
type effect uint8

const (
	asEver   effect = iota
	off             // 0
	few             // frames a second from lo to hi, equal for sender and receivers
	fewer           // lo to hi percent of the frame rate of the series
	between         // from lo to hi, around a level drawn for the series
	hundreds        // like between, in hundredths
)

// twist is an effect on a series from one second to another, both included.
type twist struct {
	effect   effect
	from, to int64
	lo, hi   int64
	seed     uint64
}

// side is the relation of a series to the troubled user of a trouble.
type side uint8

const (
	elsewhere side = iota
	up             // what the troubled user sends
	down           // what the troubled user receives
	received       // what others receive from the troubled user
)

func (v *view) sideOf(st stream) side {
	switch troubled := v.numbered(v.planted.troubled); {
	case troubled == nil:
	case st.user == troubled && st.peer == nil:
		return up
	case st.user == troubled:
		return down
	case st.peer == troubled:
		return received
	}
	return elsewhere
}

// numbered returns the nth user, nil if the user has not joined so far.
func (v *view) numbered(n int) *user {
	if n >= len(v.users) {
		return nil
	}
	return &v.users[n]
}

// twistOf returns the effect of the trouble on a series.
func (v *view) twistOf(st stream) twist {
	m, side := &metrics[st.metric], v.sideOf(st)
	if side == elsewhere {
		return twist{}
	}
	t := v.planted.effectOn(m, side, st.user == v.numbered(v.planted.partner))
	t.from, t.to = v.planted.from, v.planted.to
	t.seed = v.planted.seed
	if t.effect != few { // sender and receivers share few
		t.seed = hash2(v.planted.seed, uint64(st.metric))
	}
	return t
}

func (p *planted) effectOn(m *metric, side side, partner bool) twist {
	frames := m.kind == frames
	switch p.kind {
	case CameraOff:
		if m.video && side != down {
			return twist{effect: off}
		}
	case WeakCamera, WeakEncoder:
		if frames && side != down && (p.kind == WeakCamera || m.name != "bigvCapFps") {
			return weakFrames
		}
	case LossyUplink, OverMidnight:
		return p.lossyUplink(m, side)
	case LossyDownlink:
		if side == down {
			return lossAndStall(m, 700, 1300, 120, 500)
		}
	case SlowDevice:
		return p.slowDevice(m, side)
	case NetworkChange:
		return networkChange(m, side)
	case Reconnect:
		if side == down {
			return lossAndStall(m, 1000, 2000, 200, 500)
		}
	case FarAway:
		if m.kind == latency {
			return twist{effect: between, lo: 450, hi: 900}
		}
	case Unexplained:
		if m.kind == stall && side == received && partner {
			return twist{effect: between, lo: 160, hi: 400}
		}
	}
	return twist{}
}

var weakFrames = twist{effect: few, lo: 4, hi: 8}

// lossAndStall twists loss, in hundredths of a percent, and stall, in milliseconds of
// 2000.
func lossAndStall(m *metric, lossLo, lossHi, stallLo, stallHi int64) twist {
	switch m.kind {
	case loss:
		return twist{effect: hundreds, lo: lossLo, hi: lossHi}
	case stall:
		return twist{effect: between, lo: stallLo, hi: stallHi}
	}
	return twist{}
}

func (p *planted) lossyUplink(m *metric, side side) twist {
	lossy := side == up || side == received && p.half
	switch {
	case m.kind == loss && lossy:
		return lossAndStall(m, 700, 1300, 0, 0)
	case m.kind == stall && side == received:
		return lossAndStall(m, 0, 0, 120, 500)
	case m.kind == frames && side == received:
		return twist{effect: fewer, lo: 50, hi: 66}
	}
	return twist{}
}

func (p *planted) slowDevice(m *metric, side side) twist {
	switch {
	case m.name == "sysCpu":
		return twist{effect: hundreds, lo: 9000, hi: 9900}
	case m.name == "bigvDecFps" && side == down:
		return twist{effect: few, lo: 3, hi: 7}
	case m.name == "bigvBlock" && side == down:
		return lossAndStall(m, 0, 0, 120, 300)
	case p.half && m.kind == frames && side != down && m.name != "bigvCapFps":
		return weakFrames
	}
	return twist{}
}

func networkChange(m *metric, side side) twist {
	switch {
	case m.kind == latency:
		return twist{effect: between, lo: 300, hi: 800}
	case m.kind == loss && side == received:
		return twist{}
	}
	return lossAndStall(m, 600, 1200, 120, 500)
}

// covers reports whether an instant is within the twist.
func (t *twist) covers(ts int64) bool { return t.effect != asEver && ts >= t.from && ts <= t.to }

// level returns a number from lo to hi, within a fifth of that range around a level of
// the twist.
func (t *twist) level(noise uint64) int64 {
	fifth := uint64(max(1, (t.hi-t.lo)/5))
	return t.lo + int64(t.seed%(3*fifth)+noise%(2*fifth))
}

// twisted returns the value of a series at an instant of trouble. What a sender and its
// receivers share is drawn for each 2 s.
func (s *series) twisted(ts int64) value {
	noise := hash2(s.twist.seed, uint64(ts>>1))
	switch s.twist.effect {
	case few:
		spread := uint64(s.twist.hi-s.twist.lo)*10 + 1
		tenths := s.twist.lo*10 + int64(noise%spread)
		if s.decimals == 1 {
			return value{units: tenths, decimals: 1}
		}
		return value{units: (tenths + 5) / 10}
	case fewer:
		return value{units: s.base * (s.twist.lo + int64(noise%uint64(s.twist.hi-s.twist.lo+1))) / 100}
	case between:
		return value{units: s.twist.level(noise)}
	case hundreds:
		return s.scaled(s.twist.level(noise))
	}
	return value{}
}

// makeSteady changes the bases of a series so that its values are never bad: rtt is 19
// to 96; the frame rate and size of a picture are those of its sender.
func (s *series) makeSteady(m *metric, sender uint64) {
	s.steady = true
	switch m.kind {
	case latency:
		s.base = m.base/2 + int64(s.seed%40)
	case frames:
		s.base = [...]int64{18, 24, 30}[sender%3]
	case width, height:
		s.base = int64(sender % 3)
	}
}

// steadyAt returns the value of a steady series; false if at computes it.
func (s *series) steadyAt(noise uint64, drift int64) (value, bool) {
	switch s.kind {
	case stall:
		return value{}, true
	case loss:
		return s.steadyLoss(noise), true
	case frames:
		return s.steadyFrames(noise), true
	case latency:
		return value{units: s.base + drift>>5 + int64(noise&7)}, true
	case bitrate:
		return s.drifting(noise, drift), true
	}
	return value{}, false
}

// steadyLoss returns mostly 0 and always less than 0.4 %.
func (s *series) steadyLoss(noise uint64) value {
	switch {
	case s.burst:
		return s.scaled(int64(noise >> 8 % 40))
	case noise>>40&0x3fff == 0:
		return value{odd: uint8(1 + noise&1*3)}
	}
	return value{}
}

// steadyFrames returns rarely 1 or 2 less than the base.
func (s *series) steadyFrames(noise uint64) value {
	units := s.base
	if noise&15 == 0 {
		units -= int64(noise >> 8 % 3)
	}
	if s.decimals == 1 {
		return value{units: units*10 + int64(noise>>20%10), decimals: 1}
	}
	return value{units: units}
}
