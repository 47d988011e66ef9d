// Package recycle reuses large buffers. A new buffer must be cleared, which costs as
// much as decoding a response into it.
package recycle

import (
	"math/bits"
	"sync"
)

// Pool keeps buffers of many sizes, up to a limit for the sum of their sizes. The unit
// of size is up to the caller. A Pool is safe for concurrent use.
type Pool[T any] struct {
	limit int

	mu   sync.Mutex
	free map[int][]T // by class
	held int         // the sum of the sizes of free
}

// NewPool returns an empty pool.
func NewPool[T any](limit int) *Pool[T] { return &Pool[T]{limit: limit, free: map[int][]T{}} }

const (
	// steps is the number of classes between a size and its double. So a size is
	// rounded up by at most a sixteenth.
	stepBits = 4
	steps    = 1 << stepBits
	// least is the smallest size.
	least = 1 << 8
	// wider is how many larger classes Get searches: a buffer a quarter too large is
	// better than a new one.
	wider = 4
)

// class returns the class of a size.
func class(size int) int {
	size = max(size, least)
	shift := bits.Len(uint(size-1)) - 1 - stepBits
	step := (size + 1<<shift - 1) >> shift // 17 to 32
	return shift*steps + step - steps - 1
}

// Size rounds up to the next size of a class. Buffers must have such a size.
func Size(n int) int {
	c := class(n)
	return (c%steps + steps + 1) << (c / steps)
}

// Get takes a buffer of at least that size, and not much more, from the pool. ok is
// false if there is none.
func (p *Pool[T]) Get(size int) (x T, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := class(size); c <= class(size)+wider; c++ {
		if list := p.free[c]; len(list) > 0 {
			x = list[len(list)-1]
			clear(list[len(list)-1:])
			p.free[c] = list[:len(list)-1]
			p.held -= (c%steps + steps + 1) << (c / steps)
			return x, true
		}
	}
	return x, false
}

// Put gives a buffer to the pool. Nobody may refer to it any more, and its size must be
// a Size. A full pool drops all its buffers first: they may have sizes that are no
// longer in use.
func (p *Pool[T]) Put(size int, x T) {
	if size != Size(size) || size > p.limit {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held+size > p.limit {
		clear(p.free)
		p.held = 0
	}
	c := class(size)
	p.free[c] = append(p.free[c], x)
	p.held += size
}
