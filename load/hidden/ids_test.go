package hidden

import "testing"

func TestIDsIncrease(t *testing.T) {
	t.Parallel()
	var s IDs
	last := uint64(0)
	for n := range 10_000 {
		first := s.take(n%5 + 1)
		if first <= last {
			t.Fatalf("%d after %d", first, last)
		}
		last = first + uint64(n%5)
	}
}
