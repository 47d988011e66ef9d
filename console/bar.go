package console

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
)

// bar shows when a user was there, how it was, and what happened.
type bar struct {
	window   Window
	stays    []session
	minutes  []minute
	events   []event
	lastSeen time.Time
}

// draw gathers what the bar of a user shows.
func (m *member) draw(v *called) {
	m.Bar = bar{
		window: v.Window, lastSeen: v.Whole.To,
		stays:   filter(v.sessions, func(s session) bool { return s.User == m.ID }),
		minutes: filter(v.minutes, func(x minute) bool { return x.User == m.ID }),
		events:  filter(v.events, func(e event) bool { return e.User == m.ID && e.Notable }),
	}
	m.Networks = filter(m.Bar.events, func(e event) bool { return e.ID == networkEvent })
	m.Networks = slices.CompactFunc(m.Networks, func(a, b event) bool { return a.Value == b.Value })
}

// Heights of a minute of each grade: who cannot tell the colours can tell these.
var heights = map[string]int{"fair": 8, "poor": 14, "serious": 20}

// SVG draws the bar.
func (x bar) SVG(label string) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="bar" role="img" aria-label="%s" data-from="%d" data-to="%d">`, template.HTMLEscapeString(label), x.window.From.Unix(), x.window.To.Unix())
	for _, s := range x.stays {
		to := x.lastSeen
		if s.Left != nil {
			to = *s.Left
		}
		if x.window.meets(s.Joined, to) {
			x.rect(&b, "stay", s.Joined, to, 6)
		}
	}
	for _, r := range x.gradeRuns() {
		x.rect(&b, "g-"+r.grade, r.From, r.To, heights[r.grade])
	}
	for _, e := range x.events {
		fmt.Fprintf(&b, `<line class="mark %s" x1="%.2f%%" x2="%.2[2]f%%" y1="0" y2="24"><title>%s</title></line>`, category(e.Category), x.window.at(e.At), title(e))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// rect draws a time, from the bottom up.
func (x bar) rect(b *strings.Builder, class string, from, to time.Time, height int) {
	left := x.window.at(from)
	fmt.Fprintf(b, `<rect class="%s" x="%.2f%%" width="%.2f%%" y="%d" height="%d"/>`, class, left, max(0.15, x.window.at(to)-left), 24-height, height)
}

type gradeRun struct {
	Window
	grade string
}

// gradeRuns joins minutes of one grade that follow each other.
func (x bar) gradeRuns() (all []gradeRun) {
	for _, m := range x.minutes {
		if n := len(all); n > 0 && all[n-1].grade == m.Grade && all[n-1].To.Equal(m.At) {
			all[n-1].To = m.At.Add(time.Minute)
			continue
		}
		all = append(all, gradeRun{Window{m.At, m.At.Add(time.Minute)}, m.Grade})
	}
	return all
}

// Axis draws the times above or below bars.
func (w Window) Axis() template.HTML {
	var b strings.Builder
	b.WriteString(`<svg class="axis" aria-hidden="true">`)
	drawTicks(&b, w, 12)
	b.WriteString("</svg>")
	return template.HTML(b.String())
}
