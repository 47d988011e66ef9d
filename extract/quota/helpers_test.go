package quota_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

const action = "DescribeCallDetailInfo"

// log notes when requests left.
type log struct {
	mu sync.Mutex
	at []time.Time
}

func (l *log) add(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = append(l.at, t)
}

// queued runs do in several workers for a time, and returns the moments when it succeeded.
func queued(workers int, during time.Duration, do func(context.Context) error) []time.Time {
	ctx, cancel := context.WithTimeout(context.Background(), during)
	defer cancel()
	var left log
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for do(ctx) == nil {
				left.add(time.Now())
			}
		})
	}
	all.Wait()
	return left.at
}

// peak returns the largest number within any span, excluding its end, as the vendor counts.
func peak(at []time.Time, span time.Duration) int {
	at = slices.SortedFunc(slices.Values(at), time.Time.Compare)
	most, first := 0, 0
	for i, t := range at {
		for t.Sub(at[first]) >= span {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// random gives random numbers to any number of goroutines.
type random struct {
	mu sync.Mutex
	r  *rand.Rand
}

// seeded prints the seed, so that a failing test can be repeated.
func seeded(t *testing.T) *random {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return &random{r: rand.New(rand.NewPCG(seed, 0))}
}

// upTo returns a duration below d.
func (r *random) upTo(d time.Duration) time.Duration { return time.Duration(r.float() * float64(d)) }

// float returns a number from 0 to 1.
func (r *random) float() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.r.Float64()
}
