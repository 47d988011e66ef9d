package transform

import (
	"cmp"
	"math"
	"slices"

	"github.com/callvault/callvault/internal/call"
)

// Merged counts the samples that Normalise dropped.
type Merged struct {
	Duplicates int // samples of an equal second and value, bit for bit
	Conflicts  int // samples replaced by another value of the same second
}

// Normaliser sorts samples and removes repeated ones. It swaps its scratch memory with
// the memory of the samples. The zero Normaliser is ready to use. It is not safe for
// concurrent use.
type Normaliser struct {
	runs   []run
	series []call.Series
	time   []uint32
	value  []float64
	points []point
}

// run is a series and the index of its first sample.
type run struct {
	call.Series
	from int
}

// point is a sample and its place in the order received.
type point struct {
	time  uint32
	order uint32
	value float64
}

// Normalise makes one run of each series, with one sample a second, in order of time.
// Of several samples in a second it keeps the one received last, which is the last in
// s. If every run is normal already, as is usual, nothing moves; otherwise runs are
// sorted by metric, user and peer.
func (n *Normaliser) Normalise(s *call.Samples) Merged {
	n.sortRuns(s)
	if n.normal(s) {
		clear(n.runs)
		return Merged{}
	}
	n.series = n.series[:0]
	n.time = slices.Grow(n.time[:0], len(s.Time))
	n.value = slices.Grow(n.value[:0], len(s.Value))
	var merged Merged
	for i := 0; i < len(n.runs); {
		j := i + 1
		for j < len(n.runs) && compareSeries(n.runs[i].Series, n.runs[j].Series) == 0 {
			j++
		}
		n.merge(s, n.runs[i:j], &merged)
		i = j
	}
	clear(n.runs)
	s.Series, n.series = n.series, s.Series
	s.Time, n.time = n.time, s.Time
	s.Value, n.value = n.value, s.Value
	clear(n.series)
	return merged
}

func compareSeries(a, b call.Series) int {
	return cmp.Or(
		cmp.Compare(a.Metric, b.Metric),
		cmp.Compare(a.UserID, b.UserID),
		cmp.Compare(a.PeerID, b.PeerID))
}

// normal reports whether s is normal. n.runs has its sorted runs.
func (n *Normaliser) normal(s *call.Samples) bool {
	if len(n.runs) < len(s.Series) {
		return false
	}
	for i, r := range n.runs {
		if i > 0 && compareSeries(n.runs[i-1].Series, r.Series) == 0 || !ascending(s.Time[r.from:r.from+r.Rows]) {
			return false
		}
	}
	return true
}

// ascending reports whether times are strictly ascending.
func ascending(times []uint32) bool {
	for i := 1; i < len(times); i++ {
		if times[i-1] >= times[i] {
			return false
		}
	}
	return true
}

// sortRuns fills n.runs with the series of s that have samples, sorted. Runs of the
// same series keep the order received.
func (n *Normaliser) sortRuns(s *call.Samples) {
	n.runs = n.runs[:0]
	from := 0
	for _, one := range s.Series {
		if one.Rows > 0 {
			n.runs = append(n.runs, run{one, from})
		}
		from += one.Rows
	}
	slices.SortStableFunc(n.runs, func(a, b run) int { return compareSeries(a.Series, b.Series) })
}

// merge appends the samples of runs to n as one run. All runs are of one series.
func (n *Normaliser) merge(s *call.Samples, runs []run, merged *Merged) {
	base := len(n.time)
	for _, r := range runs {
		n.time = append(n.time, s.Time[r.from:r.from+r.Rows]...)
		n.value = append(n.value, s.Value[r.from:r.from+r.Rows]...)
	}
	times, values := n.time[base:], n.value[base:]
	if !ascending(times) {
		if !slices.IsSorted(times) {
			n.sortPoints(times, values)
		}
		rows := unique(times, values, merged)
		n.time, n.value = n.time[:base+rows], n.value[:base+rows]
	}
	one := runs[0].Series
	one.Rows = len(n.time) - base
	n.series = append(n.series, one)
}

// sortPoints sorts by time. Samples of one second keep the order received.
func (n *Normaliser) sortPoints(times []uint32, values []float64) {
	n.points = n.points[:0]
	for i, t := range times {
		n.points = append(n.points, point{t, uint32(i), values[i]})
	}
	slices.SortFunc(n.points, func(a, b point) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.order, b.order))
	})
	for i, p := range n.points {
		times[i], values[i] = p.time, p.value
	}
}

// unique keeps the last sample of each second, in place, and returns their number.
func unique(times []uint32, values []float64, merged *Merged) int {
	n := 0
	for i, t := range times {
		if n == 0 || times[n-1] != t {
			times[n], values[n] = t, values[i]
			n++
			continue
		}
		if math.Float64bits(values[n-1]) == math.Float64bits(values[i]) {
			merged.Duplicates++
		} else {
			merged.Conflicts++
		}
		values[n-1] = values[i]
	}
	return n
}
