package quota

import (
	"math"
	"sync"
)

const (
	// envelope is the memory of an answer besides its data: the names around it, headers,
	// and the rounding up of small answers.
	envelope = 4 << 10

	// memory is the weight of the newest answer in the mean: about the last dozen answers
	// count.
	memory = 1.0 / 8

	// deviations above the mean are safe, as in TCP's timeouts: the sizes of bodies vary by
	// much less than a factor.
	deviations = 4
)

// Sizes learns how many bytes answers take for each unit of work. The caller chooses the
// unit: something that it knows before it asks, such as seconds of series or rows of a
// page. Sizes is safe for concurrent use.
type Sizes struct {
	first float64 // bytes a unit, until the first answer

	mu      sync.Mutex
	actions map[string]*size
}

// size is the moving mean of the answers of an action. It is a quotient of sums and not a
// mean of quotients: a hundred small answers, whose bytes are mostly envelope, say little
// about a large one.
type size struct{ bytes, units, deviation float64 }

// NewSizes returns Sizes that assume perUnit bytes for each unit of an action that has no
// answer yet.
func NewSizes(perUnit float64) *Sizes {
	return &Sizes{first: perUnit, actions: map[string]*size{}}
}

// Learn notes that an answer took bytes for units of work.
func (s *Sizes) Learn(action string, units float64, bytes int64) {
	if units <= 0 || bytes < 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.actions[action]
	if a == nil {
		s.actions[action] = &size{float64(bytes), units, float64(bytes) / 2}
		return
	}
	wrong := math.Abs(float64(bytes) - a.bytes/a.units*units)
	a.deviation += memory * (wrong - a.deviation)
	a.bytes += memory * (float64(bytes) - a.bytes)
	a.units += memory * (units - a.units)
}

// Upper returns a size that an answer for units of work hardly ever exceeds.
func (s *Sizes) Upper(action string, units float64) int64 {
	return envelope + s.estimate(action, units, deviations)
}

func (s *Sizes) estimate(action string, units, above float64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	perUnit := s.first
	if a := s.actions[action]; a != nil {
		perUnit = (a.bytes + above*a.deviation) / a.units
	}
	return int64(perUnit * max(units, 0))
}
