package simulator

// TouchedAt is an hour or a day of an app. At is its beginning in unix seconds.
type TouchedAt struct {
	SdkAppID uint32
	Start    int64
}

// Touched is everything that an odd value or a mutation that is not harmless has
// touched.
type Touched struct {
	Calls map[string]bool // by CommID: the call or its row of a room list
	// Lists has the UTC days of damaged room lists, Unusual the UTC hours of unusual
	// events, Scale the Beijing days of daily scale.
	Lists, Unusual, Scale map[TouchedAt]bool
}

// Touched summarizes Mutations and Odd.
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

// Call reports whether a call that lasted from first to last, in unix seconds, was
// touched: the call, its row, or the list of a day that it touches.
func (t Touched) Call(app uint32, commID string, first, last int64) bool {
	for start := first - first%day; start <= last; start += day {
		if t.Lists[TouchedAt{app, start}] {
			return true
		}
	}
	return t.Calls[commID]
}
