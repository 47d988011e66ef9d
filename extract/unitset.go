package extract

import (
	"sync"

	"github.com/callvault/callvault/internal/call"
)

// unitSet is units that a pass has asked for and that are not final: the vendor
// still has something of them. It is safe for concurrent use.
type unitSet struct {
	mu    sync.Mutex
	units map[call.Unit]bool
}

func (s *unitSet) add(u call.Unit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.units == nil {
		s.units = map[call.Unit]bool{}
	}
	s.units[u] = true
}

func (s *unitSet) has(u call.Unit) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.units[u]
}
