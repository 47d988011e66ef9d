// Package recycle keeps large memory that is out of use for what comes next: to
// have the system clear it anew costs as much as to decode what goes into it.
package recycle

import (
	"math/bits"
	"sync"
)

// Pool keeps things of many sizes, whose sum is at most a limit: of bytes, or of
// whatever their sizes count. It is safe for concurrent use.
type Pool[T any] struct {
	limit int

	mu   sync.Mutex
	free map[int][]T // by class
	held int         // the sum of the sizes of free
}

// NewPool makes an empty pool.
func NewPool[T any](limit int) *Pool[T] { return &Pool[T]{limit: limit, free: map[int][]T{}} }

const (
	// steps are the classes of an octave: a size is rounded up by at most a
	// sixteenth.
	stepBits = 4
	steps    = 1 << stepBits
	// least is the smallest size.
	least = 1 << 8
	// wider is how many classes above its own a size is looked for: a quarter
	// more than what was asked for is better than new memory.
	wider = 4
)

// class is the class of a size.
func class(size int) int {
	size = max(size, least)
	shift := bits.Len(uint(size-1)) - 1 - stepBits
	step := (size + 1<<shift - 1) >> shift // 17 to 32
	return shift*steps + step - steps - 1
}

// Size rounds up to a size that is made and put.
func Size(n int) int {
	c := class(n)
	return (c%steps + steps + 1) << (c / steps)
}

// Get finds something of at least that size, and not much more.
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

// Put takes something that nobody refers to any more, of exactly a Size. Where
// the pool is full, of sizes that are no longer asked for perhaps, it begins
// anew.
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
