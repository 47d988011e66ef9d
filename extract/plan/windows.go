package plan

import (
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Slices divides [start, end] into windows no longer than longest, oldest first. Neighbours
// share their common second, so nothing falls between them.
func Slices(start, end time.Time, longest time.Duration) []call.Window {
	var out []call.Window
	for t := start; t.Before(end); t = t.Add(longest) {
		out = append(out, call.Window{Start: t, End: earlier(t.Add(longest), end)})
	}
	return out
}

// Hours divides [start, end] at the full hours of UTC. Only the first and the last window
// may be shorter than an hour.
func Hours(start, end time.Time) []call.Window {
	var out []call.Window
	for t := start; t.Before(end); {
		next := t.Truncate(time.Hour).Add(time.Hour)
		out = append(out, call.Window{Start: t, End: earlier(next, end)})
		t = next
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
