package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/callvault/callvault/extract/plan"
)

// fewest finds the least number of requests by trying every choice of users, for windows
// that begin with the first second not covered and are as full as they can be. Any plan
// whose windows share seconds can be changed into such a plan without an additional window.
type fewest struct {
	stays         [][][2]int // by user, not touching, in the order of time
	window, seats int
	known         map[string]int
}

// through is the next second of a user who is covered to the end.
const through = 1 << 30

// from returns the number of windows that are needed if each user's next second is as
// given.
func (f *fewest) from(next []int) int {
	now := slices.Min(next)
	if now == through {
		return 0
	}
	key := fmt.Sprint(next)
	if n, ok := f.known[key]; ok {
		return n
	}
	var there []int
	for user, second := range next {
		if second < now+f.window {
			there = append(there, user)
		}
	}
	least := through
	for seated := range choices(there, f.seats) {
		after := slices.Clone(next)
		for _, user := range seated {
			after[user] = f.after(user, next[user], now+f.window)
		}
		if slices.ContainsFunc(seated, func(user int) bool { return next[user] == now }) {
			least = min(least, 1+f.from(after))
		}
	}
	f.known[key] = least
	return least
}

// after returns a user's next second after a window up to end.
func (f *fewest) after(user, next, end int) int {
	for _, s := range f.stays[user] {
		if s[1] > end {
			return max(s[0], end, next)
		}
	}
	return through
}

// choices yields the ways to choose n, or all if there are fewer.
func choices(of []int, n int) func(yield func([]int) bool) {
	n = min(n, len(of))
	return func(yield func([]int) bool) {
		for set := range 1 << len(of) {
			var chosen []int
			for i, x := range of {
				if set>>i&1 == 1 {
					chosen = append(chosen, x)
				}
			}
			if len(chosen) == n && !yield(chosen) {
				return
			}
		}
	}
}

// smallProblem returns a random problem that is small enough to be solved.
func smallProblem(rng *rand.Rand) (problem, int) {
	f := fewest{window: 20, seats: 2 + rng.IntN(2), known: map[string]int{}}
	p := problem{within: window(0, 10_000), limits: plan.Limits{Window: 20 * time.Second, Users: f.seats}}
	var next []int
	for user := range 3 + rng.IntN(4) {
		join := rng.IntN(30)
		next = append(next, join)
		f.stays = append(f.stays, nil)
		for range 1 + rng.IntN(3) {
			leave := join + rng.IntN(30)
			f.stays[user] = append(f.stays[user], [2]int{join, leave})
			p.sessions = append(p.sessions, session(fmt.Sprint("u", user), join, leave))
			join = leave + 1 + rng.IntN(20)
		}
	}
	return p, f.from(next)
}

func TestSeriesAgainstTheBest(t *testing.T) {
	const seed = 3
	rng := rand.New(rand.NewPCG(seed, 3))
	planned, best, bounds, missed := 0, 0, 0, 0
	for range 400 {
		p, least := smallProblem(rng)
		n, bound := len(p.plan()), p.bound()
		if n < least || bound > least {
			t.Fatalf("planned %d, bound %d, best %d: %v", n, bound, least, p.sessions)
		}
		if n > least {
			missed++
		}
		planned, best, bounds = planned+n, best+least, bounds+bound
	}
	t.Logf("seed %d: planned %d, the best plans %d, bound %d; missed the best %d times", seed, planned, best, bounds, missed)
	if by(planned, best) > 1.01 {
		t.Error("plans are too far from the best")
	}
}
