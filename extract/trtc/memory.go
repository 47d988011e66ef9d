package trtc

import (
	"context"
	"runtime"
	"sync"
)

// smallBody is what a body may take without asking for it.
const smallBody = 128 << 10

// Memory bounds what all bodies together take beyond smallBody each. What is more
// than that has to wait for the one body at a time that may be of any size up to
// MaxBody. Clients of one process share one. It is safe for concurrent use.
type Memory struct {
	turn chan struct{} // holds one token while nobody has the turn

	mu   sync.Mutex
	free int64
}

// NewMemory returns a Memory of so many bytes.
func NewMemory(bytes int64) *Memory {
	m := &Memory{turn: make(chan struct{}, 1), free: bytes}
	m.turn <- struct{}{}
	return m
}

// share is what one body holds of a Memory.
type share struct {
	of    *Memory
	bytes int64
	turn  bool // its size does not matter
	once  sync.Once
	gone  runtime.Cleanup
	bound bool // gone is set
}

// cover makes the share that of a body of so many bytes. It waits for the turn
// where there is no room; who waits keeps what it has, and whoever has the turn needs
// no more, so that nobody waits for ever.
func (s *share) cover(ctx context.Context, bytes int) error {
	need := int64(bytes) - smallBody - s.bytes
	if need <= 0 || s.turn {
		return nil
	}
	s.of.mu.Lock()
	if s.of.free >= need {
		s.of.free -= need
		s.bytes += need
		s.of.mu.Unlock()
		return nil
	}
	s.of.mu.Unlock()
	select {
	case <-s.of.turn:
		s.turn = true
		return nil
	case <-ctx.Done():
		return errMemory
	}
}

// end gives the share back, once.
func (s *share) end() {
	s.once.Do(func() {
		s.of.mu.Lock()
		s.of.free += s.bytes
		s.of.mu.Unlock()
		if s.turn {
			s.of.turn <- struct{}{}
		}
	})
}

// keep has the share end with the memory of the body, since nobody need give that
// back.
func (x *body) keep() {
	if s := x.share; s.bytes > 0 || s.turn {
		s.gone, s.bound = runtime.AddCleanup(&x.bytes[0], (*share).end, s), true
	}
}

// release ends the share of a body.
func (x *body) release() {
	if x.share.bound {
		x.share.gone.Stop()
	}
	x.share.end()
}
