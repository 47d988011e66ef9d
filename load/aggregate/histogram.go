package aggregate

import (
	"cmp"
	"math"
	"slices"
)

// histogramBits is the number of bits of a float64 that a histogram keeps: sign,
// exponent and the first 4 bits of the mantissa. Whole numbers up to 32 are exact,
// all others within 1/32.
const histogramBits = 16

// Histogram counts rounded values.
type Histogram struct {
	counts [1 << histogramBits]uint32
	seen   []uint16
}

func (h *Histogram) count(values []float64) {
	for _, v := range values {
		h.add(rounded(v), 1)
	}
}

func (h *Histogram) add(b uint16, n uint32) {
	if h.counts[b] == 0 {
		h.seen = append(h.seen, b)
	}
	h.counts[b] += n
}

// rounded returns the first bits of v, rounded to the nearest, halves up.
func rounded(v float64) uint16 {
	const dropped = 64 - histogramBits
	return uint16((math.Float64bits(v) + 1<<(dropped-1)) >> dropped)
}

// valueOf returns the number with these first bits, limited to the range of float32.
func valueOf(b uint16) float32 {
	v := math.Float64frombits(uint64(b) << (64 - histogramBits))
	return float32(max(-math.MaxFloat32, min(v, math.MaxFloat32)))
}

// take adds another histogram, returns the sum in order of values, and empties h.
func (h *Histogram) take(values []float32, counts []uint32) ([]float32, []uint32) {
	for i, v := range values {
		h.add(rounded(float64(v)), counts[i])
	}
	slices.SortFunc(h.seen, func(a, b uint16) int { return cmp.Compare(valueOf(a), valueOf(b)) })
	values, counts = make([]float32, len(h.seen)), make([]uint32, len(h.seen))
	for i, b := range h.seen {
		values[i], counts[i] = valueOf(b), h.counts[b]
		h.counts[b] = 0
	}
	h.seen = h.seen[:0]
	return values, counts
}
