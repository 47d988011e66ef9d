package simulator

// metric is a DataType on the vendor's pages.
type metric struct {
	name     string
	up, down bool // reported upstream, downstream
	device   bool // reported for the client, whatever it sends
	video    bool // otherwise audio, unless device
	legacy   bool // known to the legacy dialect
	listed   bool // on the vendor's page: can be requested by name
	kind     valueKind
	base     int64
}

// metrics are in the order of the vendor's page, then those of the current dialect
// only, then one that is on no page.
var metrics = [...]metric{
	{name: "appCpu", up: true, device: true, legacy: true, listed: true, kind: percent, base: 12},
	{name: "sysCpu", up: true, device: true, legacy: true, listed: true, kind: percent, base: 31},
	{name: "aBit", up: true, down: true, legacy: true, listed: true, kind: walk, base: 48000},
	{name: "aBlock", down: true, legacy: true, listed: true, kind: stall, base: 180},
	{name: "bigvBit", up: true, down: true, video: true, legacy: true, listed: true, kind: bitrate, base: 850000},
	{name: "bigvCapFps", up: true, video: true, legacy: true, listed: true, kind: frames},
	{name: "bigvEncFps", up: true, video: true, legacy: true, listed: true, kind: frames},
	{name: "bigvDecFps", down: true, video: true, legacy: true, listed: true, kind: frames},
	{name: "bigvBlock", down: true, video: true, legacy: true, listed: true, kind: stall, base: 400},
	{name: "aLoss", up: true, down: true, legacy: true, listed: true, kind: loss, base: 9},
	{name: "bigvLoss", up: true, down: true, video: true, legacy: true, listed: true, kind: loss, base: 14},
	{name: "bigvWidth", up: true, down: true, video: true, legacy: true, listed: true, kind: width},
	{name: "bigvHeight", up: true, down: true, video: true, legacy: true, listed: true, kind: height},
	{name: "bigvRecFps", down: true, video: true, listed: true, kind: frames},
	{name: "aCapEnergy", up: true, listed: true, kind: energy, base: 420},
	{name: "aPlayEnergy", down: true, listed: true, kind: energy, base: 380},
	{name: "rtt", up: true, device: true, listed: true, kind: latency, base: 38},
	{name: "bigvQp", up: true, video: true, kind: walk, base: 27},
}

// newest is the index of the metric that is on no page yet. One call in seven has it,
// and only a request for all metrics returns it.
const newest = len(metrics) - 1

// metricSet is a set of indices into metrics.
type metricSet uint32

func (m metricSet) has(i int) bool { return m>>i&1 != 0 }

// allMetrics returns the metrics of a call in a response to "all".
func allMetrics(d dialect, c *call) metricSet {
	var set metricSet
	for i, m := range metrics {
		if m.legacy || d == current && (m.listed || hash2(c.seed, 40)%7 == 0) {
			set |= 1 << i
		}
	}
	return set
}

// metricByName finds a metric that can be requested by name in a dialect.
func metricByName(d dialect, name string) (int, bool) {
	for i, m := range metrics {
		if m.name == name && m.listed && (m.legacy || d == current) {
			return i, true
		}
	}
	return 0, false
}

// produced reports whether a client reports a metric: upstream if peer is nil,
// otherwise of what it receives from the peer.
func (m *metric) produced(u, peer *user) bool {
	switch {
	case u.silent:
		return false
	case peer == nil && m.device:
		return true
	case peer == nil:
		return m.up && (m.video && u.video || !m.video && u.audio)
	}
	return m.down && (m.video && peer.video || !m.video && peer.audio)
}
