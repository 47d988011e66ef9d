package quota

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// drive lets requests leave that arrive and wake up at random: alone, in crowds, after
// pauses, on time, late or very late. Some are on the wire later than they left. After each
// departure it checks that the one n before it is a window and the guard away.
func drive(t *testing.T, r *rand.Rand, perSecond float64, departures int) {
	w := windowOf(perSecond)
	p := newPace(w)
	at := make([]time.Duration, 0, departures)
	var now time.Duration
	for range departures {
		if r.IntN(10) == 0 {
			now += pick(r, w, 0, 1, 0.1, 3)
		}
		for {
			number, ok := p.pass(now, w)
			if ok {
				if r.IntN(4) == 0 {
					now += pick(r, w, 0, 0.001, 0.02)
					p.sent(number, now)
				}
				at = append(at, now)
				break
			}
			now = p.due(now, w) + pick(r, w, 0, 0, 0.001, 0.01, 0.5)
		}
		if i := len(at) - 1; int64(i) >= w.n {
			if d := at[i] - at[int64(i)-w.n]; d < w.length+guard {
				t.Fatalf("%v a second: departure %d left %v after the one %d before it", perSecond, i, d, w.n)
			}
		}
	}
}

// pick returns a random part of the window, up to one of those given.
func pick(r *rand.Rand, w window, upTo ...float64) time.Duration {
	return time.Duration(r.Float64() * upTo[r.IntN(len(upTo))] * float64(w.length))
}

func TestPaceNeverOver(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for _, perSecond := range []float64{0.1, 0.99, 1, 2.5, 19.5, 20, 20.01, 500, 1024, 1025, 10_000} {
		drive(t, r, perSecond, 50_000)
	}
	for range 50 {
		drive(t, r, 0.1+r.ExpFloat64()*40, 2_000)
	}
}

// Timers that are late by a few milliseconds cost nothing. A single long pause costs no
// more than the slots within it.
func TestPaceMakesUpForLateTimers(t *testing.T) {
	for _, late := range []time.Duration{0, time.Millisecond, 4 * time.Millisecond, 10 * time.Millisecond} {
		t.Run(fmt.Sprint(late), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			w := windowOf(20)
			p := newPace(w)
			for now := time.Duration(0); now < time.Minute; {
				if _, ok := p.pass(now, w); !ok {
					now = p.due(now, w) + time.Duration(r.Int64N(int64(late)+1))
				}
			}
			t.Logf("timers up to %v late: %d a minute, %.2f %% of the quota", late, p.left, float64(p.left)/12)
			if p.left < 1164 {
				t.Errorf("%d departures in a minute, want at least 1164", p.left)
			}
		})
	}
}

func TestWindowOf(t *testing.T) {
	for perSecond, want := range map[float64]window{
		0.1: {1, 10 * time.Second}, 1: {1, time.Second}, 2.5: {3, 1200 * time.Millisecond},
		20: {20, time.Second}, 0.7 / 0.1: {7, time.Second}, 10_000: {10_000, time.Second},
	} {
		if got := windowOf(perSecond); got.n != want.n || (got.length-want.length).Abs() > time.Microsecond {
			t.Errorf("windowOf(%v) = %v, want %v", perSecond, got, want)
		}
	}
}

// The memory of a pace does not grow with the rate.
func TestPaceIsSmall(t *testing.T) {
	for _, perSecond := range []float64{0.1, 20, 1e4, most} {
		if n := len(newPace(windowOf(perSecond)).marks); n > marks+1 {
			t.Errorf("%v a second: %d marks", perSecond, n)
		}
	}
}
