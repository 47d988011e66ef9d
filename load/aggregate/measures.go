package aggregate

import (
	"math"

	"github.com/callvault/callvault/internal/quality"
)

// measure is a metric in a summary: its columns there are <name>_samples, _avg,
// _min, _p50, _p95 and _max. column is its column in quality_streams_data.
type measure struct{ name, column string }

// Measures of what a user sends, and of the user's device.
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

// Measures of what a user receives, from one peer or from all.
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

// stallMeasures are downstream measures with the columns <name>_samples, _seconds
// and _share.
var stallMeasures = [...]measure{audioStall: {"audio_stall", "audio_stall"}, videoStall: {"video_stall", "video_stall"}}

const (
	audioStall = iota
	videoStall
)

// measured is the total of one metric in some streams.
type measured struct {
	samples  uint64
	sum      float64
	min, max float64
	of       []*metricSums // one for each stream that has samples
}

func (m *measured) add(s *metricSums) {
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

// quantiles returns the quantile of each share: the least value that is at least as
// great as that share of the samples. It is NaN for a metric without histograms.
// There must be samples. h must be empty, and is empty afterwards.
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
		if len(values) == 0 {
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

// figures are the columns of a measure. Without samples all but the first are NULL.
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
	for i := range q { // rounding may leave the range of the samples
		q[i] = max(m.min, min(q[i], m.max))
	}
	return figures{m.samples, m.sum, m.min, q[0], q[1], m.max}
}

// avg is NaN without samples.
func (f *figures) avg() float64 { return f.sum / float64(f.samples) }

// plus adds samples and sum, and clears the rest.
func (f *figures) plus(x figures) { *f = figures{samples: f.samples + x.samples, sum: f.sum + x.sum} }

// stallShare is the share of the time that was stall, NaN without samples.
func (f *figures) stallShare() float64 { return f.sum / (float64(f.samples) * quality.StallSpan) }

// up has the figures of measuresUp, down those of measuresDown and stallMeasures.
type (
	up   [len(measuresUp)]figures
	down struct {
		of    [len(measuresDown)]figures
		stall [len(stallMeasures)]figures // samples and sum, ms
	}
)
