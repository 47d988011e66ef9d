package quota_test

import (
	"testing"

	"github.com/callvault/callvault/extract/quota"
)

func TestSizesLearn(t *testing.T) {
	r := seeded(t)
	s := quota.NewSizes(1000)
	if n := s.Mean(action, 7); n != 7000 {
		t.Errorf("before any answer: %d bytes for 7 units, want 7000", n)
	}
	exceeded := 0
	for i := range 10_000 {
		units := 1 + r.float()*21_600 // six users, an hour
		bytes := int64(500 + units*40*(0.8+0.4*r.float()))
		if i > 20 {
			if bytes > s.Upper(action, units) {
				exceeded++
			}
			if n, want := s.Mean(action, 10_000), int64(400_000); n < want*8/10 || n > want*12/10 {
				t.Fatalf("after %d answers: %d bytes for 10000 units, want about %d", i, n, want)
			}
			if n := s.Upper(action, 10_000); n > 800_000 {
				t.Fatalf("after %d answers: %d bytes are safe for 10000 units of about 400000", i, n)
			}
		}
		s.Learn(action, units, bytes)
	}
	if exceeded > 10 {
		t.Errorf("%d of 10000 answers exceeded the upper estimate", exceeded)
	}
}

// The size of answers grows by a factor, as when more people turn their cameras on.
func TestSizesFollow(t *testing.T) {
	s := quota.NewSizes(10)
	for range 100 {
		s.Learn(action, 100, 1000)
	}
	for i := 0; s.Upper(action, 1e6) < 40e6; i++ {
		if i == 3 {
			t.Fatalf("after %d answers of four times the size %d bytes are safe for what takes 40 MB", i, s.Upper(action, 1e6))
		}
		s.Learn(action, 100, 4000)
	}
}

func TestSizesOfOddAnswers(t *testing.T) {
	s := quota.NewSizes(10)
	s.Learn(action, 0, 100) // has no effect
	s.Learn(action, 5, -1)
	if n := s.Mean(action, 1); n != 10 {
		t.Errorf("%d bytes for a unit, want 10", n)
	}
	s.Learn(action, 5, 0)
	if n := s.Upper(action, 0); n <= 0 {
		t.Errorf("%d bytes for nothing, want room for the envelope", n)
	}
}
