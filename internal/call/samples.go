package call

// Series identifies the samples of one metric: what UserID sends (PeerID "") or what UserID
// receives from PeerID.
type Series struct {
	UserID string
	PeerID string
	Metric string
	Rows   int // number of samples of this run
}

// Samples is a set of metric series in columns. Series[i] owns the next
// Series[i].Rows entries of Time and Value, in order; the runs add up to
// len(Time) == len(Value).
type Samples struct {
	Series []Series
	Time   []uint32 // unix seconds, UTC
	Value  []float64
	Nulls  int // points the vendor sent without a value; they are not in the columns
}

// Append adds a sample to the last run, or to a new run if its series is another one.
func (s *Samples) Append(run Series, at uint32, value float64) {
	if n := len(s.Series); n == 0 || s.Series[n-1].UserID != run.UserID || s.Series[n-1].PeerID != run.PeerID || s.Series[n-1].Metric != run.Metric {
		run.Rows = 0
		s.Series = append(s.Series, run)
	}
	s.Series[len(s.Series)-1].Rows++
	s.Time, s.Value = append(s.Time, at), append(s.Value, value)
}

// Rows returns the number of samples.
func (s *Samples) Rows() int { return len(s.Time) }

// Reset empties s and keeps its memory for reuse.
func (s *Samples) Reset() {
	clear(s.Series) // drops the references to the strings
	s.Series = s.Series[:0]
	s.Time = s.Time[:0]
	s.Value = s.Value[:0]
	s.Nulls = 0
}
