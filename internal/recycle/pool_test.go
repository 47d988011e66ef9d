package recycle

import (
	"math/rand/v2"
	"testing"
)

func TestSizes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	before := 0
	for n := 1; n < 1<<30; n += 1 + r.IntN(1+n/50) {
		got := Size(n)
		if got < n || got > max(least, n+n/steps+1) || got < before || Size(got) != got {
			t.Fatalf("Size(%d) = %d, after %d; Size of that is %d", n, got, before, Size(got))
		}
		before = got
	}
}

// TestPool checks that Get returns buffers that were put, never too small and never
// twice, and that the pool stays within its limit.
func TestPool(t *testing.T) {
	const limit = 1 << 20
	p := NewPool[[]byte](limit)
	r := rand.New(rand.NewPCG(3, 4))
	out := map[*byte][]byte{}
	again := 0
	for range 20_000 {
		if r.IntN(2) == 0 && len(out) > 0 {
			for first, b := range out {
				delete(out, first)
				p.Put(cap(b), b)
				break
			}
			continue
		}
		n := 1 + r.IntN(limit/4)
		b, ok := p.Get(n)
		if !ok {
			b = make([]byte, 0, Size(n))
		} else {
			again++
		}
		if cap(b) < n || cap(b) > max(least, 2*n) {
			t.Fatalf("%d bytes for %d", cap(b), n)
		}
		first := &b[:1][0]
		if out[first] != nil {
			t.Fatal("the same memory twice")
		}
		out[first] = b
		if p.held > limit || p.held < 0 {
			t.Fatalf("the pool holds %d", p.held)
		}
	}
	if again < 1000 {
		t.Errorf("memory was used again %d times", again)
	}
	p.Put(2*limit, make([]byte, 2*limit))
	if _, ok := p.Get(2 * limit); ok {
		t.Error("more than the limit is kept")
	}
}
