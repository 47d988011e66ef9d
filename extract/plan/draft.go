package plan

// draft is a plan in which no window owns seconds yet: the starts of windows, all of the
// greatest length, and the persons seated in each.
type draft struct {
	starts []int64
	seated []int32 // persons, window by window
	ends   []int32 // seated[ends[i-1]:ends[i]] sit in window i
}

func (d *draft) members(i int) []int32 {
	if i == 0 {
		return d.seated[:d.ends[0]]
	}
	return d.seated[d.ends[i-1]:d.ends[i]]
}

// close ends the window from start, whose persons have been seated.
func (d *draft) close(start int64) {
	d.starts = append(d.starts, start)
	d.ends = append(d.ends, int32(len(d.seated)))
}
