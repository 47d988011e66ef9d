package simulator

// TouchedAt is an hour or a day of an app by its beginning, unix seconds.
type TouchedAt struct {
	SdkAppID uint32
	Start    int64
}

// Touched is what some mutation that is not harmless, or an odd value, has
// touched.
type Touched struct {
	Calls map[string]bool // by CommID: themselves, or their row of a room list
	// Lists are UTC days of which a room list as such was damaged, Unusual UTC
	// hours of unusual events, Scale days of daily scale, as in Beijing.
	Lists, Unusual, Scale map[TouchedAt]bool
}

// Touched sums up Mutations and Odd.
func (s *Simulator) Touched() Touched {
	t := Touched{map[string]bool{}, map[TouchedAt]bool{}, map[TouchedAt]bool{}, map[TouchedAt]bool{}}
	for _, m := range append(s.Mutations(), s.Odd()...) {
		if !m.Harmless {
			t.add(m)
		}
	}
	return t
}

func (t *Touched) add(m Mutation) {
	if m.CommID != "" {
		t.Calls[m.CommID] = true
		return
	}
	into, step, first := t.Lists, int64(day), m.From-m.From%day
	switch actionByName(m.Action).family() {
	case familyUnusual:
		into, step, first = t.Unusual, hour, m.From-m.From%hour
	case familyScale:
		into, first = t.Scale, beijingDay(m.From)
	}
	for ; first <= m.To; first += step {
		into[TouchedAt{m.SdkAppID, first}] = true
	}
}

// Call tells whether a call that took from first to last was touched: it, its
// row, or the list of a day that it touches. Unix seconds.
func (t Touched) Call(app uint32, commID string, first, last int64) bool {
	for start := first - first%day; start <= last; start += day {
		if t.Lists[TouchedAt{app, start}] {
			return true
		}
	}
	return t.Calls[commID]
}
