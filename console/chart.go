package console

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// chart is one chart: lines over a time. Everything across is in percent of the width, so
// a chart is as wide as its place, and text stays as large as it is.
type chart struct {
	measure
	Up     bool
	Unit   string
	Lines  []line
	Top    float64
	window Window
	step   uint32
	bands  limit
	bad    []minute
	marks  []event
	lacks  []lack
}

// line is a metric, of one sender or of all together.
type line struct {
	Metric, Peer string
	points       []point
}

// Stats are the average, the greatest value and its time, and the least.
func (l line) Stats() (s struct {
	Avg, Max, Min float64
	At            time.Time
}) {
	s.Min, s.Max = math.Inf(1), math.Inf(-1)
	for _, p := range l.points {
		s.Avg += p.Avg / float64(len(l.points))
		s.Min = min(s.Min, p.Min)
		if p.Max > s.Max {
			s.Max, s.At = p.Max, time.Unix(int64(p.At), 0).UTC()
		}
	}
	return s
}

func (c *chart) frame(w Window, step uint32, limits []limit, bad []minute, marks []event, lacks []lack) {
	c.window, c.step, c.bad, c.marks, c.lacks = w, step, bad, marks, lacks
	for _, l := range limits {
		if l.Measure == c.limit && c.limit != "" {
			c.bands = l
		}
	}
	most := c.floor
	for _, l := range c.Lines {
		most = max(most, l.Stats().Max)
	}
	if c.Top = nice(most); c.most > 0 {
		c.Top = min(c.Top, c.most)
	}
}

// nice is the next round number.
func nice(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8} {
		if v <= n*unit {
			return n * unit
		}
	}
	return 10 * unit
}

// Value is a value with its unit, as short as can be.
func (c *chart) Value(v float64) string {
	switch {
	case c.Unit == "bit/s" && v >= 1000:
		text, prefix := humanize.ComputeSI(v)
		return decimal(math.Round(text*100)/100) + " " + prefix + "bit/s"
	case strings.HasPrefix(c.Unit, "%"):
		return decimal(math.Round(v*100)/100) + " %"
	case c.Unit == "":
		return decimal(math.Round(v*100) / 100)
	}
	return decimal(math.Round(v*100)/100) + " " + c.Unit
}

// SVG draws the chart. A script reads values off the lines: the height of 100 units is Top.
func (c *chart) SVG(label string) template.HTML {
	var b strings.Builder
	w := c.window
	fmt.Fprintf(&b, `<svg class="chart" role="img" aria-label="%s" data-top="%g" data-unit="%s" data-from="%d" data-to="%d">`,
		template.HTMLEscapeString(label), c.Top, template.HTMLEscapeString(c.Unit), w.From.Unix(), w.To.Unix())
	b.WriteString(`<svg y="16" height="100" width="100%" viewBox="0 0 1000 100" preserveAspectRatio="none">`)
	c.drawBands(&b)
	c.drawPeriods(&b)
	for _, t := range ticks(w) {
		fmt.Fprintf(&b, `<path class="grid" d="M%.1f 0V100"/>`, 10*w.at(t))
	}
	b.WriteString(`<path class="grid" d="M0 0H1000M0 50H1000"/><path class="base" d="M0 100H1000"/>`)
	for i, l := range c.Lines {
		c.drawLine(&b, i, l)
	}
	b.WriteString("</svg>")
	c.drawMarks(&b)
	fmt.Fprintf(&b, `<text class="top" x="2" y="12">%s</text>`, template.HTMLEscapeString(c.Value(c.Top)))
	drawTicks(&b, w, 130)
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// y is the height of a value.
func (c *chart) y(v float64) float64 { return 100 - min(100, max(0, 100*v/c.Top)) }

// x is where a point lies: in the middle of its step.
func (c *chart) x(p point) float64 {
	return 10 * c.window.at(time.Unix(int64(p.At), 0).Add(time.Duration(c.step)*time.Second/2))
}

// drawBands draws what is poor and what is serious.
func (c *chart) drawBands(b *strings.Builder) {
	l := c.bands
	if l.Poor == l.Serious && l.Good == l.Poor {
		return
	}
	band := func(class string, from, to float64) {
		if high, low := c.y(max(from, to)), c.y(min(from, to)); low > high {
			fmt.Fprintf(b, `<rect class="%s" y="%.1f" width="1000" height="%.1f"/>`, class, high, low-high)
		}
	}
	edge := c.Top
	if l.Serious < l.Good {
		edge = 0
	}
	band("band-poor", l.Poor, l.Serious)
	band("band-serious", l.Serious, edge)
}

// drawPeriods shades bad minutes, and times of which nothing is archived.
func (c *chart) drawPeriods(b *strings.Builder) {
	for _, m := range runs(c.bad) {
		c.period(b, "bad", m.From, m.To)
	}
	for _, l := range c.lacks {
		from, to := l.Window.From, l.Window.To
		if from.IsZero() {
			from = c.window.From
		}
		if to.IsZero() {
			to = c.window.To
		}
		c.period(b, "lack", from, to)
	}
}

func (c *chart) period(b *strings.Builder, class string, from, to time.Time) {
	if !c.window.meets(from, to) {
		return
	}
	x := 10 * c.window.at(from)
	fmt.Fprintf(b, `<rect class="%s" x="%.1f" width="%.1f" height="100"/>`, class, x, 10*c.window.at(to)-x)
}

// runs joins minutes that follow each other.
func runs(minutes []minute) (all []Window) {
	for _, m := range minutes {
		if n := len(all); n > 0 && all[n-1].To.Equal(m.At) {
			all[n-1].To = m.At.Add(time.Minute)
			continue
		}
		all = append(all, Window{m.At, m.At.Add(time.Minute)})
	}
	return all
}

// drawLine draws averages as a line, broken where nothing was measured, and around it
// the values that a step had, least to greatest.
func (c *chart) drawLine(b *strings.Builder, i int, l line) {
	var path, band strings.Builder
	for _, part := range l.unbroken(max(10, 3*c.step)) {
		for j, p := range part {
			x := c.x(p)
			to := map[bool]byte{true: 'M', false: 'L'}[j == 0]
			fmt.Fprintf(&path, "%c%.1f %.1f", to, x, c.y(p.Avg))
			fmt.Fprintf(&band, "%c%.1f %.1f", to, x, c.y(p.Max))
		}
		if len(part) == 1 {
			path.WriteString("h1")
		}
		for _, p := range slices.Backward(part) {
			fmt.Fprintf(&band, "L%.1f %.1f", c.x(p), c.y(p.Min))
		}
		band.WriteByte('Z')
	}
	fmt.Fprintf(b, `<g class="line s%d" data-line="%d">`, i%8, i)
	if c.step > 2 && len(c.Lines) <= 3 {
		fmt.Fprintf(b, `<path class="range" d="%s"/>`, band.String())
	}
	fmt.Fprintf(b, `<path class="avg" d="%s"/></g>`, path.String())
}

// unbroken divides the points where more than some seconds are between two.
func (l line) unbroken(most uint32) (parts [][]point) {
	from := 0
	for i := range l.points {
		if i > 0 && l.points[i].At-l.points[i-1].At > most {
			parts, from = append(parts, l.points[from:i]), i
		}
	}
	return append(parts, l.points[from:])
}

// drawMarks draws the notable events.
func (c *chart) drawMarks(b *strings.Builder) {
	for _, e := range c.marks {
		if e.Notable {
			fmt.Fprintf(b, `<line class="mark %s" x1="%.2f%%" x2="%.2[2]f%%" y1="14" y2="116"><title>%s</title></line>`, category(e.Category), c.window.at(e.At), title(e))
		}
	}
}

// title is what an event says where it is pointed at.
func title(e event) string {
	text := e.At.Format("15:04:05") + " " + e.Event
	if e.Value != "" {
		text += ": " + e.Value
	}
	return template.HTMLEscapeString(text)
}

// category is the class of a kind of event.
func category(name string) string {
	switch name {
	case "network", "connection", "room", "experience":
		return "e-" + name
	}
	return "e-other"
}

// spans are the times between two ticks.
var spans = []time.Duration{time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
	30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour}

// ticks are round times in a window, at most six.
func ticks(w Window) (all []time.Time) {
	every := spans[len(spans)-1]
	for _, s := range spans {
		if w.Span()/s <= 5 {
			every = s
			break
		}
	}
	for t := w.From.Truncate(every); !t.After(w.To); t = t.Add(every) {
		if !t.Before(w.From) {
			all = append(all, t)
		}
	}
	return all
}

// drawTicks writes the times below a chart.
func drawTicks(b *strings.Builder, w Window, y int) {
	form := "15:04"
	if w.Span() < 5*time.Minute {
		form = "15:04:05"
	} else if w.Span() > 5*24*time.Hour {
		form = "01-02"
	}
	for _, t := range ticks(w) {
		x, anchor := w.at(t), "middle"
		if x < 4 {
			anchor = "start"
		} else if x > 96 {
			anchor = "end"
		}
		fmt.Fprintf(b, `<text class="tick" x="%.2f%%" y="%d" text-anchor="%s">%s</text>`, x, y, anchor, t.Format(form))
	}
}
