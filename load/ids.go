package load

import (
	"math/rand/v2"
	"time"
)

// randomBits of a load id; the rest is milliseconds since 1970, good for 139
// years.
const randomBits = 22

// idSource gives load ids: milliseconds since 1970 in the upper 42 bits, a
// random start in the lower 22, and above the last one given. They increase
// within a process and, as far as clocks agree, across processes; two
// processes give the same id only if they write within the same stretch of
// milliseconds, which the archive lease forbids, and their random bits meet.
// The zero value is ready to use.
type idSource struct{ last uint64 }

// take returns the first of n consecutive ids.
func (s *idSource) take(n int) uint64 {
	first := uint64(time.Now().UnixMilli())<<randomBits | rand.Uint64N(1<<randomBits)
	first = max(first, s.last+1)
	s.last = first + uint64(n) - 1
	return first
}

// newID gives an id that is no load's.
func (s *Store) newID() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids.take(1)
}

// openIDs gives n ids of loads that Purge leaves alone until closeIDs.
func (s *Store) openIDs(n int) []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.ids.take(n)
	ids := make([]uint64, n)
	for i := range ids {
		ids[i] = first + uint64(i)
		s.live[ids[i]] = time.Time{}
	}
	return ids
}

// reopenIDs says that the loads of an earlier run may be committed.
func (s *Store) reopenIDs(ids []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.live[id] = time.Time{}
	}
}

// closeIDs says that the loads are committed or will never be.
func (s *Store) closeIDs(ids []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		delete(s.live, id)
	}
}

// doubtIDs says that the commit of the loads failed but may yet arrive, until
// the given time.
func (s *Store) doubtIDs(ids []uint64, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.live[id] = until
	}
}

// deadBefore returns a test for loads that no writer of this process can
// commit: those given before this moment that are not live now. It must be
// called before hidden loads are read, so that a load which is opened or
// committed in between is not taken for dead.
func (s *Store) deadBefore() func(id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.ids.take(1)
	live := make(map[uint64]struct{}, len(s.live))
	for id, until := range s.live {
		if !until.IsZero() && time.Now().After(until) {
			delete(s.live, id)
			continue
		}
		live[id] = struct{}{}
	}
	return func(id uint64) bool {
		_, alive := live[id]
		return !alive && id < limit
	}
}
