package console

import (
	"slices"
	"time"
)

// measure is a chart of what a user sends, and beside it one of what the user receives.
type measure struct {
	title, unit string // keys of the translations
	limit       string // measure of quality_thresholds; "": none
	up, down    []string
	scale       float64 // of the values; 0: as they are
	floor       float64 // what the scale of the chart shows at least
	most        float64 // what it shows at most; 0: any
}

// measures are the charts, in the order of what people look for first. Stalls come as ms of
// the 2 s of a sample, and are shown as a share of the time.
var measures = []measure{
	{title: "Sound: packets lost", unit: "%", limit: "loss", up: []string{"aLoss"}, down: []string{"aLoss"}, floor: 8, most: 100},
	{title: "Picture: packets lost", unit: "%", limit: "loss", up: []string{"bigvLoss"}, down: []string{"bigvLoss"}, floor: 8, most: 100},
	{title: "Sound: stalls", unit: "% of the time", limit: "stall", down: []string{"aBlock"}, scale: 1. / 20, floor: 8, most: 100},
	{title: "Picture: stalls", unit: "% of the time", limit: "stall", down: []string{"bigvBlock"}, scale: 1. / 20, floor: 8, most: 100},
	{title: "Picture: frames", unit: "frames/s", limit: "fps", up: []string{"bigvEncFps", "bigvCapFps"}, down: []string{"bigvDecFps", "bigvRecFps"}, floor: 20},
	{title: "Round trip to the cloud", unit: "ms", limit: "rtt", up: []string{"rtt"}, floor: 250},
	{title: "Processor", unit: "%", limit: "cpu", up: []string{"sysCpu", "appCpu"}, floor: 100, most: 100},
	{title: "Sound: bitrate", unit: "bit/s", up: []string{"aBit"}, down: []string{"aBit"}},
	{title: "Picture: bitrate", unit: "bit/s", up: []string{"bigvBit"}, down: []string{"bigvBit"}},
	{title: "Picture: size", unit: "pixels", up: []string{"bigvWidth", "bigvHeight"}, down: []string{"bigvWidth", "bigvHeight"}},
	{title: "Volume", unit: "", up: []string{"aCapEnergy"}, down: []string{"aPlayEnergy"}},
}

// point is what was measured in a step of time.
type point struct {
	Metric string  `ch:"metric"`
	Peer   string  `ch:"peer"` // sender; "": the user sends it, or all senders are together
	Up     bool    `ch:"up"`
	At     uint32  `ch:"at"` // beginning of the step, s
	Avg    float64 `ch:"avg"`
	Min    float64 `ch:"min"`
	Max    float64 `ch:"max"`
}

// steps are the lengths of time, in seconds, of which a chart shows one point; at most
// mostPoints are shown. The first is that of samples: nothing is summed up.
var steps = []uint32{2, 4, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600}

const mostPoints = 450

func stepFor(span time.Duration) uint32 {
	for _, s := range steps {
		if span <= time.Duration(s)*mostPoints*time.Second {
			return s
		}
	}
	return steps[len(steps)-1]
}

// mostPeers is how many senders have lines of their own; of more, all are shown together.
const mostPeers = 5

// seriesOf reads the points of a user in a window: what the user sends, and what is received,
// from one sender, from each, or from all together.
func (r room) seriesOf(q *request, w Window, user string, peers []string, apart bool, points *[]point) error {
	return q.rows(points, `SELECT metric, if({apart:Bool}, peer_id, '') AS peer, peer_id = '' AS up, toUInt32(intDiv(toUnixTimestamp(ts), {step:UInt32}) * {step:UInt32}) AS at,
			avg(value) AS avg, min(value) AS min, max(value) AS max
		FROM quality_samples`+ofCall+`AND user_id = {user:String} AND ts >= {from:DateTime('UTC')} AND ts <= {to:DateTime('UTC')} AND (empty({peers:Array(String)}) OR has({peers:Array(String)}, peer_id))
		GROUP BY metric, peer, up, at ORDER BY metric, up, peer, at`,
		r.params(map[string]any{"user": user, "from": w.From, "to": w.To, "step": stepFor(w.Span()), "peers": peers, "apart": apart}))
}

// readSeries reads the points of the chosen user.
func (v *called) readSeries(q *request) func() error {
	return func() error {
		if v.User == nil {
			return nil
		}
		var points []point
		err := v.seriesOf(q, v.Charted, v.User.ID, []string{}, v.Users <= mostPeers+1, &points)
		v.Charts = chartsOf(q.lang, points)
		return err
	}
}

// charts are the charts of a page, which share their time.
type charts struct {
	Rows []chartRow
	Bare []string // titles of measures without a sample
	Step uint32   // s; 2: samples as they came
	lang string
}

// chartRow has two charts beside each other: what is sent and what is received of one
// measure, or two measures that have one direction each.
type chartRow struct {
	Cells []cell
	both  bool // both directions of one measure
}

// cell is the place of a chart.
type cell struct {
	Title, Unit string
	Up          bool
	Chart       *chart // nil: not measured
}

// chartsOf sorts points into charts. What no measure names has a chart of its own.
func chartsOf(lang string, points []point) charts {
	byMetric, known := map[string][]point{}, map[string]bool{}
	for _, p := range points {
		byMetric[p.Metric] = append(byMetric[p.Metric], p)
	}
	c := charts{lang: lang}
	for _, m := range measures {
		for _, name := range append(slices.Clone(m.up), m.down...) {
			known[name] = true
		}
		c.add(m, byMetric)
	}
	for _, p := range points {
		if !known[p.Metric] {
			known[p.Metric] = true
			c.add(measure{title: p.Metric, up: []string{p.Metric}, down: []string{p.Metric}}, byMetric)
		}
	}
	return c
}

// add adds the charts of a measure.
func (c *charts) add(m measure, points map[string][]point) {
	var cells []cell
	found := false
	for _, x := range []cell{{Up: true, Chart: m.chart(c.lang, m.up, true, points)}, {Chart: m.chart(c.lang, m.down, false, points)}} {
		if x.Up && len(m.up) > 0 || !x.Up && len(m.down) > 0 {
			x.Title, x.Unit = m.title, m.unit
			cells, found = append(cells, x), found || x.Chart != nil
		}
	}
	switch n := len(c.Rows); {
	case !found:
		c.Bare = append(c.Bare, m.title)
	case len(cells) == 1 && n > 0 && !c.Rows[n-1].both && len(c.Rows[n-1].Cells) == 1:
		c.Rows[n-1].Cells = append(c.Rows[n-1].Cells, cells[0])
	default:
		c.Rows = append(c.Rows, chartRow{cells, len(cells) == 2})
	}
}

// find finds the chart of a measure in one direction; nil: there is none.
func (c *charts) find(title string, up bool) *chart {
	for _, row := range c.Rows {
		for _, x := range row.Cells {
			if x.Title == title && x.Up == up {
				return x.Chart
			}
		}
	}
	return nil
}

// chart makes the chart of some metrics in one direction; nil: there are no points.
func (m measure) chart(lang string, metrics []string, up bool, points map[string][]point) *chart {
	c := &chart{measure: m, Up: up, Unit: translate(lang, m.unit)}
	for _, metric := range metrics {
		for _, p := range points[metric] {
			if p.Up == up {
				c.add(metric, p, max(m.scale, 0))
			}
		}
	}
	if len(c.Lines) == 0 {
		return nil
	}
	return c
}

func (c *chart) add(metric string, p point, scale float64) {
	if n := len(c.Lines); n == 0 || c.Lines[n-1].Metric != metric || c.Lines[n-1].Peer != p.Peer {
		c.Lines = append(c.Lines, line{Metric: metric, Peer: p.Peer})
	}
	if scale > 0 {
		p.Avg, p.Min, p.Max = p.Avg*scale, p.Min*scale, p.Max*scale
	}
	l := &c.Lines[len(c.Lines)-1]
	l.points = append(l.points, p)
}

// frame gives the charts their time, limits and what is marked in all of them.
func (c *charts) frame(w Window, limits []limit, bad []minute, marks []event, lacks []lack) {
	c.Step = stepFor(w.Span())
	for _, row := range c.Rows {
		top := 0.
		for _, x := range row.Cells {
			if x.Chart != nil {
				x.Chart.frame(w, c.Step, limits, bad, marks, lacks)
				top = max(top, x.Chart.Top)
			}
		}
		for _, x := range row.Cells {
			if x.Chart != nil && row.both { // both directions have one scale
				x.Chart.Top = top
			}
		}
	}
}

// limit is what is good, poor and serious of a measure.
type limit struct {
	Measure string  `ch:"measure"`
	Good    float64 `ch:"g"`
	Poor    float64 `ch:"p"`
	Serious float64 `ch:"s"`
}

func readLimits(q *request, limits *[]limit) func() error {
	return func() error {
		return q.memory.rows(q, limits, `SELECT measure, argMax(good, changed_at) AS g, argMax(poor, changed_at) AS p, argMax(serious, changed_at) AS s FROM quality_thresholds GROUP BY measure`, nil)
	}
}
