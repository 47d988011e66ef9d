package quality

import (
	"cmp"
	"math"
	"slices"
)

// Minute is what was measured of one stream in one minute. A stream is what a user
// sends, with the user's device, or what a user receives from a peer.
type Minute struct {
	At uint32 // first second, unix, UTC
	of [slots]Tally
}

// Tally sums up the samples of one metric in a minute.
type Tally struct {
	Samples  uint32
	Positive uint32 // samples greater than 0
	Sum      int64  // of the Thousandths of each sample
}

// Thousandths rounds a value to thousandths. In ClickHouse it is
// toInt64(floor(least(greatest(value, -1e12), 1e12) * 1000 + 0.5)).
func Thousandths(v float64) int64 {
	return int64(math.Floor(float64(max(-1e12, min(v, 1e12))*1000) + 0.5)) // the conversion keeps the two operations apart
}

const slots = 8

// Slots of a Minute. Both directions have the first four.
const (
	audioBitrate = iota
	audioLoss
	videoBitrate
	videoLoss

	sysCPU // sent
	rtt
	captureFPS
	encodeFPS

	audioStall = sysCPU // received
	videoStall = rtt
	decodeFPS  = captureFPS
	receiveFPS = encodeFPS
)

// The vendor's names of the metrics of the slots.
var (
	sentMetrics     = [slots]string{"aBit", "aLoss", "bigvBit", "bigvLoss", "sysCpu", "rtt", "bigvCapFps", "bigvEncFps"}
	receivedMetrics = [slots]string{"aBit", "aLoss", "bigvBit", "bigvLoss", "aBlock", "bigvBlock", "bigvDecFps", "bigvRecFps"}
)

// Metrics lists the vendor's names of all metrics in minutes, sorted.
func Metrics() []string {
	all := slices.Concat(sentMetrics[:], receivedMetrics[:])
	slices.Sort(all)
	return slices.Compact(all)
}

// Slot returns the slot of an upstream or downstream metric, or -1.
func Slot(metric string, received bool) int {
	if received {
		return slices.Index(receivedMetrics[:], metric)
	}
	return slices.Index(sentMetrics[:], metric)
}

// Minutes are the minutes of one stream, in order of time, without duplicates.
type Minutes []Minute

// Add adds samples of one metric. times are unix seconds in ascending order.
func (m Minutes) Add(slot int, times []uint32, values []float64) Minutes {
	from := 0
	for len(times) > 0 {
		var t Tally
		at, n := times[0]-times[0]%60, 0
		for n < len(times) && times[n]-at < 60 {
			v := values[n]
			t.Sum += Thousandths(v)
			if v > 0 {
				t.Positive++
			}
			n++
		}
		t.Samples = uint32(n)
		m, from = m.plus(from, at, slot, t)
		times, values = times[n:], values[n:]
	}
	return m
}

// AddTally adds a tally of one metric to the minute that begins at the unix second at.
func (m Minutes) AddTally(at uint32, slot int, t Tally) Minutes {
	from := 0
	if n := len(m) - 1; n > 0 && m[n].At <= at { // the usual case
		from = n
	}
	m, _ = m.plus(from, at, slot, t)
	return m
}

// plus adds a tally and returns the index of its minute, which is from or later.
func (m Minutes) plus(from int, at uint32, slot int, t Tally) (Minutes, int) {
	for from < len(m) && m[from].At < at {
		from++
	}
	if from == len(m) || m[from].At != at {
		m = slices.Insert(m, from, Minute{At: at})
	}
	m[from].of[slot].add(t)
	return m, from
}

func (t *Tally) add(x Tally) {
	t.Samples += x.Samples
	t.Positive += x.Positive
	t.Sum += x.Sum
}

// Merge adds up several Minutes of one stream. It does not change parts.
func Merge(parts ...Minutes) Minutes {
	if len(parts) == 1 {
		return parts[0]
	}
	all := slices.Concat(parts...)
	slices.SortStableFunc(all, func(x, y Minute) int { return cmp.Compare(x.At, y.At) })
	merged := all[:0]
	for _, x := range all {
		if n := len(merged) - 1; n >= 0 && merged[n].At == x.At {
			for i := range x.of {
				merged[n].of[i].add(x.of[i])
			}
			continue
		}
		merged = append(merged, x)
	}
	return merged
}

// enough is the least number of samples of a metric to judge a minute by it: 10 s, with
// a sample every 2 s. Fewer come at the beginning and the end of a session, where all
// figures are odd.
const enough = 5

// none is a missing figure.
var none = float32(math.NaN())

func known(v float32) bool { return v == v }

// average returns the average of all samples; none if there are too few.
func (t *Tally) average() float32 { return t.over(t.Samples) }

// flowing returns the average of the samples greater than 0: frames a second while there
// are frames.
func (t *Tally) flowing() float32 { return t.over(t.Positive) }

// over returns the sum divided by n samples; none if n is too small.
func (t *Tally) over(n uint32) float32 {
	if n < enough {
		return none
	}
	return float32(float64(t.Sum) / 1000 / float64(n))
}

// StallSpan is the time that a sample of stall covers, in ms: there is one every 2 s
// (https://cloud.tencent.com/document/product/647/44916).
const StallSpan = 2000

// stalled returns the share of the time that was stall, in %.
func (t *Tally) stalled() float32 {
	if t.Samples < enough {
		return none
	}
	return float32(float64(t.Sum) / 1000 / (float64(t.Samples) * StallSpan) * 100)
}

// flow is whether sound or picture flows.
type flow uint8

const (
	unmeasured flow = iota // no metric has samples
	off                    // muted, camera off, or no subscription
	on
)

// flowOf decides by the first metric that has samples.
func flowOf(tallies ...*Tally) flow {
	for _, t := range tallies {
		switch {
		case t.Positive > 0:
			return on
		case t.Samples > 0:
			return off
		}
	}
	return unmeasured
}

// flowOfAny returns on if any metric has a sample greater than 0.
func flowOfAny(tallies ...*Tally) flow {
	f := unmeasured
	for _, t := range tallies {
		switch {
		case t.Positive > 0:
			return on
		case t.Samples > 0:
			f = off
		}
	}
	return f
}

// while returns a figure, none while the medium is off.
func (f flow) while(v float32) float32 {
	if f == off {
		return none
	}
	return v
}
