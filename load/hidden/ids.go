package hidden

import (
	"math/rand/v2"
	"sync"
	"time"
)

// RandomBits is how many bits of a load id are random. The others are milliseconds
// since 1970, good for 139 years.
const RandomBits = 22

// IDs gives load ids, and knows which of them this process may still commit. An id is the
// time in milliseconds and random bits, and is greater than the one before. So ids increase
// within a process and, as far as clocks agree, across processes. Two processes give the
// same id only if both write in the same millisecond, which the archive lease forbids, and
// have the same random bits.
//
// The zero value is ready to use. It is safe for concurrent use.
type IDs struct {
	mu   sync.Mutex
	last uint64
	live map[uint64]time.Time // loads that may still be committed, and until when; zero: until Close
}

// After lets no id be less than one that is known.
func (s *IDs) After(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last, id)
}

// take returns the first of n consecutive ids. The caller holds mu.
func (s *IDs) take(n int) uint64 {
	first := uint64(time.Now().UnixMilli())<<RandomBits | rand.Uint64N(1<<RandomBits)
	first = max(first, s.last+1)
	s.last = first + uint64(n) - 1
	return first
}

// New returns an id that no load has.
func (s *IDs) New() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take(1)
}

// Open returns n ids of loads that are live until Close.
func (s *IDs) Open(n int) []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.take(n)
	ids := make([]uint64, n)
	for i := range ids {
		ids[i] = first + uint64(i)
	}
	s.set(ids, time.Time{})
	return ids
}

// Reopen makes loads of an earlier run live until Close.
func (s *IDs) Reopen(ids []uint64) { s.Doubt(ids, time.Time{}) }

// Close marks the loads as committed, or as never to be committed.
func (s *IDs) Close(ids []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		delete(s.live, id)
	}
}

// Doubt keeps the loads live until a time: their commit has failed but may still arrive.
func (s *IDs) Doubt(ids []uint64, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(ids, until)
}

// set sets until when loads are live. The caller holds mu.
func (s *IDs) set(ids []uint64, until time.Time) {
	if s.live == nil {
		s.live = map[uint64]time.Time{}
	}
	for _, id := range ids {
		s.live[id] = until
	}
}

// DeadBefore returns a test for loads that no writer of this process can commit: their ids
// were given before this moment and they are not live now. Call it before hidden loads are
// read. Otherwise it may take a load for dead that was opened or committed in between.
func (s *IDs) DeadBefore() func(id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.take(1)
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
