package plan

// entry is a person in a queue. An entry of an old version does not count.
type entry struct {
	key     int64 // unix seconds
	person  int32
	version int32
}

func (a entry) before(b entry) bool {
	return a.key < b.key || a.key == b.key && a.person < b.person
}

// queue is a binary heap, smallest key first, ties by person.
type queue []entry

// front returns the smallest key, or never if the queue is empty.
func (q queue) front() int64 {
	if len(q) == 0 {
		return never
	}
	return q[0].key
}

func (q *queue) push(e entry) {
	h := append(*q, e)
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(h[up]) {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = e
	*q = h
}

// pop removes the first entry and returns it. The queue must not be empty.
func (q *queue) pop() entry {
	h := *q
	top, n := h[0], len(h)-1
	last := h[n]
	h = h[:n]
	*q = h
	i := 0
	for {
		down := 2*i + 1
		if down >= n {
			break
		}
		if down+1 < n && h[down+1].before(h[down]) {
			down++
		}
		if !h[down].before(last) {
			break
		}
		h[i] = h[down]
		i = down
	}
	if n > 0 {
		h[i] = last
	}
	return top
}
