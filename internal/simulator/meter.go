package simulator

import (
	"maps"
	"strconv"
	"sync"
	"time"
)

// Stats is what clients have done so far. Only requests that name an action
// of the vendor count.
type Stats struct {
	Requests map[string]int64            `json:"requests"` // by action, refused ones included
	Errors   map[string]map[string]int64 `json:"errors"`   // by action and code
	// Peak is the largest number of requests of an action in any sliding
	// second, refused ones included.
	Peak  map[string]int `json:"peak_per_second"`
	Bytes int64          `json:"bytes"` // of response bodies of the API
}

// meter counts requests and enforces the quota of each action.
type meter struct {
	mu      sync.Mutex
	qps     int // below 0: unlimited
	stats   Stats
	actions map[string]*rate
}

// rate remembers the requests of one action in the last second.
type rate struct {
	arrived  []time.Time
	accepted []time.Time
}

func (m *meter) init(qps int) {
	m.qps = qps
	m.actions = make(map[string]*rate)
	m.stats = Stats{
		Requests: make(map[string]int64),
		Errors:   make(map[string]map[string]int64),
		Peak:     make(map[string]int),
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
	r.arrived = append(lastSecond(r.arrived, now), now)
	m.stats.Requests[action]++
	m.stats.Peak[action] = max(m.stats.Peak[action], len(r.arrived))
}

// admit holds a request against the quota of its action. A refused one does
// not count towards it. Requests of all apps share the quota.
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
	r.accepted = lastSecond(r.accepted, now)
	if len(r.accepted) >= limit {
		return &fault{codeRequestLimit, strconv.Itoa(limit)}
	}
	r.accepted = append(r.accepted, now)
	return nil
}

// lastSecond drops the times that are a second old or older.
func lastSecond(times []time.Time, now time.Time) []time.Time {
	fresh := 0
	for fresh < len(times) && now.Sub(times[fresh]) >= time.Second {
		fresh++
	}
	return append(times[:0], times[fresh:]...)
}

// fail counts an error answer.
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
	stats.Errors = make(map[string]map[string]int64, len(s.meter.stats.Errors))
	for action, codes := range s.meter.stats.Errors {
		stats.Errors[action] = maps.Clone(codes)
	}
	return stats
}
