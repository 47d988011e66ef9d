package aggregate

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/quality"
)

// streamMetrics lists the metrics with a column in quality_streams_data, in the
// order of these columns. All others go into the column other. A plain metric has
// no histogram: nobody asks for the median of a volume, and histograms of noise
// would take a third of the table.
var streamMetrics = [...]streamMetric{
	{column: "app_cpu", metric: "appCpu"},
	{column: "sys_cpu", metric: "sysCpu"},
	{column: "rtt", metric: "rtt"},
	{column: "audio_bitrate", metric: "aBit"},
	{column: "audio_stall", metric: "aBlock"},
	{column: "audio_loss", metric: "aLoss"},
	{column: "audio_capture_energy", metric: "aCapEnergy", plain: true},
	{column: "audio_play_energy", metric: "aPlayEnergy", plain: true},
	{column: "video_bitrate", metric: "bigvBit"},
	{column: "video_stall", metric: "bigvBlock"},
	{column: "video_loss", metric: "bigvLoss"},
	{column: "video_capture_fps", metric: "bigvCapFps"},
	{column: "video_encode_fps", metric: "bigvEncFps"},
	{column: "video_decode_fps", metric: "bigvDecFps"},
	{column: "video_receive_fps", metric: "bigvRecFps"},
	{column: "video_width", metric: "bigvWidth"},
	{column: "video_height", metric: "bigvHeight"},
}

type streamMetric struct {
	column, metric string
	plain          bool
}

// metricColumn is the index of a metric in streamMetrics, or -1.
func metricColumn(metric string) int {
	return slices.IndexFunc(streamMetrics[:], func(m streamMetric) bool { return m.metric == metric })
}

// streamColumn is the index of a column in streamMetrics, or -1.
func streamColumn(column string) int {
	return slices.IndexFunc(streamMetrics[:], func(m streamMetric) bool { return m.column == column })
}

// metricSums is what a stream keeps of the samples of one metric. values and counts
// are a histogram: the rounded values, in order, and the number of samples of each.
// Histograms merge exactly, however they are grouped.
type metricSums struct {
	samples  uint32
	sum      float64 // added in the order of the samples
	min, max float64
	plain    bool // no histogram is kept
	values   []float32
	counts   []uint32
}

// Stream sums up what a user sends (peer "") or receives from a peer on one UTC day
// with one device, as far as one part knows. It becomes a row of quality_streams_data.
type Stream struct {
	streamKey
	first, last uint32 // seconds of the first and the last sample
	samples     uint64 // of all metrics
	of          [len(streamMetrics)]*metricSums
	other       []otherMetric
	minutes     quality.Minutes // for judging the call; not in the table
	eventCounts
}

type streamKey struct {
	user, peer string
	day        uint16 // since 1970
	client
}

// client is the device and SDK of a user.
type client struct{ device, version string }

type otherMetric struct {
	metric string
	metricSums
}

// eventCounts counts a user's events of a day. Only upstream streams have them.
type eventCounts struct {
	events          uint32
	networkChanges  uint32
	connectionsLost uint32
}

const secondsOfDay = 24 * 60 * 60

// DayOf returns the UTC day of t, counted from 1970. t must not be earlier.
func DayOf(t time.Time) uint16 { return uint16(t.Unix() / secondsOfDay) }

// StreamsOf sums up the samples and events of a part. h must be empty, and is empty
// afterwards.
func StreamsOf(r *call.Rows, h *Histogram) []Stream {
	if r.Samples == nil && len(r.Events) == 0 {
		return nil
	}
	s := summing{index: map[streamKey]int{}, sessions: r.SessionsOf}
	if r.Samples != nil {
		at := 0
		for _, x := range r.Samples.Series {
			s.series(h, &x, r.Samples.Time[at:at+x.Rows], r.Samples.Value[at:at+x.Rows])
			at += x.Rows
		}
	}
	for i := range r.Events {
		e := &r.Events[i]
		at := uint32(e.Time.Unix())
		with, _ := s.client(e.UserID, at)
		s.stream(streamKey{user: e.UserID, day: DayOf(e.Time), client: with}).count(e)
	}
	return s.streams
}

// plus returns the sum of both as a new stream without minutes.
func (st *Stream) plus(x *Stream) *Stream {
	all := *st
	all.minutes = nil
	if all.samples == 0 || x.samples > 0 && x.first < all.first {
		all.first = x.first
	}
	all.last = max(all.last, x.last)
	all.samples += x.samples
	for i := range all.of {
		all.of[i] = all.of[i].plus(x.of[i])
	}
	all.other = slices.Clone(st.other)
	for i := range x.other {
		s := all.sums(x.other[i].metric)
		*s = *s.plus(&x.other[i].metricSums)
	}
	all.events += x.events
	all.networkChanges += x.networkChanges
	all.connectionsLost += x.connectionsLost
	return &all
}

// plus returns the sum of both and changes neither. nil has no samples.
func (s *metricSums) plus(x *metricSums) *metricSums {
	switch {
	case x == nil || x.samples == 0:
		return s
	case s == nil || s.samples == 0:
		return x
	}
	all := metricSums{samples: s.samples + x.samples, sum: s.sum + x.sum, min: min(s.min, x.min), max: max(s.max, x.max), plain: s.plain}
	for i, j := 0, 0; i < len(s.values) || j < len(x.values); {
		switch {
		case j == len(x.values) || i < len(s.values) && s.values[i] < x.values[j]:
			all.values, all.counts = append(all.values, s.values[i]), append(all.counts, s.counts[i])
			i++
		case i == len(s.values) || x.values[j] < s.values[i]:
			all.values, all.counts = append(all.values, x.values[j]), append(all.counts, x.counts[j])
			j++
		default:
			all.values, all.counts = append(all.values, s.values[i]), append(all.counts, s.counts[i]+x.counts[j])
			i, j = i+1, j+1
		}
	}
	return &all
}

// summing builds streams.
type summing struct {
	streams  []Stream
	index    map[streamKey]int
	sessions map[string][]call.Session // by user
	clients  map[string][]clientFrom   // by user, in order of time; filled on demand
}

// clientFrom is a client and the unix second from which the user uses it.
type clientFrom struct {
	from uint32
	client
}

// client returns the client of a user at a unix second, and until when it applies.
// It is the client of the last session that had begun by then, or of the first
// session. So sessions that a later pass finds do not change it.
func (s *summing) client(user string, at uint32) (with client, until uint32) {
	all, ok := s.clients[user]
	if !ok {
		all = clientsOf(s.sessions[user])
		if s.clients == nil {
			s.clients = map[string][]clientFrom{}
		}
		s.clients[user] = all
	}
	until = call.Forever
	for i, c := range slices.Backward(all) {
		if c.from <= at || i == 0 {
			return c.client, until
		}
		until = c.from
	}
	return client{}, until
}

// clientsOf lists the clients of a user's sessions in order of time, without equal
// neighbours.
func clientsOf(sessions []call.Session) []clientFrom {
	var all []clientFrom
	for _, x := range sessions {
		all = append(all, clientFrom{uint32(x.JoinedAt.Unix()), client{x.DeviceType, x.SDKVersion}})
	}
	slices.SortFunc(all, func(x, y clientFrom) int {
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.device, y.device), cmp.Compare(x.version, y.version))
	})
	return slices.CompactFunc(all, func(x, y clientFrom) bool { return x.client == y.client })
}

func (s *summing) stream(k streamKey) *Stream {
	i, ok := s.index[k]
	if !ok {
		i = len(s.streams)
		s.index[k] = i
		s.streams = append(s.streams, Stream{streamKey: k})
	}
	return &s.streams[i]
}

// series adds a run of samples, day by day and client by client. They are in order
// of time.
func (s *summing) series(h *Histogram, x *call.Series, times []uint32, values []float64) {
	slot := quality.Slot(x.Metric, x.PeerID != "")
	for len(times) > 0 {
		day := times[0] / secondsOfDay
		with, until := s.client(x.UserID, times[0])
		n := sort.Search(len(times), func(i int) bool { return times[i]/secondsOfDay > day || times[i] >= until })
		st := s.stream(streamKey{x.UserID, x.PeerID, uint16(day), with})
		if st.last == 0 || times[0] < st.first {
			st.first = times[0]
		}
		st.last = max(st.last, times[n-1])
		st.samples += uint64(n)
		st.sums(x.Metric).add(h, values[:n])
		if slot >= 0 {
			st.minutes = st.minutes.Add(slot, times[:n], values[:n])
		}
		times, values = times[n:], values[n:]
	}
}

// sums returns the sums of a metric and adds them if they are new.
func (st *Stream) sums(metric string) *metricSums {
	if i := metricColumn(metric); i >= 0 {
		if st.of[i] == nil {
			st.of[i] = &metricSums{plain: streamMetrics[i].plain}
		}
		return st.of[i]
	}
	for i := range st.other {
		if st.other[i].metric == metric {
			return &st.other[i].metricSums
		}
	}
	st.other = append(st.other, otherMetric{metric, metricSums{plain: true}})
	return &st.other[len(st.other)-1].metricSums
}

func (s *metricSums) add(h *Histogram, values []float64) {
	sum, low, high := s.sum, values[0], values[0]
	if s.samples > 0 {
		low, high = s.min, s.max
	}
	for _, v := range values {
		sum += v
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
	}
	s.samples += uint32(len(values))
	s.sum, s.min, s.max = sum, low, high
	if s.plain {
		return
	}
	h.count(values)
	s.values, s.counts = h.take(s.values, s.counts)
}

// count counts an event.
func (st *Stream) count(e *call.Event) {
	st.events++
	switch e.EventID {
	case 1003: // another network
		st.networkChanges++
	case 5005, 32790, 36864, 32792: // server, signalling, media
		st.connectionsLost++
	case 7001: // left, by timeout
		if e.ParamOne == 1 {
			st.connectionsLost++
		}
	}
}
