package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/callvault/callvault/daemon"
	"github.com/callvault/callvault/internal/words"
)

// Schedules lists schedules.
func (c Screen) Schedules(list []daemon.Scheduled, now time.Time) {
	for _, s := range list {
		last, next := "–", "never"
		if s.Last != nil {
			last = Moment(s.Last.Began, now)
			if s.Last.Error != "" {
				last += ", failed"
			}
		}
		if s.Next != nil {
			next = Moment(*s.Next, now)
		}
		spec := s.Spec
		if s.Zone == "UTC" && !strings.Contains(spec, "TZ=") {
			spec += " UTC"
		}
		fmt.Fprintf(c.Out, "%s: %s, %s\n  last  %s\n  next  %s\n",
			words.Shown(s.Name), words.Line(strings.Join(append([]string{s.Job}, s.Args...), " ")), words.Shown(spec), last, next)
	}
}
