package transform

import (
	"slices"

	"github.com/callvault/callvault/internal/call"
)

// Detail is what a response with metric series holds.
type Detail struct {
	Sessions []call.Session
	Samples  call.Samples
}

// Reset empties d and keeps its memory for reuse.
func (d *Detail) Reset() {
	clear(d.Sessions)
	d.Sessions = d.Sessions[:0]
	d.Samples.Reset()
}

// DetailInfo is what a response with metric series tells beside its rows. Info
// is about "Data", the list of series; its Items counts all of them.
type DetailInfo struct {
	Info
	Users       ListState     // of "UserList"
	EmptySeries int           // series whose Content is []
	NullSeries  []call.Series // those whose Content is null or missing; Rows is 0
	Dropped     int           // points, with a value or without, that keep left out
}

// Room is how many samples a body can hold in its usual form: with room for so
// many, decoding it allocates none for them.
func Room(body []byte) int { return len(body)/usualPoint + 1 }

// Keep tells which seconds of a user's series to keep, both ends included. None
// are if from is after to.
type Keep func(userID string) (from, to uint32)

// Detail reads metric series (DescribeCallDetailInfo, DescribeCallDetail) with
// the users sent beside them and appends both to dst: series that have samples
// after keep, in the order received. A nil keep keeps all; sessions are not
// subject to it. On error dst is as it was.
func (d *Decoder) Detail(body []byte, keep Keep, dst *Detail) (DetailInfo, error) {
	s := &d.scan
	base := dst.Mark()
	var info DetailInfo
	id, err := d.decode("call detail", body, func() {
		dst.Cut(base)
		info = DetailInfo{}
	}, func(key []byte) bool {
		switch string(key) {
		case "Total":
			info.total(s)
		case "UserList":
			dst.Sessions, info.Users = d.sessions(dst.Sessions[:base.sessions])
		case "Data":
			dst.Cut(Mark{len(dst.Sessions), base.series, base.rows, base.nulls})
			info.data(d, keep, &dst.Samples)
		default:
			return false
		}
		return true
	})
	if err != nil {
		dst.Cut(base)
		return DetailInfo{}, err
	}
	info.RequestID = id
	return info, nil
}

// Mark is how much a Detail holds.
type Mark struct{ sessions, series, rows, nulls int }

// Mark is how much d holds now.
func (d *Detail) Mark() Mark {
	return Mark{len(d.Sessions), len(d.Samples.Series), len(d.Samples.Time), d.Samples.Nulls}
}

// Cut drops what was added since m.
func (d *Detail) Cut(m Mark) {
	clear(d.Sessions[m.sessions:])
	d.Sessions = d.Sessions[:m.sessions]
	clear(d.Samples.Series[m.series:])
	d.Samples.Series = d.Samples.Series[:m.series]
	d.Samples.Time = d.Samples.Time[:m.rows]
	d.Samples.Value = d.Samples.Value[:m.rows]
	d.Samples.Nulls = m.nulls
}

// data reads the value of "Data".
func (i *DetailInfo) data(d *Decoder, keep Keep, dst *call.Samples) {
	i.Items, i.EmptySeries, i.NullSeries, i.Dropped = 0, 0, nil, 0
	i.List = d.scan.list()
	if i.List == ListPresent {
		rest := (len(d.scan.buf) - d.scan.pos) / usualPoint
		dst.Time = slices.Grow(dst.Time, rest)
		dst.Value = slices.Grow(dst.Value, rest)
	}
	for i.List == ListPresent && d.scan.element() {
		i.Items++
		i.series(d, keep, dst)
	}
}

// series reads one element of "Data".
func (i *DetailInfo) series(d *Decoder, keep Keep, dst *call.Samples) {
	s := &d.scan
	base := len(dst.Time)
	var run call.Series
	var hasUser, hasMetric bool
	content, points := ListAbsent, 0
	d.nulls = d.nulls[:0]
	start := s.begin('{')
	for s.member() {
		switch string(s.key) {
		case "UserId":
			run.UserID, hasUser = d.name(), true
		case "PeerId":
			run.PeerID = d.name()
		case "DataType":
			run.Metric, hasMetric = d.name(), true
		case "Content":
			dst.Time, dst.Value, d.nulls = dst.Time[:base], dst.Value[:base], d.nulls[:0]
			content = s.list()
			if content == ListPresent {
				d.points(dst)
			}
			points = len(dst.Time) - base + len(d.nulls)
		default:
			s.skip()
		}
	}
	s.need(hasUser, start, "UserId")
	s.need(hasMetric, start, "DataType")
	if s.err != nil {
		return
	}
	switch {
	case content != ListPresent:
		i.NullSeries = append(i.NullSeries, run)
	case points == 0:
		i.EmptySeries++
	}
	if keep != nil {
		from, to := keep(run.UserID)
		d.trim(dst, base, from, to)
	}
	run.Rows = len(dst.Time) - base
	dst.Nulls += len(d.nulls)
	i.Dropped += points - run.Rows - len(d.nulls)
	if run.Rows > 0 {
		dst.Series = append(dst.Series, run)
	}
}

// trim drops what is before from or after to: samples of dst starting at base,
// and d.nulls.
func (d *Decoder) trim(dst *call.Samples, base int, from, to uint32) {
	times, values := dst.Time[base:], dst.Value[base:]
	outside := func(t uint32) bool { return t < from || to < t }
	n := slices.IndexFunc(times, outside)
	if n < 0 {
		n = len(times)
	}
	for i := n; i < len(times); i++ {
		if !outside(times[i]) {
			times[n], values[n] = times[i], values[i]
			n++
		}
	}
	dst.Time, dst.Value = dst.Time[:base+n], dst.Value[:base+n]
	d.nulls = slices.DeleteFunc(d.nulls, outside)
}
