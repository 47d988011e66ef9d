package forecast

import "math"

// Cost is the number of requests that a call takes: for its sessions, its series and its
// users' events.
type Cost struct{ Users, Series, Events int }

// sum adds costs up.
func sum(costs []Cost) (t Cost) {
	for _, c := range costs {
		t = t.plus(c, 1)
	}
	return t
}

// plus adds the given number of calls of cost d, rounded to whole requests.
func (c Cost) plus(d Cost, calls float64) Cost {
	times := func(n int) int { return int(math.Round(calls * float64(n))) }
	return Cost{c.Users + times(d.Users), c.Series + times(d.Series), c.Events + times(d.Events)}
}

// Scale returns how many requests all of something take, rounded up, if some of it took asked.
func Scale(asked, some, all int) int { return (asked*all + some - 1) / some }

// Evenly chooses at most n elements at even distances.
func Evenly[T any](all []T, n int) []T {
	if len(all) <= n {
		return all
	}
	some := make([]T, n)
	for i := range some {
		some[i] = all[i*len(all)/n]
	}
	return some
}
