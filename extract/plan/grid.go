package plan

// grid drafts the usual plan, but only for users who are present: windows end to end, of
// which one begins at phase, and in each window the present users in groups as large as the
// seats allow. Any plan that walks through a call in such steps makes at least as many
// requests, whatever the order of the users.
func grid(p *presence, l Limits, phase int64) *draft {
	d, length, seats := new(draft), l.length(), l.seats()
	var line queue
	c := newCursor(p)
	for person, next := range c.next {
		line.push(entry{key: next, person: int32(person)})
	}
	for len(line) > 0 {
		start := phase + floorDiv(line.front()-phase, length)*length
		begin := len(d.seated)
		for line.front() < start+length {
			d.seated = append(d.seated, line.pop().person)
		}
		end := len(d.seated)
		for i := begin; i < end; i += seats {
			d.starts, d.ends = append(d.starts, start), append(d.ends, int32(min(i+seats, end)))
		}
		for _, person := range d.seated[begin:end] {
			c.cover(person, start+length)
			if !c.through(person) {
				line.push(entry{key: c.next[person], person: person})
			}
		}
	}
	return d
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
