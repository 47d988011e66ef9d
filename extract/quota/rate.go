package quota

import "time"

const (
	// cut is the factor of the rate at a refusal. Next to others with a steady use the rate
	// then stays between 80 and 100 % of what they leave.
	cut = 0.8

	// settle is how long it takes until a cut has an effect: the vendor's second, the
	// requests under way and their answers. Refusals within this time have the same cause,
	// and the climb starts after it.
	settle = 2 * time.Second

	// climb is how long the rate takes to rise from nothing to the full rate. It is long
	// enough that trying for more costs only a refusal every 15 seconds or so, and short
	// enough that the full rate is reached within a minute after others leave.
	climb = 60 * time.Second

	// least is the part of the full rate that refusals never take away. Its requests find
	// out that the others have left.
	least = 0.05
)

// rate is the allowed rate of an action. Refusals cut it, and without refusals it climbs
// evenly.
type rate struct {
	full     float64 // requests a second
	lost     float64 // the difference to full after the last cut
	cutAt    time.Duration
	refusals int64
}

// at returns the rate that is allowed at a time not before the last refusal.
func (r *rate) at(now time.Duration) float64 {
	if r.lost == 0 {
		return r.full
	}
	climbed := r.full * max(0, now-r.cutAt-settle).Seconds() / climb.Seconds()
	return r.full - max(0, r.lost-climbed)
}

// refused counts a refusal and reports whether it lowered the rate.
func (r *rate) refused(now time.Duration) bool {
	r.refusals++
	if r.lost > 0 && now-r.cutAt < settle {
		return false
	}
	r.lost = r.full - max(r.at(now)*cut, r.full*least)
	r.cutAt = now
	return true
}
