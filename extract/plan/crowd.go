package plan

import "slices"

// crowd tells how many are there at a time.
type crowd struct{ from, to []int64 }

func newCrowd(p *presence) crowd {
	c := crowd{make([]int64, len(p.stays)), make([]int64, len(p.stays))}
	for i, s := range p.stays {
		c.from[i], c.to[i] = s.from, s.to
	}
	slices.Sort(c.from)
	slices.Sort(c.to)
	return c
}

func (c crowd) size(x int64) int {
	came, _ := slices.BinarySearch(c.from, x+1)
	gone, _ := slices.BinarySearch(c.to, x)
	return came - gone
}

// grows is the next second after x at which somebody comes.
func (c crowd) grows(x int64) int64 {
	i, _ := slices.BinarySearch(c.from, x+1)
	if i == len(c.from) {
		return never
	}
	return c.from[i]
}
