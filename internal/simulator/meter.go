package simulator

import (
	"maps"
	"strconv"
	"sync"
	"time"
)

// Stats counts what clients have done so far. Only requests for an action of the vendor
// count.
type Stats struct {
	Requests map[string]int64            `json:"requests"` // by action, refused ones included
	Errors   map[string]map[string]int64 `json:"errors"`   // by action and code
	// Peak is the largest number of requests of an action in any sliding second,
	// refused ones included.
	Peak map[string]int `json:"peak_per_second"`
	// Refused counts the requests over the quota. Requests within the quota that
	// FaultLimit refused are in Faults. Errors has both.
	Refused map[string]int64               `json:"refused"`
	Faults  map[string]map[FaultKind]int64 `json:"faults"` // by action and kind
	// Repeated counts the requests whose content was requested before, by action.
	// Redundant counts those of them whose content was answered in full before. Neither
	// counts refused requests.
	Repeated  map[string]int64 `json:"repeated"`
	Redundant map[string]int64 `json:"redundant"`
	Bytes     int64            `json:"bytes"` // of response bodies of the API
}

// meter counts requests and enforces the quota of each action.
type meter struct {
	mu      sync.Mutex
	qps     int // below 0: unlimited
	stats   Stats
	actions map[string]*rate
}

// rate remembers the requests of one action in the last second.
type rate struct{ arrived, accepted second }

// second has the instants of a sliding second, in order.
type second struct {
	times []time.Time
	first int // earlier ones are older than a second
}

// slide drops the instants that are a second old or older and returns the number left.
func (s *second) slide(now time.Time) int {
	for s.first < len(s.times) && now.Sub(s.times[s.first]) >= time.Second {
		s.first++
	}
	if s.first > len(s.times)/2 {
		s.times = append(s.times[:0], s.times[s.first:]...)
		s.first = 0
	}
	return len(s.times) - s.first
}

func (s *second) add(now time.Time) { s.times = append(s.times, now) }

func (m *meter) init(qps int) {
	m.qps = qps
	m.actions = make(map[string]*rate)
	m.stats = Stats{
		Requests: make(map[string]int64),
		Errors:   make(map[string]map[string]int64),
		Peak:     make(map[string]int),

		Refused:   make(map[string]int64),
		Faults:    make(map[string]map[FaultKind]int64),
		Repeated:  make(map[string]int64),
		Redundant: make(map[string]int64),
	}
}

// arrive counts a request that names a known action.
func (m *meter) arrive(action string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.actions[action]
	if r == nil {
		r = &rate{}
		m.actions[action] = r
	}
	now := time.Now()
	r.arrived.add(now)
	m.stats.Requests[action]++
	m.stats.Peak[action] = max(m.stats.Peak[action], r.arrived.slide(now))
}

// admit checks a request against the quota of its action. A refused request does not
// count towards it. All apps share the quota.
func (m *meter) admit(a *action) *fault {
	if m.qps < 0 {
		return nil
	}
	limit := m.qps
	if a.slow {
		limit = max(1, m.qps/20)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, now := m.actions[a.name], time.Now()
	if r.accepted.slide(now) >= limit {
		m.stats.Refused[a.name]++
		return &fault{codeRequestLimit, strconv.Itoa(limit)}
	}
	r.accepted.add(now)
	return nil
}

// fault counts a fault that a request has met.
func (m *meter) fault(action string, kind FaultKind) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stats.Faults[action] == nil {
		m.stats.Faults[action] = make(map[FaultKind]int64)
	}
	m.stats.Faults[action][kind]++
}

// repeat counts a request whose content was requested before.
func (m *meter) repeat(action string, asked, answered bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if asked {
		m.stats.Repeated[action]++
	}
	if answered {
		m.stats.Redundant[action]++
	}
}

// fail counts an error response.
func (m *meter) fail(action, code string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stats.Errors[action] == nil {
		m.stats.Errors[action] = make(map[string]int64)
	}
	m.stats.Errors[action][code]++
}

func (m *meter) sent(bytes int64) {
	m.mu.Lock()
	m.stats.Bytes += bytes
	m.mu.Unlock()
}

// Stats returns a copy of the counts so far.
func (s *Simulator) Stats() Stats {
	s.meter.mu.Lock()
	defer s.meter.mu.Unlock()
	stats := s.meter.stats
	stats.Requests = maps.Clone(stats.Requests)
	stats.Peak = maps.Clone(stats.Peak)
	stats.Refused = maps.Clone(stats.Refused)
	stats.Repeated, stats.Redundant = maps.Clone(stats.Repeated), maps.Clone(stats.Redundant)
	stats.Errors, stats.Faults = cloneAll(stats.Errors), cloneAll(stats.Faults)
	return stats
}

func cloneAll[K comparable](all map[string]map[K]int64) map[string]map[K]int64 {
	clone := make(map[string]map[K]int64, len(all))
	for action, counts := range all {
		clone[action] = maps.Clone(counts)
	}
	return clone
}
