package schedules

import (
	"time"

	"github.com/robfig/cron/v3"
)

// inZone makes a schedule follow the clocks of its zone; see Daylight saving in the
// package comment. robfig/cron skips a time in a gap.
func inZone(s cron.Schedule) cron.Schedule {
	spec, ok := s.(*cron.SpecSchedule)
	if !ok || everyHour(spec) {
		return s
	}
	plain := *spec
	plain.Location = time.UTC
	return wallClock{&plain, spec.Location}
}

// everyHour reports whether the schedule has times in every hour of its days.
func everyHour(s *cron.SpecSchedule) bool {
	const all = 1<<24 - 1
	return s.Hour&all == all
}

// wallClock is a schedule by the clocks of a zone. A reading of the clocks is
// represented by the time that reads the same in UTC.
type wallClock struct {
	readings cron.Schedule // in UTC
	zone     *time.Location
}

// Next returns the first instant after t at which the clocks show, for the first time,
// a reading of the schedule or a later reading.
func (w wallClock) Next(t time.Time) time.Time {
	next := w.readings.Next(w.latest(t))
	if next.IsZero() {
		return next
	}
	return w.first(next)
}

// reading returns the reading of the clocks at t.
func (w wallClock) reading(t time.Time) time.Time {
	_, offset := t.In(w.zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// latest returns the latest reading that the clocks have shown until t. They may have
// been put back since.
func (w wallClock) latest(t time.Time) time.Time {
	now := w.reading(t)
	since, _ := t.In(w.zone).ZoneBounds()
	if since.IsZero() {
		return now
	}
	if before := w.before(since); before.After(now) {
		return before
	}
	return now
}

// before returns the last reading before the clocks changed.
func (w wallClock) before(changed time.Time) time.Time {
	return w.reading(changed.Add(-time.Second))
}

// first returns the first instant at which the clocks show a reading or a later one.
func (w wallClock) first(reading time.Time) time.Time {
	y, m, d := reading.Date()
	near := time.Date(y, m, d, reading.Hour(), reading.Minute(), reading.Second(), 0, w.zone)
	since, until := near.ZoneBounds()
	switch got := w.reading(near); {
	case got.After(reading): // in the gap that ends at since
		return since.UTC()
	case got.Before(reading): // in the gap that begins at until
		return until.UTC()
	}
	if since.IsZero() {
		return near.UTC()
	}
	if before := w.before(since); !before.Before(reading) { // shown twice
		return since.Add(-time.Second).Add(reading.Sub(before)).UTC()
	}
	return near.UTC()
}
