package simulator

import (
	"cmp"
	"slices"
)

// busyLead is how long before the busy second its calls have begun.
const busyLead = 8 * minute

// plan plans all calls of the account, sorted by their start.
func (s *Simulator) plan() {
	total := s.options.total()
	all := make([]call, 0, total+1+s.options.Long)
	for i := range uint32(total) {
		all = append(all, s.draw(i))
	}
	if s.options.Straddle {
		all = append(all, s.straddler(uint32(total)))
	}
	for i := range uint32(s.options.Long) {
		all = append(all, s.long(i, uint32(total)+1+i))
	}
	if s.options.Troubles {
		s.plant(all)
	}
	s.calls = make(map[uint32][]call, len(s.options.Apps))
	for _, app := range s.options.Apps {
		s.calls[app] = nil
	}
	for _, c := range all {
		c.hostile = s.options.Hostile
		s.calls[c.app] = append(s.calls[c.app], c)
		s.longest = max(s.longest, c.end-c.start)
	}
	for _, calls := range s.calls {
		slices.SortFunc(calls, func(a, b call) int {
			return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.index, b.index))
		})
		reuseRooms(calls)
	}
	if s.options.Troubles {
		s.lend()
	}
}

// draw draws app, shape and time of a call.
func (s *Simulator) draw(index uint32) call {
	c := call{seed: hash3(s.options.Seed, 100, uint64(index)), index: index, room: index, host: index}
	r := rng{c.seed}
	c.shape = s.shapeIn(index, c.seed)
	apps := s.options.Apps
	c.app = apps[r.next()%uint64(len(apps))]
	if c.shape == busy {
		c.app = apps[0]
	}
	arrives := int(index) >= s.options.Calls
	length := c.shape.length(&r)
	if s.options.Troubles {
		length += c.shape.roomForTrouble()
	}
	c.start = s.startOf(c.shape, length, arrives, &r)
	c.end = c.start + length
	return c
}

// startOf places a call between the oldest start and New; running and arriving calls
// around and after New. A call that is too long for a short retention starts as early
// as possible.
func (s *Simulator) startOf(sh shape, length int64, arrives bool, r *rng) int64 {
	switch {
	case arrives:
		return s.origin + r.between(1, seconds(s.options.Ahead))
	case sh == pairOn:
		return max(s.oldest, s.origin-r.between(10*minute, 25*minute))
	case sh == meetingOn:
		return max(s.oldest, s.origin-r.between(65*minute, 95*minute))
	case sh == busy:
		return max(s.oldest, s.busyAt-busyLead)
	}
	return r.between(s.oldest, s.origin-length-2*minute)
}

func (s *Simulator) straddler(index uint32) call {
	start := s.edge(s.origin) - hour/2
	return call{
		seed: hash2(s.options.Seed, 101), start: start, end: start + hour, app: s.options.Apps[0],
		index: index, room: index, host: index, shape: straddling,
	}
}

// long draws the nth long call. The first runs at New, the others start ahead, evenly
// in the first half of the time ahead.
func (s *Simulator) long(n, index uint32) call {
	c := call{
		seed: hash3(s.options.Seed, 102, uint64(n)), app: s.options.Apps[int(n)%len(s.options.Apps)],
		index: index, room: index, host: index, shape: longRun,
	}
	r := rng{c.seed}
	c.start = s.oldest + r.between(0, (s.origin-s.oldest)/2)
	if n > 0 {
		c.start = s.origin + seconds(s.options.Ahead)/2*int64(n)/int64(s.options.Long) + r.between(1, hour)
	}
	c.end = c.start + seconds(s.options.LongFor) + r.between(0, hour)
	return c
}

// reuseRooms makes about one call in six of an app use the room of an earlier call that
// is over. The creator is the same user if that call was on another Beijing day. So a
// day has the same number of distinct users whether one counts users or users of each
// room.
func reuseRooms(calls []call) {
	type used struct {
		room, host uint32
		end        int64
	}
	var ring [64]used
	filled := 0
	for i := range calls {
		c := &calls[i]
		slot := int(hash2(c.seed, 11) % uint64(len(ring)))
		old := ring[slot]
		if c.shape != straddling && c.shape != longRun && hash2(c.seed, 12)%6 == 0 && slot < filled && old.end < c.start {
			c.room = old.room
			if beijingDay(old.end) < beijingDay(c.start) {
				c.host = old.host
			}
			ring[slot] = used{c.room, c.host, c.end}
			continue
		}
		ring[filled%len(ring)] = used{c.room, c.host, c.end}
		filled++
	}
}

// beijingDay returns the start of the vendor's day with an instant. The vendor's days
// begin at 16:00 UTC.
func beijingDay(at int64) int64 {
	const zone = 8 * hour
	return (at+zone)/day*day - zone
}
