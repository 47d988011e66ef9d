package aggregate

import "math"

// measure is what a summary has of a metric, by its column in
// quality_streams_data: the columns <name>_samples, _avg, _min, _p50, _p95, _max.
type measure struct{ name, column string }

// What a user sends, and the user's device.
const (
	sysCPU = iota
	appCPU
	rtt
	audioLossUp
	videoLossUp
	audioBitrateUp
	videoBitrateUp
	videoFPSUp
)

var measuresUp = [...]measure{
	sysCPU: {"sys_cpu", "sys_cpu"}, appCPU: {"app_cpu", "app_cpu"}, rtt: {"rtt", "rtt"},
	audioLossUp: {"audio_loss_up", "audio_loss"}, videoLossUp: {"video_loss_up", "video_loss"},
	audioBitrateUp: {"audio_bitrate_up", "audio_bitrate"}, videoBitrateUp: {"video_bitrate_up", "video_bitrate"},
	videoFPSUp: {"video_fps_up", "video_encode_fps"},
}

// What a user receives, from one peer or from all of them.
const (
	audioLossDown = iota
	videoLossDown
	audioBitrateDown
	videoBitrateDown
	videoFPSDown
)

var measuresDown = [...]measure{
	audioLossDown: {"audio_loss_down", "audio_loss"}, videoLossDown: {"video_loss_down", "video_loss"},
	audioBitrateDown: {"audio_bitrate_down", "audio_bitrate"}, videoBitrateDown: {"video_bitrate_down", "video_bitrate"},
	videoFPSDown: {"video_fps_down", "video_decode_fps"},
}

// stallMeasures are received, too, and have the columns <name>_samples, _seconds
// and _share.
var stallMeasures = [...]measure{audioStall: {"audio_stall", "audio_stall"}, videoStall: {"video_stall", "video_stall"}}

const (
	audioStall = iota
	videoStall
)

// stallSpan is what a sample of stall covers, in ms: one comes every 2 s
// (https://cloud.tencent.com/document/product/647/44916).
const stallSpan = 2000

// measured is the samples of one metric in some streams.
type measured struct {
	samples  uint64
	sum      float64
	min, max float64
	of       []*summary // the streams', none without samples
}

func (m *measured) add(s *summary) {
	switch {
	case s == nil || s.samples == 0:
		return
	case m.samples == 0:
		m.min, m.max = s.min, s.max
	}
	m.min, m.max = min(m.min, s.min), max(m.max, s.max)
	m.samples += uint64(s.samples)
	m.sum += s.sum
	m.of = append(m.of, s)
}

// quantiles are the least values that shares of the samples, of which there are
// some, are no greater than; NaN where no histogram is kept. h is empty before and
// after.
func (m *measured) quantiles(h *Histogram, shares ...float64) []float64 {
	values, counts := m.of[0].values, m.of[0].counts
	if len(m.of) > 1 {
		for _, s := range m.of[1:] {
			for i, v := range s.values {
				h.add(rounded(float64(v)), s.counts[i])
			}
		}
		values, counts = h.take(values, counts)
	}
	found := make([]float64, len(shares))
	for i, share := range shares {
		if len(values) == 0 { // a metric without histograms
			found[i] = math.NaN()
			continue
		}
		want := uint64(math.Ceil(float64(m.samples) * share))
		at, seen := 0, uint64(counts[0])
		for seen < want && at+1 < len(values) {
			at++
			seen += uint64(counts[at])
		}
		found[i] = float64(values[at])
	}
	return found
}

// figures are the columns of a measure; without samples all but the first are NULL.
type figures struct {
	samples               uint64
	sum                   float64
	min, median, p95, max float64
}

func (m *measured) figures(h *Histogram) figures {
	if m.samples == 0 {
		return figures{}
	}
	q := m.quantiles(h, 0.5, 0.95)
	for i := range q { // a rounded value may be beyond all that there were
		q[i] = max(m.min, min(q[i], m.max))
	}
	return figures{m.samples, m.sum, m.min, q[0], q[1], m.max}
}

// avg is NaN without samples.
func (f *figures) avg() float64 { return f.sum / float64(f.samples) }

// plus adds samples and sum; of the rest nothing is left.
func (f *figures) plus(x figures) { *f = figures{samples: f.samples + x.samples, sum: f.sum + x.sum} }

// stallShare is the share of the time that was stall, NaN without samples.
func (f *figures) stallShare() float64 { return f.sum / (float64(f.samples) * stallSpan) }

// up and down are the figures of the measures of these names.
type (
	up   [len(measuresUp)]figures
	down struct {
		of    [len(measuresDown)]figures
		stall [len(stallMeasures)]figures // samples and sum, ms
	}
)
