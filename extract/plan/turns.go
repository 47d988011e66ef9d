package plan

// turns lists for each person the seconds that its windows must reach so that it needs no
// further window: the last window must reach the last second, the window before it the last
// second before that window, and so on. The number of turns is the least number of windows
// that covers the person.
type turns struct {
	reach []int64 // the last turn of a person comes first
	first []int32 // reach[first[p]:first[p+1]] are those of person p
}

func turnsOf(p *presence, length int64) turns {
	t := turns{first: make([]int32, 1, p.people()+1), reach: make([]int64, 0, len(p.stays))}
	for person := range p.people() {
		t.append(p, p.first[person], p.first[person+1], length)
		t.first = append(t.first, int32(len(t.reach)))
	}
	return t
}

// append adds the turns of one person, whose stays are first to after-1.
func (t *turns) append(p *presence, first, after int32, length int64) {
	begins := int64(never) // when the later turn's window begins
	for i := after - 1; i >= first; {
		reach := min(p.stays[i].to, begins)
		t.reach = append(t.reach, reach)
		begins = reach - length
		for i >= first && p.stays[i].from >= begins {
			if p.split(i) {
				begins = never
			}
			i--
		}
	}
}

func (t turns) of(person int32) []int64 { return t.reach[t.first[person]:t.first[person+1]] }
