package simulator

import "strconv"

// valueKind is how a metric changes over time.
type valueKind uint8

const (
	walk    valueKind = iota // around a base, drifting
	bitrate                  // like walk, and sometimes a huge number
	percent
	stall   // milliseconds, nearly always 0
	loss    // percent, mostly 0, in bursts
	frames  // around 15, 24 or 30
	width   // constant
	height  // constant
	energy  // noise
	latency // drift and spikes
)

// value is a decimal number, units / 10^decimals, or one of the odd values.
type value struct {
	units    int64
	decimals uint8
	odd      uint8 // index into oddValues, 0: none
}

// oddValues are numbers that are not written as plain decimals.
var oddValues = [...]struct {
	text   string
	number float64
}{
	{}, {"1e-07", 1e-7}, {"1.5e9", 1.5e9}, {"1E+2", 100}, {"0.30000000000000004", 0.30000000000000004},
}

// number returns the double nearest to the decimal text. The quotient of two whole doubles
// is exactly that.
func (v value) number() float64 {
	switch {
	case v.odd != 0:
		return oddValues[v.odd].number
	case v.decimals == 1:
		return float64(v.units) / 10
	case v.decimals == 2:
		return float64(v.units) / 100
	}
	return float64(v.units)
}

// appendTo writes the value as JSON. A whole number of hundredths keeps its zeros:
// 12.50 is as valid as 12.5.
func (v value) appendTo(dst []byte) []byte {
	switch {
	case v.odd != 0:
		return append(dst, oddValues[v.odd].text...)
	case v.decimals == 1:
		dst = strconv.AppendInt(dst, v.units/10, 10)
		return append(dst, '.', byte('0'+v.units%10))
	case v.decimals == 2:
		dst = strconv.AppendInt(dst, v.units/100, 10)
		return append(dst, '.', byte('0'+v.units/10%10), byte('0'+v.units%10))
	}
	if v.units < 10 {
		return append(dst, byte('0'+v.units))
	}
	return strconv.AppendInt(dst, v.units, 10)
}

// series computes the values of one metric of one user and peer. A value depends only
// on the seconds since the call began, so any window can be computed alone. at is
// faster with ascending times.
type series struct {
	kind     valueKind
	seed     uint64
	start    int64 // of the call
	base     int64
	decimals uint8
	block    int64 // of the cached knots
	low      int64
	high     int64
	burst    bool
	steady   bool
	twist    twist // what trouble does to it
}

// blockShift makes a block of 64 s. Within a block drift is linear and a burst fills
// it.
const blockShift = 6

func newSeries(c *call, m *metric, index int, userSeed, peerSeed uint64) series {
	seed := hash3(userSeed, peerSeed, uint64(index))
	s := series{kind: m.kind, seed: seed, start: c.start, base: m.base, block: -1}
	switch m.kind {
	case percent, loss:
		s.decimals = uint8(seed % 3)
	case latency:
		s.base += int64(seed % 90)
	case walk, bitrate:
		s.base += int64(seed%64) * s.base / 128
	case frames:
		s.base = [...]int64{15, 24, 30}[userSeed%3]
		s.decimals = uint8(seed >> 8 & 3 / 3)
	case width, height:
		s.base = int64(userSeed % 3)
	}
	if c.steady {
		sender := userSeed
		if peerSeed != 0 {
			sender = peerSeed
		}
		s.makeSteady(m, sender)
	}
	return s
}

// enter prepares the block of 64 seconds with an offset.
func (s *series) enter(block int64) {
	s.block = block
	s.low = int64(hash2(s.seed, uint64(block)) & 1023)
	s.high = int64(hash2(s.seed, uint64(block+1)) & 1023)
	s.burst = hash3(s.seed, 5, uint64(block))%24 == 0
}

// at returns the value at an instant, in unix seconds.
func (s *series) at(ts int64) value {
	if s.twist.covers(ts) {
		return s.twisted(ts)
	}
	offset := ts - s.start
	if block := offset >> blockShift; block != s.block {
		s.enter(block)
	}
	noise := hash2(s.seed, uint64(offset))
	// drift runs from 0 to 1023 and is continuous from block to block.
	drift := s.low + (s.high-s.low)*(offset&(1<<blockShift-1))>>blockShift
	if s.steady {
		if v, ok := s.steadyAt(noise, drift); ok {
			return v
		}
	}
	switch s.kind {
	case percent:
		return s.scaled(s.base*100 + drift*2 + int64(noise&255))
	case stall:
		if s.burst && noise&3 == 0 {
			return value{units: int64(noise >> 8 % uint64(s.base*2))}
		}
		return value{}
	case loss:
		return s.lossAt(noise)
	case frames:
		return s.framesAt(noise)
	case width:
		return value{units: [...]int64{1280, 640, 368}[s.base]}
	case height:
		return value{units: [...]int64{720, 360, 640}[s.base]}
	case energy:
		return value{units: int64(noise % uint64(s.base) * uint64(drift) >> 9)}
	case latency:
		spike := int64(0)
		if noise>>20&127 == 0 {
			spike = int64(noise >> 32 & 511)
		}
		return value{units: s.base + drift>>5 + int64(noise&7) + spike}
	}
	if s.kind == bitrate && noise>>40&0x3fff == 0 {
		return value{odd: 2}
	}
	return s.drifting(noise, drift)
}

func (s *series) drifting(noise uint64, drift int64) value {
	return value{units: s.base + s.base*(drift-512)>>12 + int64(noise&63)*s.base>>10}
}

// lossAt returns mostly 0, and a few percent in bursts.
func (s *series) lossAt(noise uint64) value {
	if !s.burst {
		if noise>>40&0x3fff == 0 {
			return value{odd: uint8(1 + noise&1*3)}
		}
		return value{}
	}
	return s.scaled(int64(noise>>8%uint64(s.base))*100 + int64(noise&63))
}

func (s *series) framesAt(noise uint64) value {
	units := s.base
	if noise&15 == 0 {
		units -= int64(noise >> 8 % 5)
	}
	if s.burst && noise&3 == 0 {
		units /= 3
	}
	if s.decimals == 1 {
		return value{units: units*10 + int64(noise>>20%10), decimals: 1}
	}
	if noise>>40&0xffff == 0 {
		return value{odd: 3}
	}
	return value{units: units}
}

// scaled converts hundredths to the decimals of the series.
func (s *series) scaled(hundredths int64) value {
	switch s.decimals {
	case 0:
		return value{units: hundredths / 100}
	case 1:
		return value{units: hundredths / 10, decimals: 1}
	}
	return value{units: hundredths, decimals: 2}
}
