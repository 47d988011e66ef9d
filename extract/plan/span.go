package plan

import (
	"math"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// span is unix seconds, both ends included.
type span struct{ from, to int64 }

// never is later than all times.
const never = math.MaxInt64

// seconds returns the whole unix seconds inside w that the time of a sample can express.
func seconds(w call.Window) span {
	from := w.Start.Unix()
	if w.Start.Nanosecond() > 0 {
		from++
	}
	return span{max(from, 0), min(w.End.Unix(), math.MaxUint32)}
}

// window returns s in the vendor's form.
func (s span) window() call.Window {
	return call.Window{Start: time.Unix(s.from, 0).UTC(), End: time.Unix(s.to, 0).UTC()}
}

// joinTo appends s to spans, which are in the order of time. If s overlaps the last of the
// spans from index begin on, it makes that one longer instead.
func joinTo(spans []span, begin int, s span) []span {
	if n := len(spans) - 1; n >= begin && s.from <= spans[n].to {
		spans[n].to = max(spans[n].to, s.to)
		return spans
	}
	return append(spans, s)
}
