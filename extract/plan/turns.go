package plan

// turns tells for each person how few windows cover its presence, and how far
// each of them has to reach at least, if there are to be no more: the last one
// to the last second, the one before it to the last second before that
// window, and so on.
type turns struct {
	reach []int64 // the last turn of a person first
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

// append adds the turns of the person who has the stays from first to before
// after.
func (t *turns) append(p *presence, first, after int32, length int64) {
	begins := int64(never) // when the turn before, which is the later one, begins
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
