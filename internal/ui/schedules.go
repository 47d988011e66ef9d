package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/callvault/callvault/daemon"
)

// Schedules lists schedules.
func (c Screen) Schedules(list []daemon.Scheduled, now time.Time) {
	t := newTable("schedule", "runs", "at", "last", "next")
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
		t.AppendRow(table.Row{s.Name, strings.Join(append([]string{s.Job}, s.Args...), " "), spec, last, next})
	}
	fmt.Fprintln(c.Out, t.Render())
}
