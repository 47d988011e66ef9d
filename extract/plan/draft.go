package plan

import "slices"

// draft is a plan before it is known who owns what: windows by their starts,
// all of the greatest length, and the persons seated in each.
type draft struct {
	starts []int64
	seated []int32 // persons, window by window
	ends   []int32 // seated[ends[i-1]:ends[i]] sit in window i
}

func (d *draft) windows() int { return len(d.starts) }

func (d *draft) members(i int) []int32 {
	if i == 0 {
		return d.seated[:d.ends[0]]
	}
	return d.seated[d.ends[i-1]:d.ends[i]]
}

func (d *draft) reset() {
	d.starts, d.seated, d.ends = d.starts[:0], d.seated[:0], d.ends[:0]
}

// close ends the window from start, whose persons have been seated.
func (d *draft) close(start int64) {
	d.starts = append(d.starts, start)
	d.ends = append(d.ends, int32(len(d.seated)))
}

// mirror turns the direction of time round.
func (d *draft) mirror(length int64) {
	for i := range d.starts {
		d.starts[i] = -d.starts[i] - length
		d.ends[i] = int32(len(d.seated)) - d.ends[i]
	}
	slices.Reverse(d.starts)
	slices.Reverse(d.seated)
	slices.Reverse(d.ends)
	if len(d.ends) > 0 {
		d.ends = append(d.ends[1:], int32(len(d.seated)))
	}
}

// betterThan prefers fewer windows, and of as many those that ask for less
// twice.
func (d *draft) betterThan(o *draft) bool {
	if d.windows() != o.windows() {
		return d.windows() < o.windows()
	}
	return len(d.seated) < len(o.seated)
}
