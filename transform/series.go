package transform

import (
	"math"
	"slices"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// seriesReader reads the value of "Data" into dst.
type seriesReader struct {
	d     *Decoder
	asked seconds
	keep  Keep
	dst   *call.Samples

	items   int
	empty   int
	null    []call.Series
	dropped int
	damage  tally
}

// reset drops everything read from the response so far.
func (r *seriesReader) reset(dst *Detail, base Mark) {
	dst.Cut(base)
	*r = seriesReader{d: r.d, asked: r.asked, keep: r.keep, dst: r.dst}
}

func (r *seriesReader) read() ListState {
	s := &r.d.scan
	state, _ := s.list()
	if state == ListPresent {
		rest := (len(s.buf) - s.pos) / usualPoint
		r.dst.Time = slices.Grow(r.dst.Time, rest)
		r.dst.Value = slices.Grow(r.dst.Value, rest)
	}
	for state == ListPresent && s.element() {
		r.items++
		r.series()
	}
	return state
}

// series reads one element of "Data".
func (r *seriesReader) series() {
	s := &r.d.scan
	base := len(r.dst.Time)
	if problem := s.object(); problem != "" {
		r.damage.add(Damage{What: "series", Problem: problem})
		return
	}
	run, content, p := r.fields(base)
	if s.err != nil {
		return
	}
	if p != "" {
		r.dst.Time, r.dst.Value = r.dst.Time[:base], r.dst.Value[:base]
		r.damage.add(Damage{What: "series", User: run.UserID, Key: run.Metric, Problem: string(p)})
		return
	}
	r.finish(run, content, base)
}

// fields reads the fields of a series, and its points to the end of dst.
func (r *seriesReader) fields(base int) (run call.Series, content ListState, p problems) {
	d, dst := r.d, r.dst
	s := &d.scan
	var user, peer, metric value[string]
	var list field
	d.nulls, d.bad = d.nulls[:0], tally{}
	for s.member() {
		switch string(s.key) {
		case "UserId":
			user.set(d.name())
		case "PeerId":
			peer.set(d.name())
		case "DataType":
			metric.set(d.name())
		case "Content":
			dst.Time, dst.Value = dst.Time[:base], dst.Value[:base]
			d.nulls, d.bad = d.nulls[:0], tally{}
			before := list
			content, list = s.list()
			list = once(before, list)
			if content == ListPresent {
				d.points(dst)
			}
		default:
			s.skip()
		}
	}
	p.need("UserId", user.field)
	p.allow("PeerId", peer.field)
	p.need("DataType", metric.field)
	p.allow("Content", list)
	return call.Series{UserID: user.v, PeerID: peer.v, Metric: metric.v}, content, p
}

// finish adds a series whose samples start at base.
func (r *seriesReader) finish(run call.Series, content ListState, base int) {
	d, dst := r.d, r.dst
	kept := allSeconds
	if r.keep != nil {
		kept.from, kept.to = r.keep(run.UserID)
	}
	both := r.asked.intersect(kept)
	inside := both.containsAll(dst.Time[base:]) && both.containsAll(d.nulls)
	if !inside {
		if n := d.trim(dst, base, r.asked); n > 0 {
			d.bad.add(Damage{Problem: "Time is outside the window of the request", Count: n})
		}
	}
	r.note(run, content, len(dst.Time)-base)
	if !inside {
		r.dropped += d.trim(dst, base, kept)
	}
	dst.Nulls += len(d.nulls)
	if run.Rows = len(dst.Time) - base; run.Rows > 0 {
		dst.Series = append(dst.Series, run)
	}
}

// note counts a null or empty series and adds the damage of its points. samples is the
// number of its samples before Keep.
func (r *seriesReader) note(run call.Series, content ListState, samples int) {
	d := r.d
	nulls := len(d.nulls)
	switch {
	case content == ListNull || samples == 0 && nulls > 0:
		if len(r.null) < mostNull {
			r.null = append(r.null, run)
		}
	case samples+nulls+d.bad.count == 0:
		r.empty++
	}
	if d.bad.count == 0 {
		return
	}
	key := run.Metric
	if run.PeerID != "" {
		key += " from " + run.PeerID
	}
	for i := range d.bad.list {
		x := &d.bad.list[i]
		x.What, x.User, x.Key = "samples", run.UserID, key
	}
	r.damage.merge(&d.bad)
}

// trim drops the samples of dst from base on, and the d.nulls, that are outside w. It
// returns their number.
func (d *Decoder) trim(dst *call.Samples, base int, w seconds) (dropped int) {
	times, values := dst.Time[base:], dst.Value[base:]
	n := 0
	for i, t := range times {
		if w.contains(t) {
			times[n], values[n] = t, values[i]
			n++
		}
	}
	before := len(times) + len(d.nulls)
	dst.Time, dst.Value = dst.Time[:base+n], dst.Value[:base+n]
	d.nulls = slices.DeleteFunc(d.nulls, func(t uint32) bool { return !w.contains(t) })
	return before - n - len(d.nulls)
}

// seconds is a range of unix seconds, both ends included; empty if from is after to.
type seconds struct{ from, to uint32 }

var allSeconds = seconds{0, math.MaxUint32}

// askedSlack is how far a sample may be outside the window asked for.
const askedSlack = time.Minute

// secondsAround returns the seconds of a window and askedSlack on both sides. A zero
// time leaves that side open.
func secondsAround(w call.Window) seconds {
	around := allSeconds
	clamp := func(t time.Time) uint32 { return uint32(min(max(t.Unix(), 0), math.MaxUint32)) }
	if !w.Start.IsZero() {
		around.from = clamp(w.Start.Add(-askedSlack))
	}
	if !w.End.IsZero() {
		around.to = clamp(w.End.Add(askedSlack))
	}
	return around
}

func (w seconds) contains(t uint32) bool { return w.from <= t && t <= w.to }

func (w seconds) intersect(other seconds) seconds {
	return seconds{max(w.from, other.from), min(w.to, other.to)}
}

func (w seconds) containsAll(times []uint32) bool {
	for _, t := range times {
		if !w.contains(t) {
			return false
		}
	}
	return true
}
