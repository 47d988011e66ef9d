package quota

import "time"

const (
	// cut is what a refusal leaves of the rate. Next to others with a steady
	// use the rate then stays between 80 and 100 % of what they leave.
	cut = 0.8

	// settle is how long a cut takes to show: the vendor's second, the requests
	// under way and their answers. Refusals within it are of the same cause, and
	// the climb starts after it.
	settle = 2 * time.Second

	// climb is how long the whole rate takes to come back. It is long enough
	// that probing for room costs a refusal each quarter of a minute or so, and
	// short enough to be back within a minute of the others' leaving.
	climb = 60 * time.Second

	// least is the part of the full rate that refusals never take: requests
	// that find out that the others have gone.
	least = 0.05
)

// rate is what an action is allowed: cut by refusals, climbing evenly without.
type rate struct {
	full     float64 // requests a second
	lost     float64 // what the last cut left missing of full
	cutAt    time.Duration
	refusals int64
}

// at is the rate allowed at a time not before the last refusal's.
func (r *rate) at(now time.Duration) float64 {
	if r.lost == 0 {
		return r.full
	}
	climbed := r.full * max(0, now-r.cutAt-settle).Seconds() / climb.Seconds()
	return r.full - max(0, r.lost-climbed)
}

// refused counts a refusal and tells whether it lowered the rate.
func (r *rate) refused(now time.Duration) bool {
	r.refusals++
	if r.lost > 0 && now-r.cutAt < settle {
		return false
	}
	r.lost = r.full - max(r.at(now)*cut, r.full*least)
	r.cutAt = now
	return true
}
