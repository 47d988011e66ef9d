package quota

// Mean is what an answer to units of work takes on average.
func (s *Sizes) Mean(action string, units float64) int64 { return s.estimate(action, units, 0) }
