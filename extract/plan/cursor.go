package plan

// cursor follows each person through the stays of that person.
type cursor struct {
	p    *presence
	stay []int32 // per person: the index in p.stays of the first stay that is not covered to its end
	next []int64 // per person: the first second not covered
}

func newCursor(p *presence) *cursor {
	c := &cursor{p, make([]int32, p.people()), make([]int64, p.people())}
	for person := range c.next {
		c.stay[person] = c.p.first[person]
		c.next[person] = c.p.stays[c.stay[person]].from
	}
	return c
}

// through reports whether all stays of the person are covered.
func (c *cursor) through(person int32) bool { return c.stay[person] == c.p.first[person+1] }

// cover covers the person from the next second that is not covered, by a window that ends
// at last. It covers as many stays as one request may own. The person owns the seconds up
// to end. If a stay continues after the window, the person owns the seconds up to the one
// before last, and the next window covers last again. ok is false if the window ends too
// early to own anything.
func (c *cursor) cover(person int32, last int64) (owned span, end int64, ok bool) {
	owned.from = c.next[person]
	i, after := c.stay[person], c.p.first[person+1]
	for i < after && c.p.stays[i].to <= last {
		end, ok = c.p.stays[i].to, true
		i++
		if i == after {
			break
		}
		c.next[person] = c.p.stays[i].from
		if c.p.split(i) {
			last = end // another request must ask for the rest
		}
	}
	c.stay[person] = i
	owned.to = end
	if i < after && c.next[person] < last {
		c.next[person] = last
		return span{owned.from, last - 1}, last, true
	}
	return owned, end, ok
}
