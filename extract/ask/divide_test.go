package ask

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/callvault/callvault/extract/trtc"
)

// TestDivide asks for spans, some of which fail. Each second must come once or be in one
// gap, and each gap must have a second that fails.
func TestDivide(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	type span struct{ from, to int }
	halves := func(s span) (a, b span, ok bool) {
		middle := (s.from + s.to) / 2
		return span{s.from, middle}, span{middle, s.to}, s.to-s.from >= 2
	}
	for range 500 {
		bad := map[int]bool{}
		for range rng.IntN(4) {
			bad[rng.IntN(64)] = true
		}
		most := 1 + rng.IntN(100) // seconds that an answer may have
		times, asked := make([]int, 64), 0
		gaps, err := Divide(span{0, 64}, halves, func(s span) error {
			asked++
			for i := s.from; i < s.to; i++ {
				if bad[i] {
					return &trtc.Error{Kind: trtc.Retryable}
				}
			}
			if s.to-s.from > most {
				return &trtc.Error{Kind: trtc.TooLarge, Code: "ResponseSizeLimitExceeded"}
			}
			for i := s.from; i < s.to; i++ {
				times[i]++
			}
			return nil
		})
		for _, gap := range gaps {
			any := false
			for i := gap.Of.from; i < gap.Of.to; i++ {
				times[i]++
				any = any || bad[i]
			}
			if !any {
				t.Errorf("seed %d: %v can be had: %v", seed, gap.Of, gap.Err)
			}
		}
		if err != nil || slices.ContainsFunc(times, func(n int) bool { return n != 1 }) || asked > 127 || len(bad) == 0 && len(gaps) > 0 {
			t.Fatalf("seed %d: %v cannot be had, at most %d at once: %d asked, %v, gaps %v, %v", seed, bad, most, asked, times, gaps, err)
		}
	}
}

// TestDivideEnds checks that Divide stops at fatal errors, and does not divide if a smaller
// question does not help.
func TestDivideEnds(t *testing.T) {
	halves := func(n int) (a, b int, ok bool) { return n / 2, n / 2, true }
	for _, c := range []struct {
		err   error
		asked int
		gaps  string
		fatal bool
	}{
		{context.Canceled, 1, "[]", true},
		{&trtc.Error{Kind: trtc.Denied}, 1, "[]", true},
		{errors.New("no"), 1, "[8: no]", false},
		{&trtc.Error{Kind: trtc.Retryable, Timeout: true, Code: "x"}, 1, "[8: x]", false},
		{ErrEndless, 3, "[8: the list does not end]", false},
	} {
		asked := 0
		gaps, err := Divide(8, halves, func(int) error { asked++; return c.err })
		var got []string
		for _, gap := range gaps {
			text := gap.Err.Error()
			if e, ok := errors.AsType[*trtc.Error](gap.Err); ok {
				text = e.Code
			}
			got = append(got, fmt.Sprintf("%d: %s", gap.Of, text))
		}
		if fmt.Sprint(got) != c.gaps || asked != c.asked || (err != nil) != c.fatal {
			t.Errorf("%v: %d asked, gaps %v, %v", c.err, asked, got, err)
		}
	}
}
