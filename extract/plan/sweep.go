package plan

// sweep drafts a plan from the first second to the last. Each window begins with
// the first second not covered. Its seats go to the persons with the earliest
// seconds not covered; those whose turn the window does not reach count as
// later by half a window.
type sweep struct {
	*cursor
	turns  turns
	length int64
	seats  int

	left    []int32 // per person: turns not reached
	version []int32 // per person: of its valid entry in ripe, or entries in early and wait
	ripe    queue   // by next: those whose turn a window from now reaches
	early   queue   // by next: the others
	wait    queue   // the same, by when they get ripe
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

// run drafts the plan. A sweep runs once.
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

// enqueue puts a person in line for its next window.
func (s *sweep) enqueue(person int32) {
	s.version[person]++
	ripe := s.turns.of(person)[s.left[person]-1] - s.length
	s.early.push(entry{s.next[person], person, s.version[person]})
	s.wait.push(entry{ripe, person, s.version[person]})
}

// soonest is when the next window has to begin, or never.
func (s *sweep) soonest() int64 {
	s.skipVoid()
	return min(s.early.front(), s.ripe.front())
}

// skipVoid takes those who are not early any more from the front of early.
func (s *sweep) skipVoid() {
	for len(s.early) > 0 && s.early[0].version != s.version[s.early[0].person] {
		s.early.pop()
	}
}

// ripen moves those whose turn a window from now reaches.
func (s *sweep) ripen(now int64) {
	for s.wait.front() <= now {
		e := s.wait.pop()
		if e.version == s.version[e.person] {
			s.version[e.person]++
			s.ripe.push(entry{s.next[e.person], e.person, s.version[e.person]})
		}
	}
}

// pick takes the person to be seated next in a window from now. It is false
// when no one is left for whom the window would be of use.
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

// seat lets a window that ends at last have the person.
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
