package plan

// cursor follows each person through its stays.
type cursor struct {
	p    *presence
	stay []int32 // per person: the index in p.stays of the first not covered to its end
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

// through tells whether all of the person's presence is covered.
func (c *cursor) through(person int32) bool { return c.stay[person] == c.p.first[person+1] }

// cover lets a window that ends at last cover the person from its next second
// on, as far as one request may. What it owns ends at end, or a second before
// where the person stays on: then the next window covers end again. ok is false
// if the window ends too early to own anything.
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
			last = end // what comes next is for another request
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
