package simulator

// golden is the step of the splitmix64 sequence.
const golden = 0x9e3779b97f4a7c15

// mix returns the finalizer of splitmix64: a cheap hash of 64 bits to 64 bits.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// hash2 hashes b under the key a.
func hash2(a, b uint64) uint64 { return mix(a + golden*(b+1)) }

// hash3 hashes the pair b, c under the key a.
func hash3(a, b, c uint64) uint64 { return hash2(hash2(a, b), c) }

// hashText hashes text under a key.
func hashText(key uint64, text string) uint64 {
	h := key
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 0x100000001b3
	}
	return mix(h)
}

// rng is a stream of pseudo-random numbers, the same for the same seed on
// every machine and Go version.
type rng struct{ state uint64 }

func (r *rng) next() uint64 {
	r.state += golden
	return mix(r.state)
}

// between returns a number from lo to hi, both included; lo where hi < lo.
func (r *rng) between(lo, hi int64) int64 {
	if hi <= lo {
		return lo
	}
	return lo + int64(r.next()%uint64(hi-lo+1))
}

// oneIn is true once in n draws, on average.
func (r *rng) oneIn(n uint64) bool { return r.next()%n == 0 }
