package decide

import (
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// UnusualIn returns the events in the owned seconds.
func UnusualIn(events []call.UnusualEvent, o call.Owned) []call.UnusualEvent {
	return slices.DeleteFunc(events, func(e call.UnusualEvent) bool {
		return e.Time.Unix() < int64(o.From) || e.Time.Unix() > int64(o.To)
	})
}

// Distinct returns each event once.
func Distinct[E comparable](events []E) []E {
	seen := map[E]bool{}
	return slices.DeleteFunc(events, func(e E) bool {
		again := seen[e]
		seen[e] = true
		return again
	})
}

// ScaleSettles is how long after a day's end its counts are settled.
const ScaleSettles = 24 * time.Hour

// DayUnit returns the unit of one of the vendor's days.
func DayUnit(app call.AppID, d call.DailyScale) call.Unit {
	return call.Unit{App: app, Kind: call.UnitScale, Key: d.Start.UTC().Format(time.RFC3339)}
}
