package quota

// Mean returns the average size of an answer to units of work.
func (s *Sizes) Mean(action string, units float64) int64 { return s.estimate(action, units, 0) }
