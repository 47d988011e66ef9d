package load

import (
	"math/bits"
	"sync"

	"github.com/callvault/callvault/internal/call"
)

// samplePool keeps the memory of samples that are on the wire for those to
// come. What it keeps is bounded by limit bytes. It is safe for concurrent use.
type samplePool struct {
	limit int

	mu    sync.Mutex
	free  map[int][]*call.Samples // by sizeClass
	bytes int                     // of free
}

// bytesASample is what a sample takes in memory.
const bytesASample = 4 + 8

// sizeOf is what the columns of x take in memory, used or not.
func sizeOf(x *call.Samples) int { return cap(x.Time)*4 + cap(x.Value)*8 }

// stepBits make 16 classes an octave: a class is at most a sixteenth larger than
// what is asked for.
const stepBits = 4

// sizeClass is the class of memory for n rows, and how many rows that has.
func sizeClass(n int) (class, rows int) {
	n = max(n, 1<<8)
	shift := bits.Len(uint(n-1)) - 1 - stepBits
	steps := (n + 1<<shift - 1) >> shift // 17 to 32
	return shift<<(stepBits+2) + steps, steps << shift
}

// get gives empty samples with room for n rows.
func (p *samplePool) get(n int) *call.Samples {
	class, rows := sizeClass(n)
	p.mu.Lock()
	defer p.mu.Unlock()
	if list := p.free[class]; len(list) > 0 {
		x := list[len(list)-1]
		p.free[class] = list[:len(list)-1]
		p.bytes -= sizeOf(x)
		return x
	}
	return &call.Samples{Time: make([]uint32, 0, rows), Value: make([]float64, 0, rows)}
}

// put takes samples that nobody refers to any more. Where the pool is full, of
// sizes that are no longer asked for perhaps, it begins anew.
func (p *samplePool) put(all []*call.Samples) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range all {
		class, rows := sizeClass(cap(x.Time))
		if rows != cap(x.Time) || rows != cap(x.Value) || sizeOf(x) > p.limit {
			continue // not made here, or grown since
		}
		x.Reset()
		if p.bytes+sizeOf(x) > p.limit {
			clear(p.free)
			p.bytes = 0
		}
		if p.free == nil {
			p.free = map[int][]*call.Samples{}
		}
		p.free[class] = append(p.free[class], x)
		p.bytes += sizeOf(x)
	}
}
