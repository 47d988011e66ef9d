package simulator

import "slices"

// Poison is a call of which one kind of data is never available.
type Poison struct {
	SdkAppID uint32
	CommID   string
	Actions  []string  // that always fail: the legacy and the current one
	Kind     FaultKind // FaultError, FaultNull or FaultTruncated, always the same
}

// poisonedActions lists the actions that can be poisoned.
var poisonedActions = [...][]string{
	{"DescribeUserInformation", "DescribeUserInfo"},
	{"DescribeCallDetail", "DescribeCallDetailInfo"},
	{"DescribeDetailEvent", "DescribeUserEvent"},
}

// Poisoned lists the poisoned calls that have begun, app by app, oldest first. Calls
// without users are never poisoned.
func (s *Simulator) Poisoned() []Poison {
	var all []Poison
	f, now := s.faults.Load(), s.now()
	for _, app := range s.options.Apps {
		for i := range s.calls[app] {
			c := &s.calls[app][i]
			if kind, actions, _ := f.poison(c); kind != NoFault && c.start <= now {
				all = append(all, Poison{c.app, c.commID(), actions, kind})
			}
		}
	}
	return all
}

// poison draws whether and how a call is poisoned.
func (f *Faults) poison(c *call) (FaultKind, []string, uint64) {
	draw := hash3(f.Seed, 300, c.seed)
	if f.Poison == 0 || c.shape == empty || draw >= share(f.Poison) {
		return NoFault, nil, 0
	}
	draw = mix(draw)
	kind := [...]FaultKind{FaultError, FaultNull, FaultTruncated}[draw%3]
	return kind, poisonedActions[draw>>8%3], draw
}

// poisoned returns the fault of a request about a poisoned call. draw draws the
// variants of other requests.
func (s *Simulator) poisoned(f *Faults, q *query, draw uint64) (FaultKind, uint64, bool) {
	if f.Poison == 0 || q.commID == "" {
		return NoFault, draw, false
	}
	c := s.find(q.app, q.commID, q.now)
	if c == nil {
		return NoFault, draw, false
	}
	kind, actions, fixed := f.poison(c)
	if slices.Contains(actions, q.name) {
		return kind, fixed, true
	}
	return NoFault, draw, false
}
