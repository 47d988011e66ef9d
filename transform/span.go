package transform

import (
	"math"
	"time"
)

// span is the start and the end of a room or session.
type span struct {
	start, end value[int64]
	finished   value[bool]
}

// check adds the problems of a span to v and returns its start and end. A span that is
// not finished has no end; a damaged end does not drop its row.
func (p *span) check(v *verdict, startName, endName, finishedName string) (start, end time.Time) {
	v.lost.need(startName, p.start.field)
	if p.finished.state == null {
		v.kept.need(finishedName, p.finished.field)
	} else {
		v.lost.need(finishedName, p.finished.field)
	}
	running := p.finished.state == null || p.finished.state == good && !p.finished.v
	switch {
	case p.end.state == wrong && !p.finished.v:
		v.kept.need(endName, p.end.field)
	case running:
		return moment(p.start.v), time.Time{}
	case p.end.state == good && p.end.v == 0:
		p.end = value[int64]{field: mismatch("a time", "0")}
	case p.end.state == good && p.end.v < p.start.v:
		p.end = value[int64]{field: field{wrong, "earlier than " + startName}}
	}
	if p.finished.v {
		v.lost.need(endName, p.end.field)
	}
	return moment(p.start.v), moment(p.end.v)
}

// seconds reads a time of at least lowest seconds.
func (s *scanner) seconds(lowest int64) value[int64] { return s.integer(lowest, math.MaxUint32) }

// moment converts unix seconds. 0 is the zero time.
func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
