package simulator

import (
	"slices"
	"sync"
)

// Mutation is one thing that Faults.Mutate or MutateSticky changed in an
// answer that was healthy.
type Mutation struct {
	N      int    // from 1, over all
	Action string // that was asked
	Kind   string // one of MutationKinds
	Path   string // of what was changed, as Response.Data[3].Content[17].Value
	// Harmless changes say the same as before: another order, a row twice,
	// something in a field that no page names, a delay.
	Harmless bool
	// Undetectable ones leave an answer that could as well be true; they are
	// made with Faults.MutateAny only.
	Undetectable bool

	SdkAppID uint32
	CommID   string   // that was asked for, or of the row of a room list
	UserIDs  []string // that were asked for
	From, To int64    // the window of the request, unix seconds
	Old, New string   // up to 80 characters of what is at Path
}

// mutationKinds in the order in which they are drawn.
var mutationKinds = []string{
	"type",     // a value of another type: text for a number, null for a row
	"value",    // a number that cannot be, a text that is empty or too long
	"key",      // a key renamed, left out, or twice with different values
	"order",    // of rows or of fields
	"count",    // another Total
	"repeat",   // a row twice, counted or not
	"drop",     // a row left out, Total as it was
	"half",     // the first half of the rows only, Total as it was
	"truncate", // half an answer
	"delay",    // of 50 to 200 ms
}

// MutationKinds are the kinds of mutations.
func MutationKinds() []string { return slices.Clone(mutationKinds) }

// mutations is the log of them.
type mutations struct {
	mu  sync.Mutex
	all []Mutation
}

// Mutations lists what has been changed in answers so far.
func (s *Simulator) Mutations() []Mutation {
	s.mutations.mu.Lock()
	defer s.mutations.mu.Unlock()
	return slices.Clone(s.mutations.all)
}

// log enters a mutation of the answer to a query.
func (s *Simulator) log(q *query, m Mutation) {
	m.Action, m.SdkAppID, m.From, m.To = q.name, q.app, q.from, q.to
	if m.CommID == "" {
		m.CommID = q.commID
	}
	m.UserIDs = slices.Clone(q.userIDs)
	if q.userID != "" {
		m.UserIDs = []string{q.userID}
	}
	s.mutations.mu.Lock()
	defer s.mutations.mu.Unlock()
	m.N = len(s.mutations.all) + 1
	s.mutations.all = append(s.mutations.all, m)
}

// abridged is the beginning of a text.
func abridged(text string) string {
	runes := []rune(text[:min(len(text), 400)])
	return string(runes[:min(len(runes), 80)])
}

// TouchedAt is an hour or a day of an app by its beginning, unix seconds.
type TouchedAt struct {
	SdkAppID uint32
	Start    int64
}

// Touched is what some mutation that is not harmless has touched.
type Touched struct {
	Calls map[string]bool // by CommID: themselves, or their row of a room list
	// Lists are UTC days of which a room list as such was damaged, Unusual UTC
	// hours of unusual events, Scale days of daily scale, as in Beijing.
	Lists, Unusual, Scale map[TouchedAt]bool
}

// Touched sums up Mutations.
func (s *Simulator) Touched() Touched {
	t := Touched{map[string]bool{}, map[TouchedAt]bool{}, map[TouchedAt]bool{}, map[TouchedAt]bool{}}
	for _, m := range s.Mutations() {
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
