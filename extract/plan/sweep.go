package plan

// sweep drafts a plan from the first second to the last. Each window begins with the first
// second that is not covered. Its seats go to the persons with the earliest seconds not
// covered. Persons whose turn the window does not reach count as half a window later.
type sweep struct {
	*cursor
	turns  turns
	length int64
	seats  int

	left    []int32 // per person: turns that no window has reached
	version []int32 // per person: version of its valid entry in ripe, or of its entries in early and wait
	ripe    queue   // by next: persons whose turn a window that begins now reaches
	early   queue   // by next: all other persons
	wait    queue   // the same persons, by the time when they become ripe
}

func newSweep(p *presence, l Limits) *sweep {
	n := p.people()
	s := &sweep{
		cursor: newCursor(p), turns: turnsOf(p, l.length()), length: l.length(), seats: l.seats(),
		left: make([]int32, n), version: make([]int32, n),
	}
	for person := range int32(n) {
		s.left[person] = int32(len(s.turns.of(person)))
		s.enqueue(person)
	}
	return s
}

// run drafts the plan. It may be called once.
func (s *sweep) run() *draft {
	d := new(draft)
	for now := s.soonest(); now != never; now = s.soonest() {
		s.ripen(now)
		begin := len(d.seated)
		for len(d.seated)-begin < s.seats {
			person, ok := s.pick(now)
			if !ok {
				break
			}
			d.seated = append(d.seated, person)
		}
		d.close(now)
		for _, person := range d.seated[begin:] {
			s.seat(person, now+s.length)
		}
	}
	return d
}

// enqueue queues a person for its next window.
func (s *sweep) enqueue(person int32) {
	s.version[person]++
	ripe := s.turns.of(person)[s.left[person]-1] - s.length
	s.early.push(entry{s.next[person], person, s.version[person]})
	s.wait.push(entry{ripe, person, s.version[person]})
}

// soonest returns when the next window must begin, or never.
func (s *sweep) soonest() int64 {
	s.skipVoid()
	return min(s.early.front(), s.ripe.front())
}

// skipVoid removes entries from the front of early whose persons are no longer early.
func (s *sweep) skipVoid() {
	for len(s.early) > 0 && s.early[0].version != s.version[s.early[0].person] {
		s.early.pop()
	}
}

// ripen moves the persons to ripe whose turn a window that begins now reaches.
func (s *sweep) ripen(now int64) {
	for s.wait.front() <= now {
		e := s.wait.pop()
		if e.version == s.version[e.person] {
			s.version[e.person]++
			s.ripe.push(entry{s.next[e.person], e.person, s.version[e.person]})
		}
	}
}

// pick returns the person that is seated next in a window that begins now. ok is false if
// the window is of use for nobody.
func (s *sweep) pick(now int64) (person int32, ok bool) {
	s.skipVoid()
	soon := s.early.front()
	if soon < now+s.length && (len(s.ripe) == 0 || soon+s.length/2 < s.ripe.front()) {
		e := s.early.pop()
		s.version[e.person]++
		return e.person, true
	}
	if len(s.ripe) == 0 {
		return 0, false
	}
	return s.ripe.pop().person, true
}

// seat covers the person by a window that ends at last.
func (s *sweep) seat(person int32, last int64) {
	_, end, _ := s.cover(person, last)
	if s.through(person) {
		return
	}
	for turns := s.turns.of(person); turns[s.left[person]-1] <= end; {
		s.left[person]--
	}
	s.enqueue(person)
}
