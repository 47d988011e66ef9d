package trtc

import (
	"context"
	"runtime"
	"sync"
)

// smallBody is the size up to which a body needs no share of the Memory.
const smallBody = 128 << 10

// Memory bounds the bytes that all bodies together use beyond smallBody each. A body that
// does not fit waits for the turn: one body at a time may have any size up to MaxBody. The
// clients of a process share one Memory. It is safe for concurrent use.
type Memory struct {
	turn chan struct{} // has one token while no body has the turn

	mu   sync.Mutex
	free int64
}

// NewMemory returns a Memory of so many bytes.
func NewMemory(bytes int64) *Memory {
	m := &Memory{turn: make(chan struct{}, 1), free: bytes}
	m.turn <- struct{}{}
	return m
}

// share is the part of a Memory that one body uses.
type share struct {
	of    *Memory
	bytes int64
	turn  bool // the body may have any size
	once  sync.Once
	gone  runtime.Cleanup
	bound bool // gone is set
}

// cover extends the share to a body of so many bytes. Without room it waits for the turn. A
// waiting share keeps its bytes; the body that has the turn needs no more. So no share
// waits for ever.
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

// end returns the share. It has an effect once.
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

// keep makes the share end when the memory of the body is freed, because callers need not
// recycle the body.
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
