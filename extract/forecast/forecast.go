package forecast

import (
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Forecast is what a pass over one application will ask.
type Forecast struct {
	App   call.AppID
	Calls int // calls in the part of the window that was listed
	Due   int // calls of these to archive
	// Waiting is the number of due calls that are visible and lack parts because the
	// vendor answered null where data must exist.
	Waiting int
	Notes   []string // remarks for the user
	// Requests are the requests of the pass, by action.
	Requests map[string]int
	// Listed is how much time the calls were listed of, and Daily what the calls of a day
	// take, by action: those of an average day of that time, at the cost of the due ones. It
	// is empty if no call is due.
	Listed time.Duration
	Daily  map[string]int
	// Fewer are archived calls to which events of so many users are added.
	Fewer, FewerUsers int
	// Asked are the requests that the forecast itself took, by action.
	Asked map[string]int
	// Exact reports whether the cost of every due call is known. Otherwise only the costs
	// of Sampled calls are: of the longest and of some others.
	Exact   bool
	Sampled int
	// Expiring is the number of due calls that the vendor begins to drop before their turn.
	Expiring      int
	FirstExpiring time.Time // when the vendor begins to drop the first of them
	// Deadline is when the vendor begins to drop the most urgent due call.
	Deadline time.Time
}

// Duration returns how long the requests take, to a tenth of a second.
func (f *Forecast) Duration(rate func(action string) float64) time.Duration {
	return time.Duration(Seconds(f.Requests, rate) * float64(time.Second)).Round(100 * time.Millisecond)
}

// Seconds returns how many seconds the requests, by action, take. rate returns how many
// requests of an action leave in a second. Requests of different actions leave at the
// same time, so the slowest action decides.
func Seconds(requests map[string]int, rate func(action string) float64) float64 {
	longest := 0.0
	for action, n := range requests {
		longest = max(longest, float64(n)/rate(action))
	}
	return longest
}
