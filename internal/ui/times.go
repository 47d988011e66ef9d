package ui

import (
	"time"

	"github.com/dustin/go-humanize"
)

// seconds returns a duration for people.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// Moment returns a time and its distance from now.
func Moment(t, now time.Time) string {
	return t.UTC().Format("2006-01-02 15:04") + " (" + humanize.RelTime(t, now, "ago", "from now") + ")"
}
