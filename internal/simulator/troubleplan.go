package simulator

import "slices"

// deck deals kinds of trouble to the calls that can have one, sixteen at a time: each
// kind once and Healthy four times, in an order drawn from a seed.
type deck struct {
	seed  uint64
	dealt int
	cards [16]TroubleKind
}

func (d *deck) deal() TroubleKind {
	place := d.dealt % len(d.cards)
	if place == 0 {
		d.shuffle()
	}
	d.dealt++
	return d.cards[place]
}

func (d *deck) shuffle() {
	r := rng{hash3(d.seed, 103, uint64(d.dealt))}
	for i := range d.cards {
		d.cards[i] = min(CameraOff+TroubleKind(i), Healthy)
	}
	for i := len(d.cards) - 1; i > 0; i-- {
		j := r.next() % uint64(i+1)
		d.cards[i], d.cards[j] = d.cards[j], d.cards[i]
	}
}

// plant makes all calls steady and decides the trouble of each call that can have one.
func (s *Simulator) plant(all []call) {
	d := deck{seed: s.options.Seed}
	for i := range all {
		c := &all[i]
		c.steady = true
		commons := c.commons(drawSessions(c))
		if len(commons) == 0 {
			continue
		}
		c.kind = d.deal()
		if c.kind == OverMidnight && !s.moveOverMidnight(c, commons) {
			c.kind = LossyUplink
		}
	}
}

// common is a time of whole UTC minutes in which two users are in the call: from the
// first second of a minute to the last second of one, in unix seconds.
type common struct {
	troubled, partner int
	from, to          int64
}

func (c common) minutes() int64 { return (c.to - c.from + 1) / minute }

// midnight returns the first midnight with a minute before and after it.
func (c common) midnight() (at int64, ok bool) {
	at = (c.from + minute + day - 1) / day * day
	return at, at+minute <= c.to+1
}

const (
	// fewest is the least number of minutes for trouble.
	fewest = 3
	// foremost is how many of the first users of a call may have trouble.
	foremost = 8
)

// commons returns the times in which trouble can be: of pairs of the foremost users
// with series, at least one of whom sends audio or video.
func (c *call) commons(sessions []session) []common {
	var all []common
	for _, a := range sessions {
		if a.user >= foremost || c.silent(a.user) {
			continue
		}
		for _, b := range sessions {
			if b.user >= foremost || b.user == a.user || c.silent(b.user) || c.muted(a.user) && c.muted(b.user) {
				continue
			}
			first, last := max(a.joined, b.joined)+step, min(a.left, b.left)
			found := common{a.user, b.user, (first + minute - 1) / minute * minute, (last+1)/minute*minute - 1}
			if found.minutes() >= fewest {
				all = append(all, found)
			}
		}
	}
	return all
}

// suits reports whether a kind can be planted in a common time.
func (c *call) suits(kind TroubleKind, in common) bool {
	switch kind {
	case CameraOff, WeakCamera, WeakEncoder, LossyUplink, Unexplained:
		return !c.muted(in.troubled)
	case OverMidnight:
		_, ok := in.midnight()
		return ok && !c.muted(in.troubled)
	case LossyDownlink, SlowDevice, NetworkChange, Reconnect:
		return !c.muted(in.partner)
	}
	return true
}

// moveOverMidnight moves a call by whole minutes so that one of its common times spans
// midnight. It returns false if the call cannot move and no time does.
func (s *Simulator) moveOverMidnight(c *call, commons []common) bool {
	longest := common{}
	for _, in := range commons {
		switch {
		case c.suits(OverMidnight, in):
			return true
		case c.suits(LossyUplink, in) && in.minutes() > longest.minutes():
			longest = in
		}
	}
	earliest, latest := s.oldest, s.origin-(c.end-c.start)-2*minute
	if c.start > s.origin {
		earliest, latest = s.origin+1, s.origin+seconds(s.options.Ahead)
	}
	middle := longest.from + longest.minutes()/2*minute
	for _, days := range [...]int64{0, 1, -1, 2} { // the midnight before it, after it, others
		shift := middle/day*day + days*day - middle
		if start := c.start + shift; c.shape.movable() && start >= earliest && start <= latest {
			c.start, c.end = start, c.end+shift
			return true
		}
	}
	return false
}

// movable reports whether a call can begin at another time.
func (sh shape) movable() bool {
	switch sh {
	case pairOn, meetingOn, busy, straddling, longRun:
		return false
	}
	return true
}

// roomForTrouble returns how many seconds longer a call is, to make room for trouble.
func (sh shape) roomForTrouble() int64 {
	switch sh {
	case pair, meeting, zeroLength:
		return 5 * minute
	case rejoin:
		return 12 * minute
	}
	return 0
}

// planted is the trouble of one call. Users are numbers, times unix seconds.
type planted struct {
	kind              TroubleKind
	troubled, partner int
	from, to          int64 // first and last second
	away, back        int64 // Reconnect, SecondDevice: the troubled user leaves and joins again
	half              bool  // half of the troubles of a kind have this variant
	seed              uint64
}

// plantedIn draws the trouble of a call from its sessions without trouble. It returns nil
// if there is none.
func (c *call) plantedIn(sessions []session) *planted {
	if c.kind == notPlanted || c.kind == Healthy {
		return nil
	}
	places := slices.DeleteFunc(c.commons(sessions), func(in common) bool { return !c.suits(c.kind, in) })
	if len(places) == 0 {
		return nil // plant has made sure that there is one
	}
	r := rng{hash2(c.seed, 110)}
	in := places[r.next()%uint64(len(places))]
	p := &planted{kind: c.kind, troubled: in.troubled, partner: in.partner, half: r.oneIn(2), seed: r.next()}
	p.place(in, &r)
	if c.kind == CameraOff || c.kind == FarAway {
		p.widen(in, sessions)
	}
	return p
}

// place draws the time of the trouble within a common time.
func (p *planted) place(in common, r *rng) {
	length, room := r.between(fewest, fewest+5), in.minutes()
	switch p.kind {
	case NetworkChange:
		length = r.between(2, 4)
	case Reconnect:
		length, room = 1, room-2 // two minutes are left for coming back
	case SecondDevice:
		length = fewest
	}
	length = min(length, room)
	first := r.between(0, room-length)
	if at, ok := in.midnight(); ok && p.kind == OverMidnight {
		before := (at - in.from) / minute
		first = r.between(max(0, before-length+1), min(before-1, room-length))
	}
	p.from = in.from + first*minute
	p.to = p.from + length*minute - 1
	switch p.kind {
	case Reconnect:
		p.away = p.to + 1
		p.back = p.away + r.between(20, 60)
	case SecondDevice:
		p.away = p.from + minute + r.between(5, 50)
		p.back = p.away + r.between(1, 5)
	}
}

// widen extends the time to the troubled user's last session, and to the first one unless the
// camera goes off in the middle.
func (p *planted) widen(in common, sessions []session) {
	p.from = in.from + in.minutes()/2*minute
	for _, session := range sessions {
		if session.user != p.troubled {
			continue
		}
		p.to = max(p.to, session.left/minute*minute+minute-1)
		if p.kind == FarAway || p.half {
			p.from = min(p.from, session.joined/minute*minute)
		}
	}
}
