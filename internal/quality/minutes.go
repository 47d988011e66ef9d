package quality

import (
	"cmp"
	"math"
	"slices"
)

// Minute is what was measured of one stream in one minute: what a user sends, and
// the user's device, or what a user receives from a peer.
type Minute struct {
	At uint32 // its first second, unix, UTC
	of [slots]Tally
}

// Tally is the samples of one metric in a minute.
type Tally struct {
	Samples  uint32
	Positive uint32 // of them, greater than 0
	Sum      int64  // in thousandths, each rounded: see Thousandths
}

// Thousandths is a value as it is added up. ClickHouse says the same with
// toInt64(floor(least(greatest(value, -1e12), 1e12) * 1000 + 0.5)).
func Thousandths(v float64) int64 {
	return int64(math.Floor(float64(max(-1e12, min(v, 1e12))*1000) + 0.5)) // the conversion keeps the two operations apart
}

const slots = 8

// Slots of a Minute. The first four are of both directions.
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

// The metrics of the slots, by the vendor's names.
var (
	sentMetrics     = [slots]string{"aBit", "aLoss", "bigvBit", "bigvLoss", "sysCpu", "rtt", "bigvCapFps", "bigvEncFps"}
	receivedMetrics = [slots]string{"aBit", "aLoss", "bigvBit", "bigvLoss", "aBlock", "bigvBlock", "bigvDecFps", "bigvRecFps"}
)

// Metrics are all metrics that minutes are made of, by the vendor's names.
func Metrics() []string {
	all := slices.Concat(sentMetrics[:], receivedMetrics[:])
	slices.Sort(all)
	return slices.Compact(all)
}

// Slot is where a metric of what is sent or received is added up, or -1.
func Slot(metric string, received bool) int {
	if received {
		return slices.Index(receivedMetrics[:], metric)
	}
	return slices.Index(sentMetrics[:], metric)
}

// Minutes are those of one stream, in order of time, none twice.
type Minutes []Minute

// Add adds samples of one metric, at times in unix seconds, in order.
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

// AddTally adds the samples of one metric in the minute that begins at a unix
// second.
func (m Minutes) AddTally(at uint32, slot int, t Tally) Minutes {
	from := 0
	if n := len(m) - 1; n > 0 && m[n].At <= at { // as it mostly is
		from = n
	}
	m, _ = m.plus(from, at, slot, t)
	return m
}

// plus adds a tally, and tells where its minute is. The minute is not before from.
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

// Merge adds up the minutes of one stream that come from several places, which
// stay as they are.
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

// enough is how many samples of a metric a minute must have to be judged by it: 10
// seconds, at one sample every 2. Shorter pieces are the beginnings and ends of
// stays, where every figure is odd.
const enough = 5

// none is a figure that there is not.
var none = float32(math.NaN())

func known(v float32) bool { return v == v }

// average is that of all samples; none of too few.
func (t *Tally) average() float32 { return t.over(t.Samples) }

// flowing is the average of the samples that are greater than 0: frames a second
// while there are frames.
func (t *Tally) flowing() float32 { return t.over(t.Positive) }

// over is the average of n of the samples, which have all of the sum; none of too few.
func (t *Tally) over(n uint32) float32 {
	if n < enough {
		return none
	}
	return float32(float64(t.Sum) / 1000 / float64(n))
}

// stallSpan is what a sample of stall covers, in ms: one comes every 2 s
// (https://cloud.tencent.com/document/product/647/44916).
const stallSpan = 2000

// stalled is the share of the time that was stall, in %.
func (t *Tally) stalled() float32 {
	if t.Samples < enough {
		return none
	}
	return float32(float64(t.Sum) / 1000 / (float64(t.Samples) * stallSpan) * 100)
}

// flow says whether sound or picture is on its way.
type flow uint8

const (
	unsaid flow = iota // no metric tells
	off                // muted, the camera is off, nobody subscribed
	on
)

// flowOf goes by the first of some metrics that has samples.
func flowOf(tallies ...*Tally) flow {
	for _, t := range tallies {
		switch {
		case t.Positive > 0:
			return on
		case t.Samples > 0:
			return off
		}
	}
	return unsaid
}

// flowOfAny is on if any of some metrics is greater than 0.
func flowOfAny(tallies ...*Tally) flow {
	f := unsaid
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

// while is a figure of a medium; none while that is off.
func (f flow) while(v float32) float32 {
	if f == off {
		return none
	}
	return v
}
